// The second step as people meet it: set up on the account page, asked for after the password, and set up on the way in where a role asks for it. The app has
// a template of its own, so that all of this is in its frame.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { generate } from 'otplib'
import { KINDS_V1 } from '../fixtures/template-v1.ts'
import { codesOn } from '../support/account-acts.ts'
import { ninefold } from '../support/command.ts'
import { PASSWORD, type Person, session, signIn, signUp } from '../support/person.ts'
import { type PlatformProcess, startPlatform } from '../support/platform.ts'
import { scenarioEnvironment } from '../support/scenario-database.ts'
import { authorizationUrl } from '../support/third-party.ts'
import { type Page, Visitor } from '../support/visitor.ts'

const CONFIG = 'test/fixtures/roles/ninefold.config.ts'

let platform: PlatformProcess

before(async () => {
  platform = await startPlatform({ config: CONFIG, environment: { NINEFOLD_GATEWAY_RATE_LIMIT_FACTOR: '1000' } })
})
after(() => platform.stop({ remove: true }))

const keyOn = (page: Page): string => (/class="key">([A-Z2-7 ]+)</.exec(page.body)?.[1] ?? '').replaceAll(' ', '')

/** What the app shows in some steps from now. */
const shown = (secret: string, steps = 0): Promise<string> => generate({ secret, epoch: Math.floor(Date.now() / 1000) + steps * 30 })

async function personWithApp(name: string): Promise<{ person: Person; key: string; code: string; codes: string[] }> {
  const person = await signUp(platform, `${name}@example.org`)
  await signIn(platform, person)
  const page = await person.visitor.visit(`${platform.origin('accounts')}/account/second-step`)
  const key = keyOn(page)
  assert.match(page.body, /<svg class="qr"/)
  const wrong = await person.visitor.submit(page, { code: '000000' })
  assert.equal(wrong.status, 422)
  assert.equal(keyOn(wrong), key, 'the key that was scanned stays')
  const code = await shown(key)
  const done = await person.visitor.submit(wrong, { code })
  assert.equal(done.status, 200, done.body)
  assert.equal(done.headers['cache-control'], 'no-store')
  return { person, key, code, codes: codesOn(done) }
}

/** The same person in another browser. */
const elsewhere = ({ email }: Person): Person => ({ email, visitor: new Visitor(platform.port) })

test('after the password comes the code, and nobody is told of it before', async () => {
  const { person, key, code, codes } = await personWithApp('app')
  assert.equal(codes.length, 10)
  const other = elsewhere(person)
  const wrong = await signIn(platform, other, 'not the password at all')
  assert.equal(wrong.status, 422)
  assert.doesNotMatch(wrong.body, /one-time-code|recovery/i)
  const asked = await signIn(platform, other)
  assert.match(asked.body, /autocomplete="one-time-code"/)
  assert.equal((await session(platform, other.visitor)).signedIn, false)
  const used = await other.visitor.submit(asked, { way: 'totp', code })
  assert.equal(used.status, 422, 'the code that turned it on was used')
  const home = await other.visitor.submit(used, { way: 'totp', code: await shown(key, 1) })
  assert.equal(home.url.host, new URL(platform.origin('diary')).host, home.body)
  assert.equal((await session(platform, other.visitor)).signedIn, true)
})

test('a recovery code takes the place of the app, once', async () => {
  const { person, codes } = await personWithApp('codes')
  const [code = ''] = codes
  const first = elsewhere(person)
  await first.visitor.submit(await signIn(platform, first), { way: 'recovery', recovery: code })
  assert.equal((await session(platform, first.visitor)).signedIn, true)
  const second = elsewhere(person)
  const refused = await second.visitor.submit(await signIn(platform, second), { way: 'recovery', recovery: code })
  assert.equal(refused.status, 422)
  assert.equal((await session(platform, second.visitor)).signedIn, false)
})

/** By an operator. */
async function makeAdmin({ email }: Person): Promise<void> {
  const words = ['account', email, '--add-role', 'admin', '--data-dir', platform.dataDir, '--port', String(platform.port)]
  const given = await ninefold([...words, '--log-level', 'silent'], { config: CONFIG, environment: scenarioEnvironment(platform.dataDir) })
  assert.equal(given.code, 0, given.err)
}

test('a role that must have a second step sets it up when its owner next signs in, and not before the password', async () => {
  const person = await signUp(platform, 'admin@example.org')
  await makeAdmin(person)

  const setUp = await signIn(platform, person)
  assert.match(setUp.body, /more than one proof/)
  assert.equal((await session(platform, person.visitor)).signedIn, false)
  const key = keyOn(setUp)
  const shownCodes = await person.visitor.submit(setUp, { code: await shown(key) })
  assert.equal(codesOn(shownCodes).length, 10, shownCodes.body)
  assert.equal((await session(platform, person.visitor)).signedIn, false, 'the codes come first')
  const home = await person.visitor.submit(shownCodes, {})
  assert.equal(home.url.host, new URL(platform.origin('diary')).host, home.body)
  assert.equal((await session(platform, person.visitor)).signedIn, true)

  const other = elsewhere(person)
  const asked = await signIn(platform, other)
  assert.match(asked.body, /autocomplete="one-time-code"/)
  assert.doesNotMatch(asked.body, /class="key"/, 'nobody sets up another one with the password alone')
})

test('a role that comes while somebody is signed in with a password ends that session when it is renewed, and the way back asks for the second step', async () => {
  const person = await signUp(platform, 'promoted@example.org')
  await signIn(platform, person)
  const { visitor } = person
  const { signedIn, csrfToken } = await session(platform, visitor)
  assert.equal(signedIn, true)
  const shared = elsewhere(person)
  await signIn(platform, shared)
  const page = await shared.visitor.visit(`${platform.origin('accounts')}/account`)
  await makeAdmin(person)
  const headers = { 'sec-fetch-site': 'same-origin', origin: platform.origin('diary'), 'x-csrf-token': csrfToken }
  const renewed = await visitor.request(new URL(`${platform.origin('diary')}/session/refresh`), { method: 'POST', headers })
  assert.equal(renewed.status, 401, renewed.body)
  assert.equal((await session(platform, visitor)).signedIn, false, 'its cookies are gone')
  // Signed in at the accounts origin, with too little for its pages as well.
  const account = await visitor.visit(`${platform.origin('accounts')}/account`)
  assert.match(account.url.pathname, /^\/(?:authorize|interaction\/)/)
  assert.doesNotMatch(account.body, /action="\/account\//)
  // Signing out proves nothing, and somebody may be at a computer of others.
  const csrf = /name="csrf_token" value="([^"]+)"/.exec(page.body)?.[1] ?? assert.fail(page.body)
  const left = await shared.visitor.request(new URL(`${platform.origin('accounts')}/account/sign-out`), {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: platform.origin('accounts') },
    body: new URLSearchParams({ csrf_token: csrf }).toString(),
  })
  assert.deepEqual([left.status, left.headers['location']], [303, '/signed-out'])
  const setUp = await signIn(platform, person)
  assert.match(setUp.body, /more than one proof/)
  const key = keyOn(setUp)
  const home = await visitor.submit(await visitor.submit(setUp, { code: await shown(key) }), {})
  assert.equal(home.url.host, new URL(platform.origin('diary')).host, home.body)
  assert.equal((await session(platform, visitor)).signedIn, true)
  assert.ok(!(await platform.mails(person.email)).some(({ text }) => /a credential came again/i.test(text)), 'no alarm')
})

test('each page stands whole in the template of the app, which is told what each is about', async () => {
  const { person, key } = await personWithApp('templated')
  const { visitor } = elsewhere(person)
  const kinds = new Set<string>()
  const inFrame = ({ status, headers, body, url }: Page, kind: string, { layout = 'stage', code = 200 } = {}): string => {
    const frame = /<div data-template="1" data-page="([\w-]+)" data-layout="(\w+)" lang="(\w+)" title="Roles: ([^"]+)">/.exec(body)
    const [, page, ...rest] = frame ?? assert.fail(`${url.href} is not in the template:\n${body}`)
    const [, title = ''] = /<title>(.*) - Roles<\/title>/.exec(body) ?? []
    assert.deepEqual([page, ...rest, status], [kind, layout, 'en', title, code], url.href)
    assert.ok(body.includes('<html lang="en">') && body.includes('<a class="skip" href="#content">') && body.includes('id="content"'))
    assert.ok(body.includes(`<a rel="home" href="${platform.origin('diary')}/">Roles</a>`), 'where home is')
    assert.match(body, /<header><p class="brand">/)
    const nonce = /'nonce-([\w-]+)'/.exec(String(headers['content-security-policy']))?.[1]
    assert.match(body, new RegExp(`<link rel="stylesheet" href="[^"]+" nonce="${nonce}">`))
    kinds.add(kind)
    return body
  }
  const shop = `Print Shop printshop.localhost:${platform.port + 1}`
  const asked = await visitor.visit(authorizationUrl(platform, 'v'.repeat(43), { scope: 'openid notes:read' }))
  const signingIn = inFrame(asked, 'sign-in')
  assert.ok(signingIn.includes(`data-first-party="false"><h1>Sign in</h1><p>${shop}</p>`), signingIn)
  assert.deepEqual(
    [...signingIn.matchAll(/data-method="(\w+)"><form /g)].map(([, id]) => id),
    ['password', 'passkey'],
  )
  assert.match(signingIn, /<nav class="languages"/)
  const refused = await visitor.submit(asked, { email: person.email, password: 'not the password at all' })
  assert.match(inFrame(refused, 'sign-in', { code: 422 }), /role="alert">That did not work\./)
  assert.match(refused.body, /href="\/interaction\/[\w-]+\/sign-up"/)
  const second = await visitor.submit(refused, { email: person.email, password: PASSWORD })
  assert.match(inFrame(second, 'other'), /autocomplete="one-time-code"/)
  const question = await visitor.submit(second, { way: 'totp', code: await shown(key, 1) })
  const consent = inFrame(question, 'consent')
  assert.ok(consent.includes(`data-app="${shop}" data-person="templated templated@example.org"`), consent)
  assert.ok(consent.includes('<li data-scope="notes:read">see notes</li>'), consent)
  assert.match(consent, /<footer>[^]*templated@example\.org/)
  const gone = await visitor.submit(question, { decision: 'allow' })
  assert.ok(gone.url.searchParams.has('code'), gone.url.href)
  const account = inFrame(await visitor.visit(`${platform.origin('accounts')}/account`), 'account', { layout: 'desk' })
  assert.match(account, /action="\/account\/sign-out"[^]*<\/header>[^]*<h1>templated<\/h1>/)
  const sections = [...account.matchAll(/<section data-section="([\w-]+)"><h2>[^<]+<\/h2>/g)].map(([, id]) => id)
  for (const id of ['profile', 'password', 'passkeys', 'second-factors', 'sessions', 'apps', 'delete'])
    assert.ok(sections.includes(id), `${id} among ${sections.join(', ')}`)
  inFrame(await visitor.visit(`${platform.origin('accounts')}/nothing`), 'other', { code: 404 })
  inFrame(await visitor.visit(`${platform.origin('accounts')}/authorize?client_id=nobody`), 'other', { code: 400 })
  assert.deepEqual([...kinds].toSorted(), Object.keys(KINDS_V1).toSorted())
  assert.doesNotMatch(platform.output(), /auth\.template_failed/)
})

test('requirement 19: what the challenge of the app loads is let in where it stands, and on no other page', async () => {
  const { email } = await signUp(platform, 'guessed@example.org')
  const { visitor } = elsewhere({ email, visitor: new Visitor(platform.port) })
  const captcha = 'https://challenges.example'
  const isLetIn = ({ headers, body }: Page): boolean => {
    const policy = String(headers['content-security-policy'])
    const nonce = /'nonce-([\w-]+)'/.exec(policy)?.[1] ?? assert.fail(policy)
    if (!body.includes(`<script src="${captcha}/api.js" nonce="${nonce}"></script>`)) {
      assert.ok(!policy.includes('challenges') && policy.includes("trusted-types 'none'"), policy)
      return false
    }
    for (const part of [
      `script-src 'nonce-${nonce}' 'strict-dynamic' ${captcha};`,
      `connect-src 'self' ${captcha};`,
      `frame-src ${captcha};`,
    ])
      assert.ok(policy.includes(part), policy)
    assert.ok(policy.includes("default-src 'none'") && policy.includes("frame-ancestors 'none'"), policy)
    return true
  }
  let page = await visitor.visit(`${platform.origin('diary')}/session/sign-in?return_to=/`)
  const seen: boolean[] = []
  for (let guess = 0; guess < 4; guess += 1) {
    seen.push(isLetIn(page))
    page = await visitor.submit(page, { email, password: `guess ${guess}` })
  }
  assert.deepEqual([...seen, isLetIn(page)], [false, false, false, false, true])
  assert.equal(isLetIn(await visitor.visit(`${platform.origin('accounts')}/sign-up`)), false)
})
