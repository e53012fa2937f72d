// Signing in on another device (RFC 8628): short codes that cannot be guessed or used twice, and a page that shows what they open.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createCounts } from '../../src/auth/accounts/counts.ts'
import { solvedIn } from '../support/accounts.ts'
import { deviceCodesCollection, sessionsCollection } from '../../src/auth/provider/collections.ts'
import { recordId } from '../../src/auth/provider/ids.ts'
import { connectDevice, typeCode, xsrfIn } from '../support/device.ts'
import { Browser, call, claimsOf, codeFor, errorOf, type OauthWorld, openOauth, type Reply, send } from '../support/oauth.ts'
import { everythingStored } from '../support/scenario-database.ts'

const GRANT = 'urn:ietf:params:oauth:grant-type:device_code'

const REPORTS = 'https://reports.example/'

let folder: string
let file: string
let world: OauthWorld

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ninefold-device-'))
  file = join(folder, 'main.db')
  world = await openOauth({
    file,
    definition: { resources: [{ audience: REPORTS, scopes: { 'reports:read': 'see reports' } }] },
    clients: ['tv', 'second-tv'].map((clientId) => ({
      clientId,
      name: 'Picture Frame',
      redirectUris: [],
      origins: [],
      scopes: ['photos:read', 'reports:read'],
      grants: ['device_code'],
    })),
  })
})

after(async () => {
  await world.stop()
  await rm(folder, { recursive: true, force: true })
})

interface Begun {
  readonly device_code: string
  readonly user_code: string
  readonly verification_uri: string
  readonly verification_uri_complete: string
  readonly expires_in: number
  readonly interval: number
}

async function begin(form: Record<string, string> = {}): Promise<Begun> {
  const reply = await send(world, {
    path: '/device-authorization',
    form: { client_id: 'tv', scope: 'openid offline_access photos:read', ...form },
    headers: { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0' },
  })
  assert.equal(reply.status, 200, reply.body)
  return JSON.parse(reply.body)
}

const poll = (deviceCode: string, clientId = 'tv'): Promise<Reply> =>
  send(world, { path: '/token', form: { grant_type: GRANT, client_id: clientId, device_code: deviceCode } })

const storedOf = (deviceCode: string) => world.database.collection(deviceCodesCollection).get(call, recordId(deviceCode))

const connect = (code: string, account: string): Promise<Reply> =>
  connectDevice(world, { code, account, clientId: 'tv', shows: /Picture Frame Firefox on Linux/ })

test('a device gets tokens when somebody has typed its code, signed in and agreed', async () => {
  const metadata = JSON.parse((await send(world, { path: '/.well-known/oauth-authorization-server' })).body)
  assert.equal(metadata.device_authorization_endpoint, `${world.sites.accounts}/device-authorization`)
  const begun = await begin()
  assert.match(begun.user_code, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
  assert.equal(begun.verification_uri, `${world.sites.accounts}/device`)
  assert.ok(begun.expires_in <= 600)
  assert.equal(errorOf(await poll(begun.device_code)), 'authorization_pending')
  await connect(begun.user_code.toLowerCase().replace('-', ' '), 'person-tv')
  const reply = await poll(begun.device_code)
  assert.equal(reply.status, 200, reply.body)
  const tokens = JSON.parse(reply.body)
  const claims = claimsOf(tokens.access_token)
  assert.equal(claims['sub'], 'person-tv')
  assert.deepEqual([claims['scope'], claims['openid_scope']], ['photos:read', 'openid'])
  assert.ok(tokens.refresh_token)
  const again = await poll(begun.device_code)
  assert.equal(errorOf(again), 'invalid_grant', 'a device code is used up')
  const bytes = await everythingStored(file)
  assert.ok(bytes.includes('auth_device_codes'))
  for (const secret of [begun.device_code, begun.user_code, begun.user_code.replace('-', '')]) assert.equal(bytes.includes(secret), false)
})

test('a device that names no resource has a token for the one that its scopes belong to', async () => {
  const begun = await begin({ scope: 'reports:read' })
  await connect(begun.user_code, 'person-reports')
  const claims = claimsOf(JSON.parse((await poll(begun.device_code)).body).access_token)
  assert.deepEqual([claims['aud'], claims['scope']], [REPORTS, 'reports:read'])
})

test('of 20 that ask with one device code at once one gets tokens, and the second use ends them', async () => {
  // Who is first at which point is a matter of chance, and without a refresh token there is another last write.
  for (const scope of ['openid offline_access photos:read', 'openid photos:read', 'openid offline_access photos:read']) {
    const { device_code: deviceCode, user_code: userCode } = await begin({ scope })
    await connect(userCode, 'person-race')
    const replies = await Promise.all(Array.from({ length: 20 }, () => poll(deviceCode)))
    const [won, ...more] = replies.filter(({ status }) => status === 200)
    assert.ok(won !== undefined && more.length === 0, `${more.length}`)
    for (const { status, body } of replies) if (status !== 200) assert.deepEqual([status, errorOf({ body })], [400, 'invalid_grant'])
    const { access_token: token, refresh_token: refreshToken } = JSON.parse(won.body)
    assert.equal(refreshToken !== undefined, scope.includes('offline_access'))
    assert.equal((await send(world, { path: '/userinfo', headers: { authorization: `Bearer ${token}` } })).status, 401)
  }
})

test('a code in the address is only written into the field', async () => {
  const { verification_uri_complete: address, user_code: userCode, device_code: deviceCode } = await begin()
  const { pathname, search } = new URL(address)
  const browser = new Browser(world)
  const page = await browser.visit({ path: pathname + search })
  assert.equal(page.status, 200)
  assert.match(page.body, new RegExp(`name="user_code" value="${userCode}"`))
  assert.doesNotMatch(page.body, /<script/)
  const forged = await browser.visit({ path: '/device?user_code=%22%3E%3Cscript%3E' })
  assert.doesNotMatch(forged.body, /<script/)
  assert.equal(errorOf(await poll(deviceCode)), 'authorization_pending')
})

test('whoever says no tells the device so, and the code is used', async () => {
  const { device_code: deviceCode, user_code: userCode } = await begin()
  const browser = new Browser(world)
  const asked = await typeCode(browser, userCode)
  const done = await browser.visit({ path: '/device', form: { xsrf: xsrfIn(asked), user_code: userCode, abort: 'yes' } })
  assert.match(done.body, /aborted/)
  for (const again of ['once', 'and again, when the answer was lost']) assert.equal(errorOf(await poll(deviceCode)), 'access_denied', again)
  assert.match((await typeCode(new Browser(world), userCode)).body, /used/)
})

test('two browsers with one code: the second is told that it is used', async () => {
  const { device_code: deviceCode, user_code: userCode } = await begin()
  const browsers = [new Browser(world), new Browser(world)]
  const pages = await Promise.all(browsers.map((browser) => typeCode(browser, userCode)))
  const both = await Promise.all(
    browsers.map((browser, index) => {
      const page = pages[index]
      assert.ok(page)
      return browser.visit({ path: '/device', form: { xsrf: xsrfIn(page), user_code: userCode, confirm: 'yes' } })
    }),
  )
  assert.equal(both.filter(({ headers }) => typeof headers['location'] === 'string').length, 1)
  assert.equal(errorOf(await poll(deviceCode)), 'authorization_pending')
})

test('requirement 15: a device that asks for a person by their ID token is connected by nobody else, whether they are signed in or sign in', async () => {
  const first = await begin()
  await connect(first.user_code, 'person-tv-bob')
  const { id_token: hint } = JSON.parse((await poll(first.device_code)).body)
  const signedIn = new Browser(world)
  await codeFor(signedIn, { account: 'person-tv-ada' })
  for (const browser of [new Browser(world), signedIn]) {
    const begun = await begin({ id_token_hint: hint })
    const reply = await typeCode(browser, begun.user_code)
    const confirmed = await browser.visit({ path: '/device', form: { xsrf: xsrfIn(reply), user_code: begun.user_code, confirm: 'yes' } })
    const at = new URL(String(confirmed.headers['location']), world.sites.accounts).pathname
    assert.match((await browser.visit({ path: at })).body, /"login"/)
    const done = await browser.visit({ method: 'POST', path: `${at}/sign-in?account=person-tv-ada` })
    assert.match(done.body, /failed/)
    assert.equal(errorOf(await poll(begun.device_code)), 'login_required')
  }
})

/** By whichever of the answers; what it shows in the end. */
async function goOn(browser: Browser, answer: Reply, account: string): Promise<string> {
  let reply = answer
  for (let hop = 0; hop < 8 && typeof reply.headers['location'] === 'string'; hop += 1) {
    const { pathname, search } = new URL(reply.headers['location'], world.sites.accounts)
    const { prompt } = pathname.startsWith('/interaction/') ? JSON.parse((await browser.visit({ path: pathname })).body) : {}
    const act = prompt === 'login' ? `sign-in?account=${account}` : 'consent?approved=yes'
    reply = await browser.visit(prompt === undefined ? { path: pathname + search } : { method: 'POST', path: `${pathname}/${act}` })
    // The page where the code is to be sent once more.
    const code = /value="([A-Z]{4}-[A-Z]{4})".*again/.exec(reply.body)?.[1]
    if (code !== undefined) {
      const shown = await browser.visit({ path: '/device', form: { xsrf: xsrfIn(reply), user_code: code } })
      reply = await browser.visit({ path: '/device', form: { xsrf: xsrfIn(shown), user_code: code, confirm: 'yes' } })
    }
  }
  return reply.body
}

test('whoever presses yes twice is told by either answer that the device is connected, and goes on by either where something is asked', async () => {
  for (let round = 0; round < 5; round += 1) {
    const account = `person-tv-twice${round}`
    const browser = new Browser(world)
    for (const isKnown of [false, true]) {
      const { device_code: deviceCode, user_code: userCode } = await begin()
      const form = { xsrf: xsrfIn(await typeCode(browser, userCode)), user_code: userCode, confirm: 'yes' }
      const press = (): Promise<Reply> => browser.visit({ path: '/device', form })
      const [first, second] = await Promise.all([press(), press()])
      if (isKnown) assert.match(await goOn(browser, first, account), /connected/)
      assert.match(await goOn(browser, second, account), /connected/)
      assert.match((await press()).body, /connected/, 'and however late')
      assert.equal((await poll(deviceCode)).status, 200)
    }
  }
})

test('whoever has said yes and comes back is led on, or may say no, and nobody else', async () => {
  for (const answer of ['confirm', 'abort']) {
    const { device_code: deviceCode, user_code: userCode } = await begin()
    const browser = new Browser(world)
    const form = { xsrf: xsrfIn(await typeCode(browser, userCode)), user_code: userCode, confirm: 'yes' }
    assert.match(String((await browser.visit({ path: '/device', form })).headers['location']), /^\/interaction\//)
    const later = await browser.visit({ path: '/device', form })
    assert.deepEqual([later.status, later.headers['location']], [303, `/device?user_code=${userCode}&again=yes`])
    assert.match((await typeCode(new Browser(world), userCode)).body, /used/)
    const again = await typeCode(browser, userCode)
    const reply = await browser.visit({ path: '/device', form: { xsrf: xsrfIn(again), user_code: userCode, [answer]: 'yes' } })
    if (answer === 'confirm') assert.match(await goOn(browser, reply, 'person-tv-back'), /connected/)
    else assert.match(reply.body, /aborted/)
    assert.equal(errorOf(await poll(deviceCode)), answer === 'confirm' ? undefined : 'access_denied')
  }
})

test('a form without the secret of the session, an old code and another client are refused', async () => {
  const { device_code: deviceCode, user_code: userCode } = await begin()
  const browser = new Browser(world)
  await browser.visit({ path: '/device' })
  const forged = await browser.visit({ path: '/device', form: { xsrf: 'f'.repeat(48), user_code: userCode, confirm: 'yes' } })
  assert.equal(forged.status, 400)
  assert.equal(errorOf(await poll(deviceCode, 'print-shop')), 'unauthorized_client')
  assert.equal(errorOf(await poll(deviceCode)), 'authorization_pending', 'nothing has changed')
  const reply = await send(world, { path: '/device-authorization', form: { client_id: 'print-shop', scope: 'openid' } })
  assert.equal(errorOf(reply), 'unauthorized_client')
})

test('a code that has expired is told from one that never was, to its own device alone, and opens nothing', async () => {
  const { user_code: userCode, device_code: deviceCode, expires_in: seconds } = await begin()
  world.advance(seconds * 1000 + 1)
  assert.match((await typeCode(new Browser(world), userCode)).body, /unknown|expired/)
  for (let time = 0; time < 2; time += 1) assert.equal(errorOf(await poll(deviceCode)), 'expired_token')
  assert.equal(errorOf(await poll(deviceCode, 'second-tv')), 'invalid_grant')
  assert.equal(errorOf(await poll('x'.repeat(43))), 'invalid_grant')
  world.advance(600_000)
  assert.equal(errorOf(await poll(deviceCode)), 'invalid_grant', 'nothing is kept of it any more')
  world.advance(-600_000 - seconds * 1000 - 1)
})

test('whose session is gone comes to a page that can be sent, with what was typed, from wherever it was', async () => {
  const { user_code: userCode, device_code: deviceCode } = await begin()
  const form = { xsrf: 'f'.repeat(48), user_code: userCode.toLowerCase(), confirm: 'yes' }
  const browser = new Browser(world)
  const sent = await browser.visit({ path: '/device', form })
  assert.equal(sent.status, 303)
  const location = String(sent.headers['location'])
  assert.equal(location, `/device?user_code=${userCode}&again=yes`)
  assert.deepEqual(browser.cookieNames, [], 'nothing is stored for whoever only sends')
  const page = await browser.visit({ path: location })
  assert.equal(page.status, 200)
  assert.match(page.body, new RegExp(`value="${userCode}".*again`))
  const shown = await browser.visit({ path: '/device', form: { xsrf: xsrfIn(page), user_code: userCode } })
  assert.match(shown.body, /Picture Frame/)
  for (const hostile of [{}, { user_code: '"><script>' }, { xsrf: 'x', user_code: '\u0000' }]) {
    const reply = await new Browser(world).visit({ path: '/device', form: hostile })
    assert.deepEqual([reply.status, reply.headers['location']], [303, '/device?again=yes'])
  }
  assert.equal(errorOf(await poll(deviceCode)), 'authorization_pending', 'nothing has changed')
})

test('no page of the engine fails for whoever has no session, or one that is gone', async () => {
  const pages = ['/authorize', '/end-session', '/end-session/success', '/device']
  const forms = ['/end-session/confirm', '/device', '/authorize', '/end-session']
  const gone = new Browser(world)
  await gone.visit({ path: '/device' })
  const sessions = world.database.collection(sessionsCollection)
  for (const { value } of (await sessions.list(call, { index: 'account', limit: 500 })).items) await sessions.delete(call, value.id)
  for (const browser of [() => new Browser(world), () => gone]) {
    for (const path of pages) assert.ok((await browser().visit({ path })).status < 500, path)
    for (const path of forms) assert.ok((await browser().visit({ path, form: { xsrf: 'x', logout: 'yes' } })).status < 500, path)
  }
  assert.deepEqual(
    world.logs.filter((line) => line.includes('"level":50')),
    [],
  )
})

test('after many wrong codes from everywhere none is looked up without a solved puzzle, and whoever was right goes on', async () => {
  const counts = createCounts(world.cache, world.clock)
  await counts.add(call, 'code:everybody', { by: 300, ttlMs: 600_000 })
  const { user_code: userCode, device_code: deviceCode } = await begin()
  const browser = new Browser(world)
  const without = await typeCode(browser, userCode)
  assert.equal(without.status, 422)
  assert.match(without.body, /puzzle/)
  assert.doesNotMatch(without.body, /Picture Frame/, 'nothing is told of the code')
  const guess = await typeCode(new Browser(world), 'BBBB-BBBB')
  assert.equal(
    guess.body.replaceAll(/value="\w*"|data-puzzle="[^"]*"/g, ''),
    without.body.replaceAll(/value="\w*"|data-puzzle="[^"]*"/g, ''),
  )
  const solved = solvedIn(without.body) ?? assert.fail('no puzzle')
  const shown = await browser.visit({ path: '/device', form: { xsrf: xsrfIn(without), user_code: userCode, ...solved } })
  assert.match(shown.body, /Picture Frame/)
  const again = await browser.visit({ path: '/device', form: { xsrf: xsrfIn(shown), user_code: userCode, ...solved, confirm: 'yes' } })
  assert.equal(again.status, 422, 'a puzzle is good once')
  const next = solvedIn(again.body) ?? assert.fail('no puzzle')
  const done = await browser.visit({ path: '/device', form: { xsrf: xsrfIn(again), user_code: userCode, ...next, confirm: 'yes' } })
  assert.match(String(done.headers['location']), /\/interaction\//)
  assert.equal(errorOf(await poll(deviceCode)), 'authorization_pending')
  await counts.forget(call, 'code:everybody')
})

test('a device that does not wait is told to slow down, five seconds more each time', async () => {
  const { device_code: deviceCode, user_code: userCode, interval } = await begin()
  assert.equal(interval, 5)
  const after = async (ms: number): Promise<string> => {
    world.advance(ms)
    return errorOf(await poll(deviceCode))
  }
  const before = await storedOf(deviceCode)
  for (let round = 0; round < 3; round += 1) assert.equal(await after(5000), 'authorization_pending', 'an honest device')
  assert.equal(await after(4500), 'authorization_pending', 'the network is given a second')
  assert.deepEqual(await storedOf(deviceCode), before, 'an honest poll costs no write')
  assert.equal(await after(3000), 'slow_down')
  assert.equal(await after(5000), 'slow_down', 'what was enough before is not any more')
  assert.equal(await after(10_000), 'slow_down')
  assert.equal((await storedOf(deviceCode))?.value.pollSeconds, 20)
  assert.equal(await after(20_000), 'authorization_pending')
  assert.equal(await after(20_000), 'authorization_pending')
  await connect(userCode, 'person-hurry')
  assert.equal((await poll(deviceCode)).status, 200, 'once decided there is nothing to wait for')
})

test('of many polls at once one is answered, each other code keeps its own pace, and nobody else can slow a device down', async () => {
  const { device_code: deviceCode } = await begin()
  const { device_code: other } = await begin()
  const errors = (await Promise.all(Array.from({ length: 10 }, () => poll(deviceCode)))).map(errorOf)
  assert.equal(errors.filter((error) => error === 'authorization_pending').length, 1)
  assert.equal(errors.filter((error) => error === 'slow_down').length, 9)
  for (let round = 0; round < 4; round += 1) assert.notEqual(errorOf(await poll(other, 'second-tv')), 'slow_down')
  assert.equal(errorOf(await poll(other)), 'authorization_pending')
})

test('a device that never waits causes few writes', async () => {
  const { device_code: deviceCode } = await begin()
  for (let round = 0; round < 70; round += 1) await poll(deviceCode)
  const { version, value } = (await storedOf(deviceCode)) ?? {}
  assert.equal(value?.pollSeconds, 300)
  for (let round = 0; round < 5; round += 1) assert.equal(errorOf(await poll(deviceCode)), 'slow_down')
  assert.equal((await storedOf(deviceCode))?.version, version)
})

test('short codes cannot be guessed: an address that has tried ten is sent away', async () => {
  const { user_code: userCode, device_code: deviceCode } = await begin()
  const browser = new Browser(world)
  let last: Reply | undefined
  for (let round = 0; round < 14 && last?.status !== 429; round += 1) last = await typeCode(browser, 'BBBB-BBBB')
  assert.equal(last?.status, 429)
  assert.match(last?.body ?? '', /often/)
  assert.equal((await typeCode(browser, userCode)).status, 429, 'the right one too')
  assert.equal(errorOf(await poll(deviceCode)), 'authorization_pending')
})
