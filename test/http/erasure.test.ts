// An account is deleted, and everything that is kept is searched for its owner: each table while the platform runs, each byte when it has stopped. What may
// stay, for how long and why, is in this list and in docs/accounts.md.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { systemCall } from '#kernel/call.ts'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import { type Person, signIn, signUp } from '../support/person.ts'
import { until } from '../support/until.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { type WholePlatform, wholePlatform } from '../support/whole-platform.ts'
import { CANARY, canaryApp, type CanaryPerson, formsOfValue, KEPT_ELSEWHERE, liveALife } from '../support/canary-person.ts'
import { formsOf } from '../support/visitor.ts'
import { entriesOf } from '../support/zip.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

interface Stay {
  readonly place: string
  /** Which values; all of them unless told. */
  readonly what?: readonly string[]
  readonly why: string
  /** After the end of the account. */
  readonly forMs: number
}

const STAYS: readonly Stay[] = [
  { place: 'ninefold_events', why: 'whoever follows events may have lost the connection', forMs: 15 * MINUTE },
  {
    place: 'auth_revocations',
    what: ['accountId'],
    why: 'access tokens of the account must be refused until the last has expired',
    forMs: 15 * MINUTE,
  },
  { place: 'mailbox', why: 'mails that were sent in development can be read there; in production there is none', forMs: DAY },
  {
    place: 'jobs',
    what: ['accountId'],
    why: 'that something happened to the account, by its id, where nobody takes the webhook: it is tried for a day, and an operator can send it again for 30 more',
    forMs: 31 * DAY,
  },
  {
    place: 'log: requests',
    what: ['accountId'],
    why: 'which account made a request, by its id, for whoever looks into an attack, which must not be over with the account of whoever made it',
    forMs: 30 * DAY,
  },
  { place: 'auth_security_events', what: ['organisation'], why: 'an organisation that has ended is told of by its name', forMs: 90 * DAY },
]

/** Where something is kept of a person, and what of the download tells it. */
const SHOWN: Readonly<Record<string, string>> = {
  accounts: 'account.json: account',
  auth_sessions: 'account.json: sessions',
  auth_grants: 'account.json: apps',
  auth_consents: 'account.json: apps',
  auth_members: 'account.json: organisations',
  auth_organisations: 'account.json: organisations',
  auth_organisation_invitations: 'account.json: organisationInvitations',
  auth_passkeys: 'account.json: passkeys',
  auth_totp: 'account.json: authenticatorApp',
  auth_recovery_codes: 'account.json: recoveryCodes',
  auth_identities: 'account.json: linkedIdentities',
  auth_address_undos: 'account.json: earlierAddresses',
  auth_security_events: 'security-events.json',
  resource_photos: 'objects/photos.json',
  resource_notes: 'objects/notes.json',
  shared_objects: 'shared-by-me.json',
  transfer_imports: 'imports.json',
  files: 'files.json',
}

/** And what is not in it, for the reasons of docs/accounts.md. */
const NOT_SHOWN: Readonly<Record<string, string>> = {
  auth_address_changes:
    'an address that waits to be confirmed, for 15 minutes: who has stolen the account would read it, and a list with a gap would tell which addresses have accounts',
  auth_password_resets: 'that a code or a link is on its way to a mailbox, for minutes: it is good for the account',
  auth_email_sign_ins: 'that a code or a link to sign in with is on its way, for minutes',
  auth_revocations: 'that tokens have ended, for 15 minutes',
  auth_invitations: 'a hash of the address that an operator has let sign up; the mail about it has told',
  jobs: 'copies of what is in the download, on their way to webhooks and mailboxes',
  mailbox: 'the mails themselves, a day long and in development alone',
  'log: requests':
    'which account made a request: each process has a log of its own, which keeps what it has time for, so nobody could be promised the whole of it; operators give what there is (`?accountId=`)',
}

const call = systemCall('test')
let club: Upstream
let receiver: Server
let platform: WholePlatform
let friend: Person
let person: CanaryPerson
let values: Readonly<Record<string, string>> = {}
let endedAt = 0

before(async () => {
  club = await startUpstream()
  // Whoever wants no webhooks leaves them in the list of failures at once.
  receiver = createServer((_request, response) => void response.writeHead(410).end()).listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  const { port } = receiver.address() as AddressInfo
  platform = await wholePlatform(canaryApp({ issuer: club.issuer, receiver: `http://localhost:${port}/` }), {
    environment: { NINEFOLD_AUTH_UPSTREAM_SECRETS: JSON.stringify({ club: club.secret }) },
  })
  await platform.start()
  friend = await signUp(platform, 'friend@example.org')
  await signIn(platform, friend)
  person = await liveALife(platform, { friend, club })
  for (const email of [CANARY.firstAddress, CANARY.address]) await platform.running().auth.invite(call, email)
  values = { ...CANARY, accountId: person.accountId, totpKey: person.totpKey }
})
after(async () => {
  await platform?.stop()
  await platform?.remove()
  await club?.stop()
  receiver?.close()
})

interface Found {
  readonly place: string
  readonly what: string
  readonly how: string
}

function search(places: ReadonlyMap<string, Buffer>): Found[] {
  const forms = Object.entries(values).flatMap(([what, value]) => [...formsOfValue(value)].map(([how, bytes]) => ({ what, how, bytes })))
  return [...places].flatMap(([place, kept]) =>
    forms.filter(({ bytes }) => kept.includes(bytes)).map(({ what, how }) => ({ place, what, how })),
  )
}

const inRows = async (): Promise<Found[]> =>
  search(new Map([...(await platform.rows())].map(([place, text]) => [place, Buffer.from(text, 'latin1')])))

/** Beside what may still be there. */
function excess(found: readonly Found[], age: number): Found[] {
  const may = ({ place, what }: Found): boolean =>
    STAYS.some((stay) => stay.place === place && age < stay.forMs && (stay.what === undefined || stay.what.includes(what)))
  return found.filter((each) => !may(each))
}

/** Time goes on in steps: what was made ready by one job is done by the next. */
async function passTo(age: number): Promise<void> {
  const step = Math.max(HOUR, (endedAt + age - platform.now()) / 10)
  while (platform.now() < endedAt + age) platform.advance(Math.min(step, endedAt + age - platform.now()))
  let left: Found[] = []
  await until(`only what may stay for longer than ${age} ms`, async () => {
    platform.advance(MINUTE)
    left = excess(await inRows(), age)
    return left.length === 0
  }).catch((error: unknown) => assert.deepEqual(summary(left), [], String(error)))
}

/** All that was deleted before is older than the last run of the jobs that write the files of SQLite anew. */
async function scrubbed(): Promise<void> {
  const inSqlite = platform.running().database.capabilities.engine === 'sqlite'
  const names = [...(inSqlite ? ['database.scrub'] : []), 'monitoring.scrub']
  for (const name of names) {
    const first = Math.floor(platform.now() / DAY) + 1
    platform.advance(DAY)
    // A run that has begun before the clock was moved takes the place of the next.
    const days = setInterval(() => platform.advance(DAY), 3000)
    const isRun = (row: string): boolean => Number(new RegExp(`"tick-${name}-(\\d+)"`).exec(row)?.[1] ?? 0) >= first
    await until(`${name} to be done`, async () => (await jobRows()).some((row) => isRun(row) && row.includes('"state":"done"'))).finally(
      () => clearInterval(days),
    )
  }
}

/** Each database writes JSON in its own way. */
const jobRows = async (): Promise<string[]> =>
  ((await platform.rows()).get('jobs') ?? '').split(/\n|(?<=\}),(?=\{)/).map((row) => row.replaceAll(/[\\ ]/g, ''))

const summary = (found: readonly Found[]): string[] => [...new Set(found.map(({ place, what }) => `${place}: ${what}`))].toSorted()

test('a person leaves traces in many places, and this test can see each of them', async () => {
  const found = [...(await inRows()), ...search(await platform.stored())]
  const seen = new Set(found.map(({ what }) => what))
  // The key of the app is sealed; nothing but its owner has ever seen it in clear.
  assert.deepEqual(
    Object.keys(values).filter((what) => !seen.has(what)),
    ['totpKey'],
  )
  assert.ok(found.some(({ place, how }) => place === 'auth_invitations' && how === 'sha256 base64url'))
  assert.ok(new Set(found.map(({ place }) => place)).size > 20, summary(found).join('\n'))
})

async function download(): Promise<Map<string, string>> {
  const { visitor } = person
  const page = await visitor.visit(`${platform.origin('accounts')}/account`)
  const form = formsOf(page.body).find(({ action }) => action.endsWith('/account/data')) ?? assert.fail('no form')
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    origin: page.url.origin,
    'sec-fetch-site': 'same-origin',
    'sec-fetch-mode': 'navigate',
  }
  const body = new URLSearchParams(form.hidden).toString()
  const { status, bytes } = await visitor.request(new URL(form.action, page.url), { method: 'POST', headers, body })
  assert.equal(status, 200)
  return new Map([...entriesOf(bytes)].map(([path, content]) => [path, content.toString('utf8')]))
}

test('all of it is in the download of their data, or this list says why it is not', async () => {
  const entries = await download()
  const text = [...entries.values()].join('\n')
  const told = { ...CANARY, accountId: person.accountId, elsewhere: KEPT_ELSEWHERE }
  const missing = Object.entries(told).filter(([, value]) => !text.includes(value))
  assert.deepEqual(missing, [['wantedAddress', CANARY.wantedAddress]], 'NOT_SHOWN says why of this one')
  // What a database keeps for itself (events, the words of the search) it has from the others.
  const places = [...new Set((await inRows()).map(({ place }) => place))].filter((place) => !place.startsWith('ninefold_'))
  assert.deepEqual(
    places.filter((place) => SHOWN[place] === undefined && NOT_SHOWN[place] === undefined),
    [],
    'each place is in one of the lists above',
  )
  const { parts } = JSON.parse(entries.get('index.json') ?? '{}') as { parts: { path: string }[] }
  for (const { path } of parts)
    assert.ok(
      [...entries.keys()].some((each) => each.startsWith(path)),
      path,
    )
  const account = JSON.parse(entries.get('account.json') ?? '{}') as Record<string, unknown>
  const isTold = (where: string): boolean => {
    const [path = '', member] = where.split(': ')
    const value: unknown = member === undefined ? JSON.parse(entries.get(path) ?? '[]') : account[member]
    return Array.isArray(value) ? value.length > 0 : typeof value === 'object' && value !== null
  }
  assert.deepEqual(
    Object.values(SHOWN).filter((where) => !isTold(where)),
    [],
    'nothing of these is empty',
  )
})

test('and nothing in it is of anybody else', async () => {
  const entries = await download()
  const json = (path: string): unknown => JSON.parse(entries.get(path) ?? 'null')
  const text = [...entries.values()].join('\n')
  for (const others of ['friend@example.org', 'of a friend']) assert.ok(!text.includes(others), others)
  const [given] = json('shared-by-me.json') as Record<string, unknown>[]
  assert.deepEqual([given?.['resource'], given?.['accountId'], given?.['may']], ['photos', 'a-friend', 'read'])
  const [taken] = json('shared-with-me.json') as Record<string, unknown>[]
  assert.deepEqual(Object.keys(taken ?? {}).toSorted(), ['createdAt', 'may', 'objectId', 'resource'])
  const [imported] = json('imports.json') as { path: string; state: string }[]
  assert.equal(imported?.state, 'done')
  assert.match(entries.get(imported?.path ?? '') ?? '', /canary-import-rejected-4711/)
  const { organisationInvitations: invitations, passkeys } = json('account.json') as Record<string, Record<string, unknown>[]>
  assert.equal(passkeys?.[0]?.['backedUp'], false)
  const { sent, waiting } = invitations as unknown as Record<string, Record<string, unknown>[]>
  assert.deepEqual(
    sent?.map(({ organisationName, email }) => [organisationName, email]),
    [[CANARY.organisation, 'nobody-yet@example.org']],
  )
  // The one to an address of before is for whoever has that mailbox now.
  assert.deepEqual(waiting, [])
  const kept = [...(await platform.rows())].filter(([place]) => place === 'auth_organisation_invitations')
  for (const [, token] of String(kept).matchAll(/"token": ?"([^"]+)"/g)) assert.ok(token !== undefined && !text.includes(token))
})

test('after the days of grace the account goes with all that is kept of its owner', async () => {
  const page = await person.visitor.visit(`${platform.origin('accounts')}/account`)
  assert.match((await person.visitor.press(page, /\/account\/delete$/, { sure: 'yes' })).url.pathname, /goodbye/)
  // Not before a change of address can no longer be taken back, which is longer than the days of grace here.
  platform.advance(7 * DAY)
  const accounts = platform.running().database.collection(accountsCollection)
  await until('the end', async () => {
    platform.advance(MINUTE)
    return (await accounts.get(call, person.accountId)) === undefined
  })
  endedAt = platform.now()
  await until('the webhooks to be given up', async () => {
    const webhooks = (await jobRows()).filter((row) => row.includes('webhook.deliver'))
    // The last of them is made from the event of the end, some time after it.
    const isMade = webhooks.some((row) => row.includes('"type":"account.deleted"') && row.includes(person.accountId))
    return isMade && !webhooks.some((row) => /"state":"(?:waiting|running)"/.test(row))
  })
  await passTo(20 * MINUTE)
  await passTo(25 * HOUR)
})

test('what has gone is in no byte of the files either', async () => {
  await scrubbed()
  await platform.stop()
  const rows = new Set((await inRows()).map(({ what }) => what))
  const bytes = search(await platform.stored()).filter(({ what }) => !rows.has(what))
  assert.deepEqual(summary(bytes), [])
  await platform.start()
})

test('and what was kept for longer has gone when its time is over', async () => {
  await passTo(32 * DAY)
  await passTo(92 * DAY)
  assert.deepEqual(summary(await inRows()), [])
  await scrubbed()
  await platform.stop()
  assert.deepEqual(summary(search(await platform.stored())), [])
})

test('docs/accounts.md says of each what stays, why, and for how long, and what is not in the download', async () => {
  const page = await readFile(new URL('../../docs/accounts.md', import.meta.url), 'utf8')
  const words = (ms: number): string => (ms < HOUR ? `${ms / MINUTE} minutes` : ms === DAY ? 'a day' : `${ms / DAY} days`)
  const said = [...page.matchAll(/^\| `([^`|]+)` \| ([^|]+) \| (\d+ \w+|a day) \|$/gm)].map(([row]) => row)
  assert.deepEqual(
    said,
    STAYS.map(({ place, why, forMs }) => `| \`${place}\` | ${why} | ${words(forMs)} |`),
  )
  const [, unsaid = ''] = page.split('### What is not in it, and why')
  assert.deepEqual(
    [...unsaid.matchAll(/^\| `([^`|]+)` \| ([^|]+) \|$/gm)].map(([row]) => row),
    Object.entries(NOT_SHOWN).map(([place, why]) => `| \`${place}\` | ${why} |`),
  )
})

test('what the platform says of itself names nobody', () => {
  const said = search(new Map(platform.logs.map((line, index) => [String(index), Buffer.from(line)])))
  assert.deepEqual([...new Set(said.map(({ what }) => what))], ['accountId'])
})
