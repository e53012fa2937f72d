// What a yes is good for: the client that it was given to, as that looked then, and nothing that comes after it.
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import type { Collection } from '../../src/database/contract.ts'
import { type ConsentRecord, consentsCollection, type GrantRecord, grantsCollection } from '../../src/auth/provider/collections.ts'
import { type Asking, type SignedIn, signInTo } from '../support/client-sign-in.ts'
import { Browser, call, claimsOf, errorOf, type OauthWorld, openOauth, send } from '../support/oauth.ts'
import { until } from '../support/until.ts'

const CALLBACK = 'https://shop.example/callback'
const OTHER = 'https://shop.example/other'
const EVIL = 'https://evil.example/callback'
const REPORTS = 'https://reports.example/'
const SHOP = { redirect_uris: [CALLBACK, OTHER], client_name: 'Shop', token_endpoint_auth_method: 'none' }
const HOUR_MS = 3_700_000
const DAY_MS = 86_400_000

let world: OauthWorld
let consents: Collection<ConsentRecord>
let grants: Collection<GrantRecord>
let origin: string
let said: Record<string, unknown> = SHOP
const host = createServer((request: IncomingMessage, response: ServerResponse) => {
  response
    .writeHead(200, { 'content-type': 'application/json' })
    .end(JSON.stringify({ ...said, client_id: `${origin}${request.url ?? ''}` }))
})

before(async () => {
  const scopes = ['profile', 'email', 'photos:read', 'reports:read']
  const registration = { documents: true, dynamic: 'anyone', scopes, unusedDays: 10 } as const
  const resources = [{ audience: REPORTS, scopes: { 'reports:read': 'see reports' } }]
  world = await openOauth({ definition: { registration, resources }, withJobs: true })
  consents = world.database.collection(consentsCollection)
  grants = world.database.collection(grantsCollection)
  await new Promise<void>((done) => host.listen(0, '127.0.0.1', done))
  origin = `http://127.0.0.1:${(host.address() as AddressInfo).port}`
})
after(async () => {
  host.close()
  await world.stop()
})

interface Own {
  readonly clientId: string
  readonly token: string
}

async function looksAfter(method: 'POST' | 'PUT', own: Partial<Own>, metadata: Record<string, unknown>): Promise<Own> {
  const { clientId, token } = own
  const headers = { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) }
  const path = clientId === undefined ? '/register' : `/register/${clientId}`
  const reply = await send(world, { method, path, headers, text: JSON.stringify({ ...SHOP, client_id: clientId, ...metadata }) })
  assert.match(String(reply.status), /^20[01]$/, reply.body)
  const { client_id: id, registration_access_token: next } = JSON.parse(reply.body)
  return { clientId: id, token: next }
}

const register = (metadata: Record<string, unknown> = {}): Promise<Own> => looksAfter('POST', {}, metadata)

/** A process may remember a client as it was for a second; a process that has changed it does not. */
const change = (own: Own, metadata: Record<string, unknown>): Promise<Own> => looksAfter('PUT', own, metadata)

interface Person {
  readonly browser: Browser
  readonly account: string
}

let people = 0
const somebody = (): Person => ({ browser: new Browser(world), account: `person-consenting-${(people += 1)}` })

const visit = (person: Person, clientId: string, asking: Partial<Asking> = {}): Promise<SignedIn> =>
  signInTo(world, clientId, { ...person, redirectUri: CALLBACK, scope: 'openid email photos:read', ...asking })

const consentOf = async ({ account: accountId }: Person, clientId: string): Promise<ConsentRecord | undefined> =>
  (await consents.list(call, { index: 'account', where: { accountId, clientId }, limit: 2 })).items[0]?.value

const userinfo = async (token: string): Promise<string[]> =>
  Object.keys(JSON.parse((await send(world, { path: '/userinfo', headers: { authorization: `Bearer ${token}` } })).body))

describe('requirement 21: what a client that came by itself was allowed', () => {
  test('is asked for again when it sends people elsewhere or has another name, and is not when it is as before', async () => {
    const person = somebody()
    let shop = await register()
    const { clientId } = shop
    assert.deepEqual((await visit(person, clientId)).asked, ['login', 'consent'])
    assert.deepEqual((await visit(person, clientId)).asked, [])
    shop = await change(shop, { redirect_uris: [CALLBACK, EVIL], client_uri: 'https://shop.example/' })
    assert.deepEqual((await visit(person, clientId)).asked, [], 'where this one sends people has not changed')
    const refused = await visit({ ...person }, clientId, { redirectUri: EVIL })
    assert.deepEqual([refused.asked, refused.location.origin], [['consent'], 'https://evil.example'])
    shop = await change(shop, { client_name: 'Quite another' })
    assert.deepEqual((await visit(person, clientId)).asked, ['consent'])
    assert.deepEqual((await visit(person, clientId)).asked, [])
    await change(shop, {})
    assert.deepEqual((await visit(person, clientId)).asked, [], 'this is what the first yes was for')
  })

  test('is no yes for what it asks under another name, or from elsewhere', async () => {
    const person = somebody()
    const { clientId } = await register({ redirect_uris: [CALLBACK, OTHER, EVIL] })
    await visit(person, clientId)
    assert.deepEqual((await visit(person, clientId, { redirectUri: EVIL, scope: 'openid' })).asked, ['consent'])
    const more = await visit(person, clientId, { redirectUri: EVIL, scope: 'openid email photos:read' })
    assert.deepEqual(more.asked, ['consent'], 'the address and the photos were for somebody else')
    assert.deepEqual((await visit(person, clientId, { redirectUri: OTHER })).asked, ['consent'])
    for (const redirectUri of [CALLBACK, EVIL, OTHER])
      assert.deepEqual((await visit(person, clientId, { redirectUri })).asked, [], `once for each: ${redirectUri}`)
  })

  test('is what the page has named, whatever the client calls itself until the answer is here', async () => {
    const person = somebody()
    const shop = await register()
    let changed = false
    const meanwhile = async (): Promise<void> => {
      if (!changed) await change(shop, { client_name: 'Quite another' })
      changed = true
    }
    assert.deepEqual((await visit(person, shop.clientId, { meanwhile })).asked, ['login', 'consent', 'consent'])
    assert.deepEqual((await visit(person, shop.clientId)).asked, [])
  })

  test('does not grow without end, and is asked for once more when it was kept without what it was for', async () => {
    const person = somebody()
    let shop = await register()
    const { clientId } = shop
    for (let round = 0; round < 22; round += 1) {
      shop = await change(shop, { client_name: `Shop ${round}` })
      await visit(person, clientId)
    }
    const kept = (await consentOf(person, clientId)) ?? assert.fail('no consent')
    assert.equal(kept.appearances?.length, 20)
    const local = await register({ redirect_uris: ['http://127.0.0.1/callback'] })
    for (const port of [5001, 5002]) await visit(person, local.clientId, { redirectUri: `http://127.0.0.1:${port}/callback` })
    assert.equal((await consentOf(person, local.clientId))?.appearances?.length, 1, 'a program on the own machine listens anywhere')
    await consents.update(call, kept.id, { set: { appearances: undefined } })
    assert.deepEqual((await visit(person, clientId)).asked, ['consent'])
    assert.deepEqual((await visit(person, clientId)).asked, [])
  })

  test('is asked for again when its document has changed, and whether or not operators have vouched for it before', async () => {
    const clientId = `${origin}/moving.json`
    const [early, late] = [somebody(), somebody()]
    await visit(early, clientId)
    await world.clients.change(call, clientId, { verified: true })
    assert.deepEqual((await visit(late, clientId)).asked, ['login', 'consent'])
    world.advance(HOUR_MS)
    said = { ...SHOP, redirect_uris: [EVIL] }
    for (const person of [early, late]) assert.deepEqual((await visit(person, clientId, { redirectUri: EVIL })).asked, ['consent'])
    said = SHOP
    world.advance(-HOUR_MS)
  })
})

test('what an operator changes of a client, people are not asked about again', async () => {
  const person = somebody()
  const named = { clientId: 'named-by-us', name: 'Ours', redirectUris: [CALLBACK], origins: [], scopes: ['email', 'photos:read'] }
  await world.clients.add(call, named)
  assert.deepEqual((await visit(person, named.clientId)).asked, ['login', 'consent'])
  await world.clients.change(call, named.clientId, { name: 'Ours, moved', redirectUris: [OTHER] })
  assert.deepEqual((await visit(person, named.clientId, { redirectUri: OTHER })).asked, [])
  assert.equal((await consentOf(person, named.clientId))?.appearances, undefined)
})

describe('requirement 21: a yes is for what the page has named', () => {
  const BOTH = 'openid photos:read reports:read'

  test('and not for scopes of another resource, whoever the client is', async () => {
    const ours = { clientId: 'of-both', name: 'Of both', redirectUris: [CALLBACK], origins: [], scopes: ['photos:read', 'reports:read'] }
    await world.clients.add(call, ours)
    for (const clientId of [ours.clientId, (await register()).clientId]) {
      const person = somebody()
      const first = await visit(person, clientId, { scope: BOTH })
      assert.deepEqual(first.named, [['photos:read']])
      const kept = await consentOf(person, clientId)
      assert.deepEqual(
        [kept?.scopes, kept?.named],
        [
          ['openid', 'photos:read'],
          ['openid', 'photos:read'],
        ],
      )
      const second = await visit(person, clientId, { scope: 'reports:read', resource: REPORTS })
      assert.deepEqual([second.asked, second.named], [['consent'], [['reports:read']]])
      const { access_token: token } = JSON.parse((await send(world, { path: '/token', form: second.form })).body)
      assert.deepEqual([claimsOf(token)['aud'], claimsOf(token)['scope']], [REPORTS, 'reports:read'])
      for (const asking of [{ scope: BOTH }, { scope: 'reports:read', resource: REPORTS }])
        assert.deepEqual((await visit(person, clientId, asking)).asked, [], 'both are allowed now')
    }
  })

  test('also when the client is registered for more until the answer is here', async () => {
    const person = somebody()
    const shop = await register({ scope: 'openid' })
    let changed = false
    const meanwhile = async (): Promise<void> => {
      if (!changed) await change(shop, { scope: 'openid photos:read' })
      changed = true
    }
    const { named } = await visit(person, shop.clientId, { scope: 'openid photos:read', meanwhile })
    assert.deepEqual(named, [[], ['photos:read']])
  })

  test('and one of before that was kept counts for what is sure to have been on it', async () => {
    for (const { clientId } of [{ clientId: 'of-both' }, await register()]) {
      const person = somebody()
      await visit(person, clientId, { scope: 'openid offline_access photos:read' })
      const { id, appearances } = (await consentOf(person, clientId)) ?? assert.fail('no consent')
      const scopes = ['openid', 'offline_access', 'photos:read', 'reports:read']
      const wider = appearances?.map((one) => ({ ...one, scopes }))
      await consents.update(call, id, { set: { scopes, named: undefined, appearances: wider } })
      assert.deepEqual((await visit(person, clientId, { scope: 'openid offline_access' })).asked, [])
      const again = await visit(person, clientId, { scope: 'openid photos:read' })
      assert.deepEqual(again.named, [['photos:read']])
      const other = await visit(person, clientId, { scope: 'reports:read', resource: REPORTS })
      assert.deepEqual(other.named, [['reports:read']], 'the yes to the photos has not made the rest good')
      assert.deepEqual((await consentOf(person, clientId))?.scopes, scopes, 'what may be held still is on the account page')
    }
  })
})

test('requirement 21: what a client got without asking it has no more when it has to ask, but what it had before lasts', async () => {
  const person = somebody()
  const trusted = {
    clientId: 'trusted',
    name: 'Trusted',
    redirectUris: [CALLBACK],
    origins: [],
    scopes: ['email', 'profile', 'photos:read'],
  }
  await world.clients.add(call, { ...trusted, consent: 'never' })
  const unasked = await visit(person, 'trusted', { scope: 'openid offline_access email profile photos:read' })
  assert.deepEqual(unasked.asked, ['login'])
  const { access_token: earlier, refresh_token: before } = JSON.parse((await send(world, { path: '/token', form: unasked.form })).body)
  await world.clients.change(call, 'trusted', { consent: 'once' })
  const asked = await visit(person, 'trusted', { scope: 'openid' })
  const { access_token: token } = JSON.parse((await send(world, { path: '/token', form: asked.form })).body)
  assert.deepEqual([asked.asked, await userinfo(token)], [['consent'], ['sub']])
  assert.notEqual(claimsOf(token)['sid'], claimsOf(earlier)['sid'], 'of another grant')
  assert.deepEqual((await visit(person, 'trusted', { scope: 'openid photos:read' })).asked, ['consent'])
  const form = { grant_type: 'refresh_token', client_id: 'trusted', refresh_token: before }
  const reply = await send(world, { path: '/token', form })
  assert.deepEqual([reply.status, JSON.parse(reply.body).scope], [200, 'openid profile email photos:read'])
})

test('requirement 52: a client that is forgotten takes along what it was allowed, and whoever has its address then begins with nothing', async () => {
  const person = somebody()
  const clientId = `${origin}/sold.json`
  const [used, unused] = [await register(), await register()]
  await world.clients.add(call, { clientId: 'kept', name: 'Kept', redirectUris: [CALLBACK], origins: [], scopes: ['photos:read'] })
  const tokens: Record<string, string>[] = []
  for (const id of [clientId, used.clientId]) {
    const { form } = await visit(person, id, { scope: 'openid offline_access photos:read' })
    const { refresh_token: token } = JSON.parse((await send(world, { path: '/token', form })).body)
    tokens.push({ grant_type: 'refresh_token', client_id: id, refresh_token: token })
  }
  await visit(person, unused.clientId)
  world.advance(9 * DAY_MS)
  await until('whoever had no token is forgotten', async () => (await world.clients.find(call, unused.clientId)) === undefined)
  for (const id of [clientId, used.clientId]) assert.ok(await consentOf(person, id), 'and nobody else')
  world.advance(2 * DAY_MS)
  for (const id of [clientId, used.clientId, unused.clientId])
    await until(`what ${id} was allowed is gone`, async () => {
      const { items } = await grants.list(call, { index: 'client', where: { clientId: id }, limit: 10 })
      return (await consentOf(person, id)) === undefined && items.every(({ value }) => value.endedAt !== undefined)
    })
  assert.equal(await world.clients.find(call, clientId), undefined)
  assert.ok(await world.clients.find(call, 'kept'), 'what operators register stays')
  assert.deepEqual((await visit(person, clientId)).asked, ['consent'])
  const replies = await Promise.all(tokens.map((form) => send(world, { path: '/token', form })))
  assert.deepEqual(replies.map(errorOf), ['invalid_grant', 'invalid_client'])
  world.advance(-11 * DAY_MS)
})
