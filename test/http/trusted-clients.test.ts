// What operators say of clients that describe themselves: trust ends when what they have vouched for changes, restrictions are never forgotten, and
// whole places of documents are refused.
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { callAs } from '#kernel/call.ts'
import { asPlace, placeOf } from '../../src/auth/client-documents/place.ts'
import { SECURITY_EVENT } from '../../src/auth/security-events/security-event.ts'
import { type Asking, type SignedIn, signInTo } from '../support/client-sign-in.ts'
import { Browser, call, claimsOf, errorOf, type OauthWorld, openOauth, send } from '../support/oauth.ts'
import { until } from '../support/until.ts'

const CALLBACK = 'https://notes.example/callback'
const ELSEWHERE = 'https://elsewhere.example/callback'
const GOOD = {
  redirect_uris: [CALLBACK],
  client_name: 'Notes',
  token_endpoint_auth_method: 'none',
  scope: 'openid photos:read photos:write',
}
const HOUR_MS = 3_700_000
const DAY_MS = 86_400_000

let world: OauthWorld
let origin: string
let said: Record<string, unknown>
let requests = 0
const changed: string[] = []
const host = createServer((request: IncomingMessage, response: ServerResponse) => {
  requests += 1
  const body = { ...GOOD, client_id: `${origin}${request.url ?? ''}`, ...said }
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
})

before(async () => {
  world = await openOauth({ definition: { registration: { documents: true, dynamic: 'anyone' } }, withJobs: true })
  await new Promise<void>((done) => host.listen(0, '127.0.0.1', done))
  origin = `http://127.0.0.1:${(host.address() as AddressInfo).port}`
  said = {}
  world.database.tail({
    topics: [SECURITY_EVENT],
    handle: (events) => {
      for (const { data } of events) if (Object(data)['type'] === 'client.changed') changed.push(String(Object(data)['about']))
    },
  })
})
after(async () => {
  host.close()
  await world.stop()
})

const signIn = (clientId: string, asking: Partial<Asking> = {}): Promise<SignedIn> =>
  signInTo(world, clientId, { account: 'person-trust', redirectUri: CALLBACK, ...asking })

async function tokensOf(clientId: string, asking?: Asking): Promise<{ access: string; refresh: Record<string, string> }> {
  const reply = await send(world, { path: '/token', form: (await signIn(clientId, asking)).form })
  assert.equal(reply.status, 200, reply.body)
  const { access_token: access, refresh_token: refreshToken } = JSON.parse(reply.body)
  return { access, refresh: { grant_type: 'refresh_token', client_id: clientId, refresh_token: refreshToken } }
}

const shown = async (clientId: string) => (await world.clients.find(call, clientId)) ?? assert.fail(`no ${clientId}`)

async function register(change: Record<string, unknown> = {}): Promise<{ clientId: string; token: string }> {
  const headers = { 'content-type': 'application/json' }
  const reply = await send(world, { path: '/register', headers, text: JSON.stringify({ ...GOOD, ...change }) })
  const { client_id: clientId, registration_access_token: token } = JSON.parse(reply.body)
  return { clientId, token }
}

async function rewrite({ clientId, token }: { clientId: string; token: string }, change: Record<string, unknown>): Promise<string> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const text = JSON.stringify({ ...GOOD, client_id: clientId, ...change })
  const reply = await send(world, { method: 'PUT', path: `/register/${clientId}`, headers, text })
  assert.equal(reply.status, 200, reply.body)
  return JSON.parse(reply.body).registration_access_token
}

describe('a client that operators have vouched for', () => {
  test('is trusted no more when its document changes name and redirect URIs, not even by whoever is signed in, until it is vouched for anew', async () => {
    const clientId = `${origin}/vouched.json`
    await signIn(clientId, { account: 'person-first' })
    await world.clients.change(call, clientId, { verified: true, consent: 'never', lifetimes: { accessToken: 60 } })
    const browser = new Browser(world)
    assert.deepEqual((await signIn(clientId, { browser })).asked, ['login'])
    world.advance(HOUR_MS)
    said = { client_name: 'Pixel Diary Support', redirect_uris: [ELSEWHERE] }
    const known = await signIn(clientId, { browser, redirectUri: ELSEWHERE })
    assert.deepEqual(known.asked, ['consent'])
    assert.deepEqual((await signIn(clientId, { account: 'person-next', redirectUri: ELSEWHERE })).asked, ['login', 'consent'])
    const { definition, lapsed } = await shown(clientId)
    assert.deepEqual([definition.name, definition.verified, definition.consent], ['Pixel Diary Support', false, undefined])
    assert.deepEqual([lapsed?.name, lapsed?.redirectUris, definition.lifetimes], ['Notes', [CALLBACK], { accessToken: 60 }])
    await until('the event', () => changed.filter((about) => about === 'Notes').length === 2)
    world.advance(HOUR_MS)
    said = {}
    assert.deepEqual((await signIn(clientId, { account: 'person-back' })).asked, ['login', 'consent'], 'nor when it changes back')
    assert.ok((await shown(clientId)).lapsed)
    await world.clients.change(call, clientId, { scopes: ['photos:read'] })
    assert.ok((await shown(clientId)).lapsed, 'this says nothing of its trust')
    await world.clients.change(call, clientId, { consent: 'never' })
    assert.equal((await shown(clientId)).lapsed, undefined)
    assert.deepEqual((await signIn(clientId, { account: 'person-anew' })).asked, ['login'])
    world.advance(-2 * HOUR_MS)
  })

  for (const [what, change, isTrusted] of [
    ['its name alone', { client_name: 'Other' }, false],
    ['one more redirect URI', { redirect_uris: [CALLBACK, ELSEWHERE] }, false],
    ['nothing of it', { client_uri: 'https://notes.example/', redirect_uris: [CALLBACK, CALLBACK] }, true],
  ] as const)
    test(`is ${isTrusted ? 'still trusted' : 'trusted no more'} when its document changes ${what}`, async () => {
      const clientId = `${origin}/${encodeURIComponent(what)}.json`
      await signIn(clientId)
      await world.clients.change(call, clientId, { verified: true })
      world.advance(HOUR_MS)
      said = change
      await signIn(clientId)
      const view = await shown(clientId)
      assert.deepEqual([view.definition.verified, view.lapsed === undefined], [isTrusted, isTrusted])
      said = {}
      world.advance(-HOUR_MS)
    })

  test('is trusted no more when it changes its own registration, unless operators say its name and where it sends people', async () => {
    const own = await register()
    await world.clients.change(call, own.clientId, { verified: true, consent: 'never' })
    const token = await rewrite(own, { client_uri: 'https://notes.example/' })
    assert.deepEqual((await signIn(own.clientId)).asked, ['login'])
    await rewrite({ ...own, token }, { redirect_uris: [ELSEWHERE] })
    assert.deepEqual((await signIn(own.clientId, { account: 'person-own', redirectUri: ELSEWHERE })).asked, ['login', 'consent'])
    const { definition, lapsed } = await shown(own.clientId)
    assert.deepEqual([definition.verified, lapsed?.redirectUris], [false, [CALLBACK]])
    const fixed = await register()
    await world.clients.change(call, fixed.clientId, { verified: true, name: 'Notes', redirectUris: [CALLBACK] })
    await rewrite(fixed, { redirect_uris: [ELSEWHERE], client_name: 'Other' })
    const stays = await shown(fixed.clientId)
    assert.deepEqual([stays.definition.verified, stays.definition.redirectUris, stays.lapsed], [true, [CALLBACK], undefined])
  })
})

describe('a client for which nobody is asked', () => {
  test('gets no scope more by saying so, unless operators have said which it may have', async () => {
    const own = await register({ scope: 'openid photos:read' })
    await world.clients.change(call, own.clientId, { verified: true, consent: 'never' })
    const browser = new Browser(world)
    assert.deepEqual((await signIn(own.clientId, { browser })).asked, ['login'])
    const token = await rewrite(own, { scope: 'openid profile' })
    assert.ok((await shown(own.clientId)).lapsed)
    await world.clients.change(call, own.clientId, { verified: true, consent: 'never' })
    const next = await rewrite({ ...own, token }, { scope: 'openid' })
    assert.equal((await shown(own.clientId)).lapsed, undefined, 'less is no more')
    await rewrite({ ...own, token: next }, { scope: 'openid email' })
    assert.deepEqual((await signIn(own.clientId, { browser })).asked, ['consent'])
    const { definition, lapsed } = await shown(own.clientId)
    assert.deepEqual([definition.consent, definition.verified, lapsed?.scopes], [undefined, false, []])
    const bounded = await register({ scope: 'openid photos:read' })
    await world.clients.change(call, bounded.clientId, { consent: 'never', scopes: ['photos:read'] })
    const again = await rewrite(bounded, { scope: 'openid' })
    await rewrite({ ...bounded, token: again }, { scope: 'openid photos:read photos:write' })
    const stays = await shown(bounded.clientId)
    assert.deepEqual([stays.definition.consent, stays.definition.scopes, stays.lapsed], ['never', ['photos:read'], undefined])
  })

  test('loses what it got without a question when it is trusted no more', async () => {
    const own = await register()
    await world.clients.change(call, own.clientId, { consent: 'never' })
    const { refresh } = await tokensOf(own.clientId)
    const token = await rewrite(own, { client_uri: 'https://notes.example/' })
    const kept = await send(world, { path: '/token', form: refresh })
    assert.equal(kept.status, 200, kept.body)
    await rewrite({ ...own, token }, { client_name: 'Other' })
    const ended = await send(world, { path: '/token', form: { ...refresh, refresh_token: JSON.parse(kept.body).refresh_token } })
    assert.equal(ended.status, 400)
    assert.equal(JSON.parse(ended.body).error, 'invalid_grant')
  })
})

describe('what operators restrict', () => {
  test('is not forgotten with a client that gets no token, of a document or registered by itself', async () => {
    const clientId = `${origin}/restricted.json`
    await signIn(clientId)
    await world.clients.change(call, clientId, { scopes: ['photos:read'], consent: 'always' })
    const own = await register()
    await world.clients.change(call, own.clientId, { scopes: ['photos:read'] })
    world.advance(DAY_MS + 1)
    const { access } = await tokensOf(clientId)
    assert.equal(claimsOf(access)['scope'], 'photos:read')
    await rewrite(own, {})
    world.advance(60 * DAY_MS)
    for (const id of [clientId, own.clientId]) assert.deepEqual((await shown(id)).definition.scopes, ['photos:read'])
    await world.clients.block(call, clientId)
    await world.clients.unblock(call, clientId)
    world.advance(60 * DAY_MS)
    assert.equal((await shown(clientId)).definition.consent, 'always')
    assert.equal(await world.clients.remove(call, clientId), true, 'an operator forgets it')
    world.advance(-121 * DAY_MS - 1)
  })
})

describe('a blocked place of documents', () => {
  const userinfo = async (access: string): Promise<number> =>
    (await send(world, { path: '/userinfo', headers: { authorization: `Bearer ${access}` } })).status

  test('is refused whatever the address is, known or not, with all that its clients have, until that is undone', async () => {
    const clientId = `${origin}/evil.json`
    const { access, refresh } = await tokensOf(clientId)
    const blocked = await world.clients.block(call, `${origin}/`)
    assert.deepEqual([blocked.definition.clientId, typeof blocked.blockedAt], [origin, 'number'])
    assert.equal(await userinfo(access), 401)
    const before = requests
    for (const id of [clientId, `${clientId}?1`, `${origin}/evil2.json`, origin]) {
      const { last, form } = await signIn(id)
      assert.match(last.body, /invalid_client/)
      assert.equal(form['code'], '')
    }
    assert.equal(requests, before, 'its host is not asked')
    assert.equal(errorOf(await send(world, { path: '/token', form: refresh })), 'invalid_client')
    const { items } = await world.revocations.list(call)
    assert.ok(items.some(({ kind, subject }) => kind === 'account' && subject === `client:${clientId}`))
    const views = (await world.clients.list(call)).items.filter(({ blockedAt }) => blockedAt !== undefined)
    for (const id of [origin, clientId])
      assert.ok(
        views.some(({ definition }) => definition.clientId === id),
        id,
      )
    assert.ok((await shown(clientId)).blockedAt)
    await assert.rejects(world.clients.unblock(call, clientId), /All of http/)
    await assert.rejects(world.clients.change(call, origin, { scopes: [] }), /no client/)
    world.advance(120 * DAY_MS)
    assert.match((await signIn(clientId)).last.body, /invalid_client/)
    // The job of the block ends what was under way at its moment, and may come late.
    world.advance(3000 - 120 * DAY_MS)
    await world.clients.unblock(call, origin)
    assert.deepEqual((await signIn(clientId)).asked, ['login', 'consent'])
    assert.equal(await userinfo(access), 401, 'what it had is not back')
    assert.equal(errorOf(await send(world, { path: '/token', form: refresh })), 'invalid_grant')
    assert.equal(await world.clients.find(call, origin), undefined)
    const left = (await world.clients.list(call)).items
    assert.equal(
      left.some(({ definition }) => definition.clientId === origin),
      false,
    )
  })

  test('is named by operators alone, and may be one of which nobody has come yet', async () => {
    await assert.rejects(world.clients.block(callAs(call, { kind: 'anonymous' }), origin))
    await assert.rejects(world.clients.block(call, 'http://notes.example'), /no client/)
    await assert.rejects(world.clients.unblock(call, 'https://never.example'), /no client/)
    assert.equal((await world.clients.block(call, 'https://Never.example.:8443')).definition.clientId, 'https://never.example')
    assert.ok((await world.clients.block(call, 'https://never.example')).blockedAt, 'twice is once')
    assert.match((await signIn('https://never.example/client.json')).last.body, /invalid_client/)
    assert.deepEqual((await signIn(`${origin}/free.json`)).asked, ['login', 'consent'])
  })

  test('is a host, however its address is written', () => {
    for (const address of ['https://h.example/a', 'https://H.example./b?c', 'https://h.example:8443/', 'https://%68.example/'])
      assert.equal(placeOf(address), 'https://h.example')
    assert.equal(placeOf('https://sub.h.example/'), 'https://sub.h.example')
    for (const other of ['print-shop', 'mailto:a@h.example', '']) assert.equal(placeOf(other), undefined)
    for (const other of ['https://h.example/a', 'https://a@h.example', 'https://h.example?a', 'http://h.example', 'h.example'])
      assert.equal(asPlace(other, true), undefined, other)
    assert.equal(asPlace('http://127.0.0.1:80', false), undefined)
  })
})
