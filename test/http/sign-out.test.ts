// The page that asks before a sign-out for a client (OpenID Connect RP-Initiated Logout): several in one browser, pressed twice, left open for long.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sessionsCollection } from '../../src/auth/provider/collections.ts'
import { signInTo } from '../support/client-sign-in.ts'
import { Browser, call, frontendTokens, type OauthWorld, openOauth, PRINT_SHOP, type Reply, send, tokensFor } from '../support/oauth.ts'

const BYE = 'https://notes.example/bye'
const PRINT_SHOP_BYE = PRINT_SHOP.postLogoutRedirectUris[0]

let world: OauthWorld
let stranger: string

before(async () => {
  world = await openOauth({ definition: { registration: { dynamic: 'anyone' } } })
  stranger = await register()
})

after(() => world.stop())

async function register(): Promise<string> {
  const redirectUris = { redirect_uris: ['https://notes.example/callback'], post_logout_redirect_uris: [BYE] }
  const made = await send(world, {
    path: '/register',
    headers: { 'content-type': 'application/json' },
    text: JSON.stringify({ ...redirectUris, client_name: 'Notes', token_endpoint_auth_method: 'none' }),
  })
  return JSON.parse(made.body).client_id
}

async function signedIn(account: string): Promise<Browser> {
  const browser = new Browser(world)
  await frontendTokens(world, browser, account)
  return browser
}

const ask = (browser: Browser, query: Record<string, string> = {}): Promise<Reply> =>
  browser.visit({ path: `/end-session?${new URLSearchParams(query).toString()}` })

const askForShop = (browser: Browser, state: string): Promise<Reply> =>
  ask(browser, { client_id: PRINT_SHOP.clientId, post_logout_redirect_uri: PRINT_SHOP_BYE, state })

async function press(browser: Browser, { body }: Reply): Promise<unknown> {
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(body)?.[1] ?? assert.fail(body)
  const { status, headers, body: words } = await browser.visit({ path: '/end-session/confirm', form: { xsrf, logout: 'yes' } })
  assert.equal(status, 303, words)
  return headers['location']
}

const sessions = async (account: string): Promise<number> => (await world.server.engine.sessions(call, account)).length

test('each of several pages signs out and leads where it was asked to, however many others were opened since', async () => {
  const browser = await signedIn('person-tabs')
  const first = await askForShop(browser, 'first')
  assert.match((await ask(browser)).body, /name="xsrf"/)
  await browser.visit({ path: '/device' })
  assert.equal(await press(browser, first), `${PRINT_SHOP_BYE}?state=first`)
  assert.equal(await sessions('person-tabs'), 0)
})

test('a second press leads to the same place, and so does a page that was left open after the sign-out', async () => {
  const browser = await signedIn('person-twice')
  const [page, other] = [await askForShop(browser, 'one'), await ask(browser)]
  for (let time = 0; time < 2; time += 1) assert.equal(await press(browser, page), `${PRINT_SHOP_BYE}?state=one`)
  assert.equal(await press(browser, other), `${world.sites.accounts}/end-session/success`)
})

test('a page of an earlier sign-in signs nobody out: the person of now is asked, for the same app', async () => {
  const browser = await signedIn('person-before')
  const page = await askForShop(browser, 's')
  await press(browser, await ask(browser))
  await frontendTokens(world, browser, 'person-after')
  const target = new URL(String(await press(browser, page)))
  assert.deepEqual(
    [target.pathname, Object.fromEntries(target.searchParams)],
    ['/end-session', { client_id: PRINT_SHOP.clientId, post_logout_redirect_uri: PRINT_SHOP_BYE, state: 's' }],
  )
  assert.equal(await sessions('person-after'), 1)
  assert.equal(await press(browser, await browser.visit({ path: target.pathname + target.search })), `${PRINT_SHOP_BYE}?state=s`)
  assert.equal(await sessions('person-after'), 0)
})

test('requirement 66: the page names the app and the host that people go on to, where it is not the app of their own', async () => {
  const account = 'person-named'
  const browser = await signedIn(account)
  const page = await ask(browser, { client_id: stranger, post_logout_redirect_uri: BYE })
  assert.match(page.body, /on to Notes notes\.example</)
  assert.match(String(page.headers['content-security-policy']), /form-action 'self' https:\/\/notes\.example/)
  assert.match((await ask(browser, { client_id: stranger })).body, /on to {2}</, 'nobody goes anywhere')
  assert.equal(await press(browser, page), BYE, 'said so, the person goes there')
  const passer = await press(browser, page)
  assert.equal(passer, `${world.sites.accounts}/end-session/success`, 'a stranger is gone to by a press of somebody who is signed in')
})

test('requirement 66: a client that was blocked while its page was open is not gone to', async () => {
  const account = 'person-blocked'
  const clientId = await register()
  const browser = new Browser(world)
  await signInTo(world, clientId, { browser, account, redirectUri: 'https://notes.example/callback', scope: 'openid' })
  const page = await ask(browser, { client_id: clientId, post_logout_redirect_uri: BYE })
  await world.clients.block(call, clientId)
  await frontendTokens(world, browser, account)
  const again = await press(browser, page)
  assert.ok(!String(again).startsWith(BYE), String(again))
  if (await sessions(account)) await press(browser, await ask(browser))
  assert.equal(await press(browser, page), `${world.sites.accounts}/end-session/success`)
})

test('looking gives nobody a session who is not signed in', async () => {
  const all = async (): Promise<number> =>
    (await world.database.collection(sessionsCollection).list(call, { index: 'cookie', limit: 200 })).items.length
  const before = await all()
  const passer = await ask(new Browser(world))
  assert.deepEqual([passer.status, passer.headers['set-cookie']], [303, undefined])
  assert.equal(await all(), before)
})

test('what is asked for by POST, as a hint that is an ID token, is in no address and in no log, and is done all the same', async () => {
  const browser = new Browser(world)
  const { id_token: hint } = await tokensFor(world, browser, { account: 'person-posts' })
  assert.match(hint, /^ey/)
  const form = { id_token_hint: hint, post_logout_redirect_uri: PRINT_SHOP_BYE, state: 'hidden-state', ui_locales: 'de' }
  // As from another site: without cookies.
  const sent = await send(world, { path: '/end-session', form })
  const location = String(sent.headers['location'])
  assert.equal(sent.status, 303)
  assert.deepEqual([...new URLSearchParams(location.slice(location.indexOf('?'))).keys()], ['request', 'ui_locales'])
  assert.doesNotMatch(location, /id_token_hint|hidden-state|ey[\w-]+\./)
  const page = await browser.visit({ path: location })
  assert.equal(page.body.includes(hint), false)
  assert.equal(await press(browser, page), `${PRINT_SHOP_BYE}?state=hidden-state`)
  assert.equal(await sessions('person-posts'), 0)
  await send(world, { path: `/end-session?${new URLSearchParams(form).toString()}` })
  const { logs } = world
  assert.deepEqual(
    logs.filter((line) => line.includes(hint) || line.includes('id_token_hint')),
    [],
  )
})

test('a request that was not sealed here says nothing: the person is only asked', async () => {
  const browser = await signedIn('person-forged')
  const page = await ask(browser, { request: 'AAAA', ui_locales: 'de' })
  assert.equal(page.status, 200)
  assert.equal(await press(browser, page), `${world.sites.accounts}/end-session/success`)
})
