// How much was proved at a sign-in, told in tokens and asked for by clients (OpenID Connect Core 3.1.2.1, RFC 9470), and by roles.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ACR_VALUES } from '../../src/auth/levels.ts'
import { sessionsCollection } from '../../src/auth/provider/collections.ts'
import { SECURITY_EVENT } from '../../src/auth/security-events/security-event.ts'
import { call, eventually } from '../support/database.ts'
import {
  authorizePath,
  Browser,
  claimsOf,
  openOauth,
  type OauthWorld,
  pkce,
  PRINT_SHOP,
  send,
  type Tokens,
  tokensFor,
} from '../support/oauth.ts'

let world: OauthWorld
const [ONE, TWO, PHISHING_RESISTANT] = ACR_VALUES

before(async () => {
  world = await openOauth()
})
after(() => world.stop())

type Claims = Readonly<Record<string, unknown>>

type Asked = Parameters<Browser['authorize']>[1] & { readonly scope?: string; readonly extra?: Readonly<Record<string, string>> }

/** One authorization: which prompts it showed, and what the tokens say in the end. */
async function authorize(
  browser: Browser,
  { account, scope, extra = {}, ...answers }: Asked,
): Promise<{ asked: string[]; location: URL; tokens?: Tokens }> {
  const { verifier, challenge } = pkce()
  const path = authorizePath(challenge, { extra, ...(scope === undefined ? {} : { scope }) })
  const { asked, location } = await browser.authorize(path, { account, ...answers })
  const code = location.searchParams.get('code')
  if (code === null) return { asked, location }
  const form = {
    grant_type: 'authorization_code',
    client_id: PRINT_SHOP.clientId,
    code,
    redirect_uri: PRINT_SHOP.redirectUris[0],
    code_verifier: verifier,
  }
  const reply = await send(world, { path: '/token', form })
  assert.equal(reply.status, 200, reply.body)
  return { asked, location, tokens: JSON.parse(reply.body) as Tokens }
}

function told({ tokens }: { tokens?: Tokens }): { id: Claims; access: Claims } {
  assert.ok(tokens, 'there are tokens')
  return { id: claimsOf(tokens.id_token), access: claimsOf(tokens.access_token) }
}

const sessionCookie = (browser: Browser): string =>
  browser.cookiesFor('/account').find((cookie) => cookie.startsWith('__Host-session=')) ?? ''

test('requirement 15: tokens say how and when somebody signed in, refreshed ones as well', async () => {
  const browser = new Browser(world)
  const first = await authorize(browser, { account: 'person-told', by: ['password'] })
  const { id, access } = told(first)
  for (const claims of [id, access]) {
    assert.equal(claims['acr'], ONE)
    assert.deepEqual(claims['amr'], ['pwd'])
    assert.ok(Math.abs(Number(claims['auth_time']) - Date.now() / 1000) < 10)
  }
  const form = { grant_type: 'refresh_token', client_id: PRINT_SHOP.clientId, refresh_token: first.tokens?.refresh_token ?? '' }
  const refreshed = claimsOf((JSON.parse((await send(world, { path: '/token', form })).body) as Tokens).access_token)
  for (const name of ['acr', 'amr', 'auth_time']) assert.deepEqual(refreshed[name], access[name], name)
})

test('requirement 15: a sign-in keeps its time when consent is given later, and is told of once', async () => {
  const heard: unknown[] = []
  const unsubscribe = world.database.subscribe({
    consumer: 'test-sign-ins',
    topics: [SECURITY_EVENT],
    beginAtEnd: true,
    handle: async (events) => void heard.push(...events.map(({ data }) => data)),
  })
  await world.database.subscribed(call)
  const slow = await authorize(new Browser(world), { account: 'person-slow', extra: { max_age: '3600' }, thinkMs: 2100 })
  assert.deepEqual(slow.asked, ['login', 'consent'])
  const ageSeconds = Math.floor(Date.now() / 1000) - Number(told(slow).id['auth_time'])
  assert.ok(ageSeconds >= 2, `auth_time is ${ageSeconds} s old`)
  const ofPerson = (): string[] => heard.map((data) => JSON.stringify(data)).filter((data) => data.includes('person-slow'))
  await eventually(() => ofPerson().length > 0, 'the sign-in is told of')
  await new Promise((resolve) => setTimeout(resolve, 300))
  assert.equal(ofPerson().filter((data) => data.includes('sign_in.succeeded')).length, 1)
  unsubscribe()
})

/** Signs in with a password, and stops before the consent that is asked for; its address. */
async function upToConsent(browser: Browser, account: string): Promise<string> {
  let reply = await browser.visit({ path: authorizePath(pkce().challenge) })
  const whereTo = (): string => new URL(String(reply.headers['location']), world.sites.accounts).pathname
  reply = await browser.visit({ method: 'POST', path: `${whereTo()}/sign-in?account=${account}&by=password` })
  return whereTo()
}

test('requirement 15: a client without openid is stepped up like any other (RFC 9470), and asks for nothing about ID tokens', async () => {
  const browser = new Browser(world)
  const account = 'person-plain'
  const plain = async (extra: Readonly<Record<string, string>>, by: Asked['by'] = ['password', 'totp']): Promise<[string[], Claims]> => {
    const { asked, tokens } = await authorize(browser, { account, scope: 'photos:read', extra, by })
    assert.equal(tokens?.id_token, undefined)
    return [asked, claimsOf(tokens?.access_token ?? '')]
  }
  const [, first] = await plain({}, ['password'])
  assert.equal(first['acr'], ONE)
  world.secondFactors.add(account)
  const [asked, stronger] = await plain({ acr_values: TWO ?? '' })
  assert.deepEqual([asked, stronger['acr'], stronger['amr']], [['login', 'login'], TWO, ['pwd', 'otp', 'mfa']])
  assert.deepEqual((await plain({ max_age: '3600' }))[0], [])
  await new Promise((resolve) => setTimeout(resolve, 2100))
  const [again, fresh] = await plain({ max_age: '1' })
  assert.deepEqual(again, ['login', 'login'])
  assert.ok(Number(fresh['auth_time']) > Number(stronger['auth_time']))
  assert.deepEqual((await plain({ max_age: '0' }))[0], ['login', 'login'])
  for (const [name, value] of [
    ['nonce', 'some'],
    ['id_token_hint', 'a.b.c'],
    ['claims_locales', 'de'],
  ]) {
    const { location } = await authorize(browser, { account, scope: 'photos:read', extra: { [String(name)]: String(value) } })
    assert.equal(location.searchParams.get('error'), 'invalid_request', name)
  }
})

test('requirement 15: consent that is given late does not bring back the sign-in from before a stronger one', async () => {
  const account = 'person-two-tabs'
  const browser = new Browser(world)
  const consent = await upToConsent(browser, account)
  assert.match(consent, /^\/interaction\//)
  await new Promise((resolve) => setTimeout(resolve, 1100))
  const stepped = told(await authorize(browser, { account, extra: { prompt: 'login' }, by: ['passkey'] }))
  assert.equal(stepped.id['acr'], PHISHING_RESISTANT)
  const session = async (): Promise<unknown> => {
    const { items } = await world.database
      .collection(sessionsCollection)
      .list(call, { index: 'account', where: { accountId: account }, limit: 10 })
    return items.map(({ value }) => value.signedInAt)
  }
  const signedIn = await session()
  await new Promise((resolve) => setTimeout(resolve, 1100))
  const done = await browser.visit({ method: 'POST', path: `${consent}/consent?approved=yes` })
  assert.match(String(done.headers['location']), /callback\?code=/)
  assert.deepEqual(await session(), signedIn, 'nobody has signed in anew')
  const after = await authorize(browser, { account, extra: { prompt: 'none', acr_values: PHISHING_RESISTANT ?? '' } })
  assert.equal(told(after).id['acr'], PHISHING_RESISTANT)
  assert.equal(told(after).id['auth_time'], stepped.id['auth_time'])
})

test('requirement 15: prompt=login and max_age ask whoever is signed in, and prompt=none asks nobody', async () => {
  const browser = new Browser(world)
  assert.deepEqual((await authorize(browser, { account: 'person-again' })).asked, ['login', 'consent'])
  assert.deepEqual((await authorize(browser, { account: 'person-again' })).asked, [])
  assert.deepEqual((await authorize(browser, { account: 'person-again', extra: { max_age: '3600' } })).asked, [])
  assert.deepEqual((await authorize(browser, { account: 'person-again', extra: { prompt: 'login' } })).asked, ['login'])
  const silent = await authorize(browser, { account: 'person-again', extra: { prompt: 'none' } })
  assert.ok(silent.tokens)
  const wanting = await authorize(browser, { account: 'person-again', extra: { prompt: 'none', acr_values: TWO } })
  assert.equal(wanting.location.searchParams.get('error'), 'login_required')
  assert.equal(wanting.tokens, undefined)
})

test('requirement 15: acr_values ask for a second step, once, and the tokens say that it was done', async () => {
  const browser = new Browser(world)
  await authorize(browser, { account: 'person-more', by: ['password'] })
  const before = sessionCookie(browser)
  const stepped = await authorize(browser, { account: 'person-more', extra: { acr_values: TWO }, by: ['password', 'totp'] })
  assert.deepEqual(stepped.asked, ['login', 'login'], 'the first step again, and the second')
  const { id, access } = told(stepped)
  for (const claims of [id, access]) {
    assert.equal(claims['acr'], TWO)
    assert.deepEqual(claims['amr'], ['pwd', 'otp', 'mfa'])
  }
  assert.notEqual(sessionCookie(browser), before, 'requirement 68: the session has another id')
  const again = await authorize(browser, { account: 'person-more', extra: { acr_values: TWO } })
  assert.deepEqual(again.asked, [])
  assert.equal(told(again).id['acr'], TWO)
})

test('requirement 15: a client reads the value that it asked for when more was proved, and an error when nobody can prove it', async () => {
  const browser = new Browser(world)
  const strong = await authorize(browser, { account: 'person-key', by: ['passkey'] })
  assert.equal(told(strong).id['acr'], PHISHING_RESISTANT)
  assert.deepEqual(told(strong).id['amr'], ['pop', 'mfa'])
  const lesser = await authorize(browser, { account: 'person-key', extra: { acr_values: `their:gold ${TWO}` } })
  assert.deepEqual(lesser.asked, [])
  assert.equal(told(lesser).id['acr'], TWO)
  const unknown = await authorize(browser, { account: 'person-key', extra: { acr_values: 'their:gold' } })
  assert.equal(unknown.location.searchParams.get('error'), 'unmet_authentication_requirements')
  assert.equal(unknown.location.searchParams.get('code'), null)
})

test('requirement 68: signing in again renews the id of the session, and the one before opens nothing', async () => {
  const browser = new Browser(world)
  await authorize(browser, { account: 'person-renewed', by: ['password'] })
  const before = sessionCookie(browser)
  await authorize(browser, { account: 'person-renewed', extra: { prompt: 'login' }, by: ['password'] })
  const now = sessionCookie(browser)
  assert.notEqual(now, before)
  const { challenge } = pkce()
  const stolen = await send(world, { path: authorizePath(challenge), headers: { cookie: before } })
  assert.match(String(stolen.headers['location']), /\/interaction\//, 'the old id is asked to sign in')
})

test('a password alone is half a sign-in for who has an authenticator app: no session, no code', async () => {
  world.secondFactors.add('person-app')
  const browser = new Browser(world)
  const half = await authorize(browser, { account: 'person-app', by: ['password', 'password', 'password'] })
  assert.equal(half.tokens, undefined)
  assert.equal(sessionCookie(browser), '')
  const whole = await authorize(new Browser(world), { account: 'person-app', by: ['password', 'totp'] })
  assert.equal(told(whole).id['acr'], TWO)
})

test('a second step without the first is worth nothing', async () => {
  const browser = new Browser(world)
  const alone = await authorize(browser, { account: 'person-alone', by: Array.from({ length: 12 }, () => 'totp' as const) })
  assert.equal(alone.tokens, undefined)
  assert.equal(sessionCookie(browser), '')
})

test('the first step of one person and the second of another are not one sign-in', async () => {
  world.secondFactors.add('person-mine')
  world.secondFactors.add('person-theirs')
  const browser = new Browser(world)
  const { challenge } = pkce()
  const started = await browser.visit({ path: authorizePath(challenge) })
  const place = new URL(String(started.headers['location']), world.sites.accounts).pathname
  await browser.visit({ method: 'POST', path: `${place}/sign-in?account=person-mine&by=password` })
  const mixed = await browser.visit({ method: 'POST', path: `${place}/sign-in?account=person-theirs&by=totp` })
  assert.equal(mixed.headers['location'], place, 'it starts over')
  const shown = JSON.parse((await browser.visit({ path: place })).body) as { half?: unknown }
  assert.equal(shown.half, undefined, 'nothing of it is kept')
})

test('half a sign-in is worth nothing in another browser, after ten minutes, and after the password was changed', async () => {
  world.secondFactors.add('person-half')
  const begin = async (): Promise<{ browser: Browser; place: string }> => {
    const browser = new Browser(world)
    const started = await browser.visit({ path: authorizePath(pkce().challenge) })
    const place = new URL(String(started.headers['location']), world.sites.accounts).pathname
    await browser.visit({ method: 'POST', path: `${place}/sign-in?account=person-half&by=password` })
    return { browser, place }
  }
  const finish = ({ browser, place }: { browser: Browser; place: string }) =>
    browser.visit({ method: 'POST', path: `${place}/sign-in?account=person-half&by=totp` })

  const honest = await begin()
  const consent = String((await finish(honest)).headers['location'])
  assert.match(consent, /^\/interaction\//)
  assert.notEqual(consent, honest.place, 'the whole sign-in goes on')

  const planted = await begin()
  // The cookies of the interaction in a browser with another name of its own.
  const cookie = planted.browser
    .cookiesFor(`${planted.place}/sign-in`)
    .map((one) => (one.startsWith('__Host-Http-here') ? `__Host-Http-here=${'x'.repeat(43)}` : one))
  const elsewhere = await send(world, {
    method: 'POST',
    path: `${planted.place}/sign-in?account=person-half&by=totp`,
    headers: { cookie: cookie.join('; ') },
  })
  assert.equal(elsewhere.headers['location'], planted.place)

  const changed = await begin()
  world.credentials.set('person-half', 'the second password')
  assert.equal((await finish(changed)).headers['location'], changed.place)

  const late = await begin()
  world.advance(10 * 60_000)
  assert.equal((await finish(late)).headers['location'], late.place)
})

test('half a sign-in that may add a way in ends with the credential that it proved, and going on makes it no younger', async () => {
  const begin = async (account: string) => {
    const browser = new Browser(world)
    const started = await browser.visit({ path: authorizePath(pkce().challenge, { extra: { acr_values: PHISHING_RESISTANT } }) })
    const place = new URL(String(started.headers['location']), world.sites.accounts).pathname
    await browser.visit({ method: 'POST', path: `${place}/sign-in?account=${account}&by=password` })
    const goOn = () => browser.visit({ method: 'POST', path: `${place}/go-on` })
    const half = async () => (JSON.parse((await browser.visit({ path: place })).body) as { half?: { next: { kind: string } } }).half
    return { goOn, half }
  }
  const old = await begin('person-old')
  assert.equal((await old.half())?.next.kind, 'enrol')
  world.advance(6 * 60_000)
  assert.equal((await old.goOn()).status, 303)
  assert.ok(await old.half())
  world.advance(6 * 60_000)
  assert.equal(await old.half(), undefined)

  const reset = await begin('person-reset')
  world.credentials.set('person-reset', 'the second password')
  assert.equal(await reset.half(), undefined)
  assert.equal((await reset.goOn()).status, 400)

  const suspended = await begin('person-suspended')
  world.suspended.add('person-suspended')
  assert.equal(await suspended.half(), undefined)
})

test('a role that must have a second factor asks who is signed in with one, at once', async () => {
  const browser = new Browser(world)
  await authorize(browser, { account: 'person-promoted', by: ['password'] })
  assert.deepEqual((await authorize(browser, { account: 'person-promoted' })).asked, [])
  world.roles.set('person-promoted', ['admin'])
  const asked = await authorize(browser, { account: 'person-promoted', by: ['password', 'password'] })
  assert.equal(asked.tokens, undefined, 'a password is not enough any more')
  const done = await authorize(browser, { account: 'person-promoted', by: ['password', 'totp'] })
  assert.equal(told(done).id['acr'], TWO)
  assert.deepEqual((await authorize(browser, { account: 'person-promoted' })).asked, [])
})

test('requirement 15: a client that asks for a person by their ID token gets tokens of nobody else, whoever signs in for it', async () => {
  const ada = 'person-hinted-ada'
  const bob = 'person-hinted-bob'
  const extra = { id_token_hint: (await tokensFor(world, new Browser(world), { account: bob })).id_token }
  const refused = async (browser: Browser, given: Readonly<Record<string, string>>): Promise<void> => {
    const { location, asked } = await authorize(browser, { account: ada, extra: given })
    assert.deepEqual([asked, location.searchParams.get('error')], [['login'], 'login_required'])
    assert.equal(location.searchParams.get('code'), null)
  }
  const nobodyYet = new Browser(world)
  await refused(nobodyYet, extra)
  assert.deepEqual((await authorize(nobodyYet, { account: ada })).asked, ['login', 'consent'], 'and nobody was signed in by that')
  await refused(nobodyYet, extra)
  await refused(nobodyYet, { ...extra, prompt: 'login' })
  await refused(nobodyYet, { ...extra, prompt: 'select_account' })
  const pushed = await send(world, {
    path: '/par',
    form: Object.fromEntries(new URLSearchParams(authorizePath(pkce().challenge, { extra }).split('?')[1])),
  })
  const { request_uri: requestUri } = JSON.parse(pushed.body) as { request_uri: string }
  const query = new URLSearchParams({ client_id: PRINT_SHOP.clientId, request_uri: requestUri })
  const { location } = await nobodyYet.authorize(`/authorize?${query.toString()}`, { account: ada })
  assert.equal(location.searchParams.get('error'), 'login_required')
  // A second step makes nobody somebody else, and is not asked of whom the client does not want.
  world.secondFactors.add(ada)
  await refused(new Browser(world), { ...extra, acr_values: TWO ?? '' })

  const page = await nobodyYet.visit({ path: authorizePath(pkce().challenge, { extra }) })
  const shown = await nobodyYet.visit({ path: new URL(String(page.headers['location']), world.sites.accounts).pathname })
  assert.doesNotMatch(shown.body, /person-hinted/, 'the page knows neither who is signed in nor who is asked for')
  const right = await authorize(nobodyYet, { account: bob, extra })
  assert.deepEqual([right.asked, told(right).id['sub']], [['login'], bob])
  assert.deepEqual((await authorize(nobodyYet, { account: bob, extra })).asked, [], 'and who is asked for is not asked')
})
