// Signing in with Google, Microsoft and Apple, from our page to theirs and back: each stands there as it speaks, and lies as others could in its name.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, beforeEach, test } from 'node:test'
import { decodeJwt, decodeProtectedHeader, type JWTPayload } from 'jose'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import { identitiesCollection } from '../../src/auth/upstream/repository.ts'
import { type AccountsWorld, call, openAccounts, type Visited } from '../support/accounts.ts'
import { SIGN_IN } from '../support/arriving.ts'
import { APPLE_ISSUER, appleFor, GOOGLE, leadingTo, MICROSOFT } from '../support/famous-upstreams.ts'
import { CLIENT_ID, startUpstream, type Upstream } from '../support/upstream.ts'
import { isIn, locationOf, TravellingBrowser } from '../support/upstream-browser.ts'

const TENANT = '11111111-2222-3333-4444-555555555555'
const PARTNER = '77777777-2222-3333-4444-555555555555'
const STRANGER = '99999999-2222-3333-4444-555555555555'
const [teamId, keyId] = ['TEAM123456', 'KEY1234567']
const appleKey = generateKeyPairSync('ec', { namedCurve: 'P-256' })

let google: Upstream
let microsoft: Upstream
let apple: Upstream
let world: AccountsWorld

before(async () => {
  google = await startUpstream(GOOGLE)
  microsoft = await startUpstream(MICROSOFT)
  apple = await startUpstream(appleFor({ teamId, keyId, key: appleKey.publicKey, now: () => new Date(world.clock.now()) }))
  const hosts = {
    ...Object.fromEntries(
      ['accounts.google.com', 'oauth2.googleapis.com', 'openidconnect.googleapis.com', 'www.googleapis.com'].map((host) => [host, google]),
    ),
    'login.microsoftonline.com': microsoft,
    'graph.microsoft.com': microsoft,
    'appleid.apple.com': apple,
  }
  const clientId = CLIENT_ID
  const pem = appleKey.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
  const otherPem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
  world = await openAccounts({
    development: false,
    send: leadingTo(() => hosts),
    definition: {
      upstreams: [
        { kind: 'google', clientId },
        { kind: 'google', id: 'work', name: 'Work', clientId, hostedDomain: 'corp.example' },
        { kind: 'microsoft', clientId, tenants: 'common' },
        { kind: 'microsoft', id: 'company', name: 'Company', clientId, tenants: [TENANT] },
        { kind: 'microsoft', id: 'partners', name: 'Partners', clientId, tenants: [TENANT, PARTNER] },
        { kind: 'microsoft', id: 'schools', name: 'Schools', clientId, tenants: 'organizations' },
        { kind: 'apple', clientId, teamId, keyId },
        { kind: 'apple', id: 'forged', name: 'Forged', clientId, teamId, keyId },
      ],
    },
    upstreamSecrets: {
      ...Object.fromEntries(['google', 'work'].map((id) => [id, google.secret])),
      ...Object.fromEntries(['microsoft', 'company', 'partners', 'schools'].map((id) => [id, microsoft.secret])),
      apple: pem,
      forged: otherPem,
    },
  })
})

after(async () => {
  await world.stop()
  for (const one of [google, microsoft, apple]) await one.stop()
})

let counter = 0
const email = (domain = 'gmail.com'): string => `p${counter}@${domain}`
const googleSays = (more: JWTPayload = {}): JWTPayload => ({
  iss: 'https://accounts.google.com',
  azp: CLIENT_ID,
  sub: `10769150350006150${counter}`,
  email: email(),
  email_verified: true,
  at_hash: 'HK6E_P6Dh8Y93mRNtsDB1Q',
  name: 'Ada Lovelace',
  given_name: 'Ada',
  family_name: 'Lovelace',
  picture: 'https://lh3.googleusercontent.com/a/ada',
  ...more,
})
const microsoftSays = (tid: string, more: JWTPayload = {}): JWTPayload => ({
  ver: '2.0',
  iss: `https://login.microsoftonline.com/${tid}/v2.0`,
  sub: `AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbta${counter}`,
  oid: '00000000-0000-0000-66f3-3332eca7ea81',
  tid,
  name: 'Ada Lovelace',
  preferred_username: email('corp.example'),
  email: email('corp.example'),
  xms_edov: true,
  aio: 'Df2UVXL1ix!lMCWMSOJBcFatzcGfvFGhjKv8q5g0x732dR5MB5BisvGQO7YWByjd8iQDLq',
  ...more,
})
const appleSays = (more: JWTPayload = {}): JWTPayload => ({
  iss: APPLE_ISSUER,
  sub: `001234.0123456789abcdef0123456789abcdef.${counter}`,
  email: email('privaterelay.appleid.com'),
  email_verified: 'true',
  is_private_email: 'true',
  auth_time: Math.floor(Date.now() / 1000),
  nonce_supported: true,
  ...more,
})

beforeEach(() => {
  counter += 1
  world.engine.current = SIGN_IN
  world.engine.signedInAs = undefined
  for (const one of [google, microsoft, apple]) one.lie = {}
  google.claims = googleSays()
  microsoft.claims = microsoftSays(TENANT)
  apple.claims = appleSays()
})

const accountOf = async (address: string) =>
  (await world.database.collection(accountsCollection).getByKey(call, 'email', { email: address }))?.value
const identitiesOf = async (accountId: string) => {
  const { items } = await world.database.collection(identitiesCollection).list(call, { index: 'account', where: { accountId }, limit: 10 })
  return items.map(({ value: { issuer, subject } }) => [issuer, subject])
}

/** The form that Apple has the browser send, from a page of its own: no cookie of ours comes with it. */
async function sendForm(browser: TravellingBrowser, callback: string, more: Readonly<Record<string, string>> = {}): Promise<Visited> {
  const { pathname, searchParams } = new URL(callback, 'https://any.example')
  const posted = await new TravellingBrowser(world).visit(pathname, { ...Object.fromEntries(searchParams), ...more })
  assert.equal(posted.status, 303)
  assert.deepEqual(posted.cookies, [])
  return browser.comeTo(locationOf(posted))
}

async function fromApple(browser: TravellingBrowser, more: Readonly<Record<string, string>> = {}, id = 'apple') {
  const away = await browser.visit(`/interaction/u1/upstream/${id}`)
  const { location, asked } = apple.visit(locationOf(away))
  const callback = `${location.pathname}${location.search}`
  return { back: await sendForm(browser, callback, more), callback, asked }
}

async function assertRefused(back: Visited, address: string): Promise<void> {
  assert.equal(back.status, 422, back.text)
  assert.match(back.text, /name="password"/, 'the other ways go on')
  assert.equal(await accountOf(address), undefined)
  assert.equal(world.engine.signedInAs, undefined)
}

test('requirement 71: from Google and back, with an address of its own, and known by the subject from then on', async () => {
  const browser = new TravellingBrowser(world)
  const { back, asked } = await browser.travelTo('google', google)
  assert.equal(locationOf(back), '/interaction/u1/welcome')
  assert.deepEqual([asked.get('client_id'), asked.get('scope'), asked.get('hd')], [CLIENT_ID, 'openid email profile', null])
  assert.equal(asked.get('redirect_uri'), 'https://accounts.example.org/upstream/google/callback')
  assert.match((await browser.visit('/interaction/u1/welcome')).text, /value="Ada Lovelace"/)
  assert.ok(isIn(await browser.visit('/interaction/u1/welcome', { name: 'Ada' })))
  const account = (await accountOf(email())) ?? assert.fail('no account')
  assert.deepEqual(await identitiesOf(account.id), [['https://accounts.google.com', google.claims.sub]])
  google.claims = googleSays({ email: `another.${email()}` })
  world.engine.current = { ...SIGN_IN, again: true }
  const again = await new TravellingBrowser(world).travelTo('google', google)
  assert.ok(isIn(again.back))
  assert.equal(again.asked.get('prompt'), 'select_account')
  assert.equal(world.engine.signedInAs, account.id)
})

test('requirement 71: Google is not believed for an address of elsewhere, whatever it says of it', async () => {
  const person = await world.person({ email: email('elsewhere.example') })
  google.claims = googleSays({ email: person.email })
  assert.equal(locationOf((await new TravellingBrowser(world).travelTo('google', google)).back), '/interaction/u1/choose')
  assert.deepEqual(await identitiesOf(person.accountId), [])
  google.claims = googleSays({ email: person.email, hd: 'elsewhere.example' })
  assert.ok(isIn((await new TravellingBrowser(world).travelTo('google', google)).back))
  assert.equal(world.engine.signedInAs, person.accountId)
})

test('only people of the Workspace domain come from Google, which is asked for them and is not taken at its word', async () => {
  const address = email('corp.example')
  for (const hd of [undefined, 'evil.example', 'corp.example.evil.example', 'Corp.example', ['corp.example']]) {
    google.claims = googleSays({ email: address, hd })
    const { back, asked } = await new TravellingBrowser(world).travelTo('work', google)
    assert.equal(asked.get('hd'), 'corp.example')
    await assertRefused(back, address)
  }
  google.claims = googleSays({ email: address, hd: 'corp.example' })
  assert.ok(isIn(await new TravellingBrowser(world).joinFrom('work', google)))
  assert.ok(await accountOf(address))
})

test('requirement 71: from Microsoft and back for every tenant, by the issuer of each, which has a name at the account page', async () => {
  const shared = String(microsoft.claims.sub)
  for (const tenant of [TENANT, PARTNER]) {
    counter += 1
    microsoft.claims = microsoftSays(tenant, { sub: shared })
    assert.ok(isIn(await new TravellingBrowser(world).joinFrom('microsoft', microsoft)))
    const account = (await accountOf(email('corp.example'))) ?? assert.fail('no account')
    assert.equal(world.engine.signedInAs, account.id, 'the same subject is another person in another tenant')
    assert.deepEqual(await identitiesOf(account.id), [[`https://login.microsoftonline.com/${tenant}/v2.0`, shared]])
    world.engine.signedInAs = undefined
    assert.ok(isIn((await new TravellingBrowser(world).travelTo('microsoft', microsoft)).back))
    assert.equal(world.engine.signedInAs, account.id)
    const now = world.clock.now()
    world.engine.sessionList.splice(0)
    world.engine.sessionList.push({ id: 'here', accountId: account.id, signedInAt: now, lastUsedAt: now, device: 'Firefox on Linux' })
    const page = await new TravellingBrowser(world).visit('/account')
    assert.match(page.text, /Microsoft<\/strong> <span class="soft small">connected/)
    const unlink = /action="(\/account\/identities\/[\w-]+\/unlink)"/.exec(page.text)?.[1] ?? assert.fail(page.text)
    assert.equal(locationOf(await new TravellingBrowser(world).visit(unlink, {})), '/account?done=identity-last', 'the only way in')
  }
  assert.ok(microsoft.asked.includes('/common/v2.0/.well-known/openid-configuration'))
})

test('requirement 71: an address of a tenant counts when Microsoft says that its domain is theirs, and then alone', async () => {
  const person = await world.person({ email: email('corp.example') })
  for (const more of [{ xms_edov: undefined }, { xms_edov: false }, { xms_edov: undefined, email_verified: true }]) {
    microsoft.claims = microsoftSays(STRANGER, more)
    assert.equal(locationOf((await new TravellingBrowser(world).travelTo('microsoft', microsoft)).back), '/interaction/u1/choose')
  }
  assert.deepEqual(await identitiesOf(person.accountId), [])
  microsoft.claims = microsoftSays(STRANGER, { xms_edov: '1' })
  assert.ok(isIn((await new TravellingBrowser(world).travelTo('microsoft', microsoft)).back))
  assert.equal(world.engine.signedInAs, person.accountId)
})

test('a tenant of Microsoft speaks for itself alone, where the app lets it', async () => {
  const issuerOf = (tenant: string): string => `https://login.microsoftonline.com/${tenant}/v2.0`
  const consumers = '9188040d-6c67-4c5b-b112-36a304b66dad'
  for (const [id, claims] of [
    ['company', microsoftSays(PARTNER)],
    ['partners', microsoftSays(STRANGER)],
    ['schools', microsoftSays(consumers)],
    // Signed by the keys that all of them share, each of these says two things.
    ['microsoft', microsoftSays(TENANT, { iss: issuerOf(STRANGER) })],
    ['partners', microsoftSays(STRANGER, { iss: issuerOf(TENANT) })],
    ['company', microsoftSays(STRANGER, { iss: issuerOf(TENANT) })],
    ['microsoft', microsoftSays(TENANT, { tid: undefined })],
    ['microsoft', microsoftSays(TENANT, { iss: issuerOf('{tenantid}'), tid: '{tenantid}' })],
    ['microsoft', microsoftSays(TENANT, { iss: issuerOf('common'), tid: 'common' })],
  ] as const) {
    microsoft.claims = claims
    const { back } = await new TravellingBrowser(world).travelTo(id, microsoft)
    await assertRefused(back, email('corp.example'))
  }
  for (const [id, tenant] of [
    ['company', TENANT],
    ['partners', PARTNER],
    ['schools', STRANGER],
  ] as const) {
    counter += 1
    microsoft.claims = microsoftSays(tenant)
    assert.ok(isIn(await new TravellingBrowser(world).joinFrom(id, microsoft)), id)
  }
  for (const path of [TENANT, 'common', 'organizations'])
    assert.ok(microsoft.asked.includes(`/${path}/v2.0/.well-known/openid-configuration`))
})

test('from Apple and back by its form, with the name that it tells once and a secret that is signed for each time', async () => {
  const browser = new TravellingBrowser(world)
  // Beside the name there is an address, which nobody has signed.
  const user = JSON.stringify({ name: { firstName: 'Ada', lastName: 'Lovelace' }, email: 'victim@example.org' })
  const { back, asked } = await fromApple(browser, { user })
  assert.deepEqual([asked.get('response_mode'), asked.get('scope')], ['form_post', 'openid email name'])
  assert.equal(locationOf(back), '/interaction/u1/welcome')
  const welcome = (await browser.visit('/interaction/u1/welcome')).text
  assert.match(welcome, /value="Ada Lovelace"/)
  assert.match(welcome, new RegExp(email('privaterelay.appleid.com')))
  assert.doesNotMatch(welcome, /victim/)
  assert.ok(isIn(await browser.visit('/interaction/u1/welcome', { name: 'Ada Lovelace' })))
  const account = (await accountOf(email('privaterelay.appleid.com'))) ?? assert.fail('no account')
  assert.deepEqual(await identitiesOf(account.id), [[APPLE_ISSUER, apple.claims.sub]])

  // Longer than one secret lives, and less than its document is remembered.
  world.clock.advance(10 * 60_000)
  assert.ok(isIn((await fromApple(new TravellingBrowser(world))).back), 'it tells no name any more')
  assert.deepEqual([world.engine.signedInAs, (await accountOf(account.email))?.name], [account.id, 'Ada Lovelace'])
  const [first = '', second = ''] = apple.tokenForms.slice(-2).map((form) => form.get('client_secret') ?? '')
  assert.notEqual(first, second)
  for (const secret of [first, second]) {
    const { iss, sub, aud, iat = 0, exp = 0 } = decodeJwt(secret)
    assert.deepEqual([iss, sub, aud, exp - iat], [teamId, CLIENT_ID, APPLE_ISSUER, 300])
    assert.deepEqual([decodeProtectedHeader(secret).alg, decodeProtectedHeader(secret).kid], ['ES256', keyId])
  }
  assert.equal(
    apple.tokenForms.some((form) => form.has('client_assertion')),
    false,
  )
})

test('what comes with the form of Apple is nobody, and what is signed with another key gets nothing of Apple', async () => {
  for (const user of ['{', 'null', '{"name":"Ada"}', JSON.stringify({ name: { firstName: ' ', lastName: '' } })]) {
    const browser = new TravellingBrowser(world)
    assert.equal(locationOf((await fromApple(browser, { user })).back), '/interaction/u1/welcome', user)
    assert.match((await browser.visit('/interaction/u1/welcome')).text, /name="name"[^>]* value=""/)
  }
  const forged = await fromApple(new TravellingBrowser(world), {}, 'forged')
  await assertRefused(forged.back, email('privaterelay.appleid.com'))
  apple.lie.error = 'user_cancelled_authorize'
  const { back } = await fromApple(new TravellingBrowser(world))
  await assertRefused(back, email('privaterelay.appleid.com'))
  assert.match(back.text, /You did not go on at Apple/)
})

test('a name of any length beside the answer of Apple becomes one that can be kept', async () => {
  const { accountId } = await world.person({ email: email('example.org') })
  apple.claims = { ...apple.claims, email: undefined }
  const browser = new TravellingBrowser(world)
  const { back } = await fromApple(browser, {
    user: JSON.stringify({ name: { firstName: 'Ada '.repeat(100), lastName: 'L'.repeat(400) } }),
  })
  assert.equal(locationOf(back), '/interaction/u1/choose')
  const now = world.clock.now()
  world.engine.sessionList.push({ id: 'here', accountId, signedInAt: now, lastUsedAt: now, device: 'Firefox on Linux' })
  world.engine.signedInAs = accountId
  const done = await browser.visit('/account/identities/connect', {})
  assert.equal(done.status, 200, done.text)
  assert.equal((await world.running.upstreams.identities(call, accountId))[0]?.label, 'Ada '.repeat(20).trim())
})

const LIES: readonly (readonly [string, Upstream['lie']])[] = [
  ['another issuer', { issuer: 'https://evil.example' }],
  ['an issuer without its scheme', { issuer: 'accounts.google.com' }],
  ['another client', { audience: 'another' }],
  ['another sign-in', { nonce: 'another' }],
  ['another key', { wrongKey: true }],
  ['another issuer in the address', { answeredBy: 'https://evil.example' }],
]

for (const id of ['google', 'microsoft', 'apple'] as const) {
  test(`${id}: what is said of another client, another sign-in or by somebody else is refused, and an answer counts once`, async () => {
    const at = { google, microsoft, apple }[id]
    const address = String(at.claims['email'])
    const travel = (browser: TravellingBrowser) => (id === 'apple' ? fromApple(browser) : browser.travelTo(id, at))
    const comeBack = (browser: TravellingBrowser, callback: string) =>
      id === 'apple' ? sendForm(browser, callback) : browser.comeTo(callback)
    for (const [what, lie] of LIES) {
      at.lie = lie
      await assertRefused((await travel(new TravellingBrowser(world))).back, address).catch((cause: unknown) =>
        assert.fail(`${what}: ${String(cause)}`),
      )
    }
    at.lie = {}
    const browser = new TravellingBrowser(world)
    const { back, callback } = await travel(browser)
    assert.equal(locationOf(back), '/interaction/u1/welcome')
    const redeemed = at.tokenForms.length
    for (const who of [browser, new TravellingBrowser(world)]) assert.equal((await comeBack(who, callback)).status, 400)
    assert.equal(at.tokenForms.length, redeemed, 'no code was sent again')
    assert.equal(await accountOf(address), undefined)
  })
}
