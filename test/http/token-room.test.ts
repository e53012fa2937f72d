// What an access token says must have room in the cookie that it travels in. What has none costs nobody the session, and looks like no theft.
import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { systemCall } from '#kernel/call.ts'
import type { AppClaims } from '../../src/auth/hooks/contract.ts'
import { type Person, session, signIn, signUp } from '../support/person.ts'
import { until } from '../support/until.ts'
import type { Page } from '../support/visitor.ts'
import { type WholePlatform, wholePlatform } from '../support/whole-platform.ts'

const call = systemCall('token-room-test')
const ACCESS = '__Host-Http-access'
/** RFC 6265 section 6.1. */
const MAX_COOKIE = 4096
/** As many of so many letters as a list in JSON of so many bytes can have, quotes and commas among them. */
const wordsOf = (bytes: number, each: number, letter: string): string[] =>
  Array.from({ length: Math.floor((bytes - 1) / (each + 3)) }, (_, index) => `${letter}${index}`.padEnd(each, '-'))
const ROLES = wordsOf(400, 17, 'r')
const GROUPS = wordsOf(400, 17, 'g')
const IN_ORGANISATION = wordsOf(400, 18, 'o')

let platform: WholePlatform
let claims: AppClaims | undefined

before(async () => {
  platform = await wholePlatform(() => ({
    name: 'Aviary',
    scopes: {},
    resources: [],
    frontends: [{ name: 'diary', title: 'Aviary', mode: 'cookie', scopes: [], folder: import.meta.dirname }],
    auth: {
      roles: Object.fromEntries([...ROLES, ...IN_ORGANISATION].map((name) => [name, { permissions: [] }])),
      organisations: { roles: IN_ORGANISATION },
      hooks: { tokenClaims: () => (claims === undefined ? undefined : { accessToken: claims }) },
    },
  }))
  await platform.start()
})
after(async () => {
  await platform?.stop()
  await platform?.remove()
})
afterEach(() => {
  claims = undefined
})

const linesWith = (word: string): Record<string, unknown>[] =>
  platform.logs.filter((line) => line.includes(word)).map((line) => JSON.parse(line) as Record<string, unknown>)
const isIn = async ({ visitor }: Person): Promise<boolean> => (await session(platform, visitor)).signedIn

/** As the SDK asks. */
async function refresh({ visitor }: Person): Promise<Page> {
  const { csrfToken } = await session(platform, visitor)
  const headers = { 'x-csrf-token': csrfToken, origin: platform.origin('diary'), 'sec-fetch-site': 'same-origin' }
  return visitor.request(new URL(`${platform.origin('diary')}/session/refresh`), { method: 'POST', headers })
}

/** Accounts knows who it is, and asks nothing. */
const signInAgain = ({ visitor }: Person): Promise<Page> => visitor.visit(`${platform.origin('diary')}/session/sign-in?return_to=/`)

/** The gateway asks anew what was revoked meanwhile. */
async function later({ visitor }: Person, ms: number): Promise<void> {
  platform.advance(ms)
  const url = new URL(`${platform.origin('diary')}/session`)
  await until('sessions that can be checked', async () => {
    const { status } = await visitor.request(url, { headers: { 'sec-fetch-site': 'same-origin' } })
    return status === 200 ? true : undefined
  })
}

/** With its name and attributes. */
const cookieLine = (page: Page): string =>
  [page.headers['set-cookie'] ?? []].flat().find((line) => line.startsWith(`${ACCESS}=`)) ?? assert.fail('no access cookie')

async function giveAll(email: string): Promise<void> {
  const { auth } = platform.running()
  await auth.changeMembership(call, { email, addRoles: ROLES, addGroups: GROUPS })
  const made = (await auth.organisations.create(call, { name: 'Acme', owner: 'owner@example.org' })) ?? assert.fail()
  await auth.organisations.setMember(call, { organisationId: made.id, email, roles: IN_ORGANISATION })
}

/** Of umlauts and an emoji, which are more bytes than characters. */
const claimsOf = (bytes: number): AppClaims => {
  const shortest = { text: '\u00e4\u00f6\u00fc\u{1f986}' }
  return { text: shortest.text + 'x'.repeat(bytes - Buffer.byteLength(JSON.stringify(shortest))) }
}

test('requirement 57: all roles, groups and roles in an organisation that one can have travel in the cookie, and the hook fills the rest to the last byte', async () => {
  await signUp(platform, 'owner@example.org')
  const person = await signUp(platform, 'ada@example.org')
  await giveAll(person.email)
  await signIn(platform, person)
  assert.equal(await isIn(person), true)
  assert.equal((await refresh(person)).status, 200)
  // What is over is in the log, and so is how much there is room for.
  claims = claimsOf(1024)
  assert.equal((await refresh(person)).status, 503)
  const [line = assert.fail('nothing in the log')] = linesWith('auth.hook_failed')
  assert.equal(line['hook'], 'tokenClaims')
  const told = Object(line['claims'])
  assert.deepEqual(told.app, 1024)
  assert.ok(told.roles + told.groups > 760 && told.organization > 400, JSON.stringify(told))
  assert.match(String(line['msg']), /let the hook tokenClaims answer with less/)
  const most = 1024 - (Number(line['size']) - Number(line['limit']))
  assert.ok(most > 100, `room for ${most} bytes of the hook`)
  claims = claimsOf(most)
  const full = await refresh(person)
  assert.equal(full.status, 200, full.body)
  const length = cookieLine(full).length
  assert.ok(length <= MAX_COOKIE && length > MAX_COOKIE - 80, `a line of ${length} characters`)
  const again = await signInAgain(person)
  assert.equal(again.url.pathname, '/', again.body)
  claims = claimsOf(most + 1)
  assert.equal((await refresh(person)).status, 503)
})

test('a token that has no room uses nothing up: the same session goes on when the hook is mended, and nobody is told of a theft', async () => {
  const person = await signUp(platform, 'bob@example.org')
  claims = claimsOf(1024)
  await signIn(platform, person)
  assert.equal(await isIn(person), true, 'the hook alone may say so much')
  await platform.running().auth.changeMembership(call, { email: person.email, addRoles: ROLES, addGroups: GROUPS })
  for (const again of ['once', 'and again']) {
    const { status, headers, body } = await refresh(person)
    assert.deepEqual([status, headers['retry-after'], JSON.parse(body).code], [503, '1', 'http.unavailable'], again)
    assert.equal(headers['set-cookie'], undefined, 'no cookie is taken away')
    // Longer than a used token would be forgiven.
    await later(person, 60_000)
  }
  assert.ok(
    linesWith('auth gave no tokens').some(({ err }) => /it would say \d+ bytes, and there is room for \d+/.test(JSON.stringify(err))),
  )
  const refused = await signInAgain(person)
  assert.deepEqual([refused.status, refused.url.pathname], [503, '/session/callback'])
  assert.match(refused.body, /Try again/)
  claims = claimsOf(300)
  const mended = await refresh(person)
  assert.equal(mended.status, 200, mended.body)
  assert.equal(await isIn(person), true)
  assert.deepEqual(linesWith('refresh.reuse'), [])
  const mails = (await platform.mails(person.email)).map(({ text }) => text)
  assert.equal(mails.length, 1, `more than the one of the sign-up:\n${mails.join('\n---\n')}`)
})
