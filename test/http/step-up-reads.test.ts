// Reads that need a fresh or a stronger sign-in (RFC 9470): one object, lists, what stands in other objects, and what is followed.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { callAs, systemCall, type UserPrincipal } from '#kernel/call.ts'
import { z } from '#kernel/schema.ts'
import { resource } from '../../src/resource/definition.ts'
import { checkAccess } from '../../src/resource/check-access.ts'
import { compileResource, type Resource } from '../../src/resource/compile.ts'
import type { AccessGrant, ResourceDefinition } from '../../src/resource/contract.ts'
import { ruleFor } from '../../src/resource/rule.ts'
import { realtimeWorld, type RealtimeWorld, type SocketMessage } from '../support/realtime-world.ts'
import { until } from '../support/until.ts'
import { ask } from './gateway-support.ts'

const scopes = { read: 'photos:read', write: 'photos:write' }
const STRONG = 'urn:strong'
const access = [
  { who: 'user', may: ['create'] },
  { who: 'owner', may: ['list', 'get', 'update', 'delete'] },
] as const
const indexes = { byOwner: { fields: ['ownerId', 'createdAt'] } } as const
const vault = resource('vault', {
  schema: z.strictObject({ secret: z.string() }),
  indexes,
  scopes,
  access,
  stepUp: { list: { acr: [STRONG], maxAgeSeconds: 60 }, get: { acr: [STRONG], maxAgeSeconds: 60 } },
})
const links = resource('links', {
  schema: z.strictObject({ to: z.string() }),
  indexes,
  scopes,
  access,
  relations: { entry: { field: 'to', to: 'vault' } },
})

const seconds = (): number => Math.floor(Date.now() / 1000)
const fresh = (age = 0): object => ({ acr: STRONG, auth_time: seconds() - age })
const challengeOf = (headers: Readonly<Record<string, unknown>>): string => String(headers['www-authenticate'])
const isError = (message: SocketMessage): boolean => message.type === 'error'

async function opened(t: TestContext): Promise<{ w: RealtimeWorld; id: string; linkId: string }> {
  const w = await realtimeWorld(t, { resources: [vault, links] })
  const by: UserPrincipal = {
    kind: 'user',
    accountId: 'ada',
    sessionId: 'sid-ada',
    clientId: 'diary',
    scopes: ['photos:read', 'photos:write'],
    firstParty: true,
    signIn: { acr: STRONG, at: seconds() },
  }
  const call = callAs(systemCall('test'), by)
  const { object } = await w.resources.create(call, 'vault', { secret: 'the secret' })
  const link = await w.resources.create(call, 'links', { to: object.id })
  return { w, id: object.id, linkId: link.object.id }
}

const WEAK: readonly (readonly [string, () => object])[] = [
  ['that says nothing', () => ({})],
  ['of another class', () => ({ acr: 'urn:weak', auth_time: seconds() })],
  ['that is too old', () => fresh(61)],
  ['without a time', () => ({ acr: STRONG })],
]

test('requirement 41: neither an object nor a list nor what stands in another is shown after a sign-in that is too weak or too old', async (t) => {
  const { w, id, linkId } = await opened(t)
  const paths = [
    `/api/vault/${id}`,
    '/api/vault',
    '/api/vault/events',
    `/api/vault/${id}/events`,
    '/api/links?expand=entry',
    `/api/links/${linkId}?expand=entry`,
  ]
  for (const [what, claims] of WEAK) {
    const headers = { authorization: `Bearer ${await w.token('ada', claims())}` }
    for (const path of paths) {
      const reply = await ask(w, { path, headers })
      assert.deepEqual([reply.status, reply.json['code']], [401, 'http.insufficient_authentication'], `${what}: ${path}`)
      assert.match(challengeOf(reply.headers), /^Bearer error="insufficient_user_authentication".*acr_values="urn:strong", max_age="60"/)
      assert.doesNotMatch(JSON.stringify(reply.json), /the secret/)
    }
    // What needs no step is there as before, without what stands in it.
    const plain = await ask(w, { path: `/api/links/${linkId}`, headers })
    assert.deepEqual([plain.status, plain.json['entry']], [200, undefined])
    // The answer to a change would show the object.
    const change = await ask(w, {
      method: 'PATCH',
      path: `/api/vault/${id}`,
      headers: { ...headers, 'content-type': 'application/merge-patch+json' },
      body: '{"secret":"changed"}',
    })
    assert.equal(change.json['code'], 'http.insufficient_authentication', what)
  }
  const headers = { authorization: `Bearer ${await w.token('ada', fresh())}` }
  assert.equal((await ask(w, { path: `/api/vault/${id}`, headers })).json['secret'], 'the secret')
  assert.match(JSON.stringify((await ask(w, { path: '/api/vault', headers })).json), /the secret/)
  assert.match(JSON.stringify((await ask(w, { path: '/api/links?expand=entry', headers })).json), /the secret/)
  assert.equal((await ask(w, { path: '/api/vault', headers: { authorization: `Bearer ${await w.token('eve', fresh())}` } })).status, 200)
})

test('the rule holds for pages and jobs that read on the authority of a person, not for the platform itself', async (t) => {
  const { w, id } = await opened(t)
  const { signIn: _signIn, ...weak } = {
    kind: 'user',
    accountId: 'ada',
    sessionId: 's',
    clientId: 'diary',
    scopes: ['photos:read'],
    firstParty: true,
    signIn: {},
  } as const
  const call = callAs(systemCall('page'), weak)
  await assert.rejects(w.resources.get(call, 'vault', id), { code: 'http.insufficient_authentication' })
  await assert.rejects(w.resources.list(call, 'vault', {}), { code: 'http.insufficient_authentication' })
  assert.equal((await w.resources.get(systemCall('job'), 'vault', id)).object['secret'], 'the secret')
})

test('requirement 41: a WebSocket follows it after such a sign-in only, and ends when that is too old; the rest goes on', async (t) => {
  const { w, id } = await opened(t)
  const weak = await w.connect({ authorization: `Bearer ${await w.token('ada')}` })
  for (const [subscription, wish] of Object.entries({ list: {}, one: { document: id } })) {
    weak.send({ type: 'subscribe', subscription, resource: 'vault', ...wish })
    const refused = await weak.next('a refusal', (message) => isError(message) && message['subscription'] === subscription)
    assert.equal((refused['problem'] as { code?: string }).code, 'http.insufficient_authentication')
    assert.match(String(refused['challenge']), /acr_values="urn:strong", max_age="60"/)
  }
  const socket = await w.connect({ authorization: `Bearer ${await w.token('ada', fresh(58))}` })
  socket.send({ type: 'subscribe', subscription: 'secrets', resource: 'vault', document: id })
  socket.send({ type: 'subscribe', subscription: 'links', resource: 'links' })
  await socket.next('ready', (message) => message.type === 'ready' && message['subscription'] === 'secrets')
  await socket.next('ready', (message) => message.type === 'ready' && message['subscription'] === 'links')
  const ended = await socket.next('its end', isError)
  assert.deepEqual([ended['subscription'], (ended['problem'] as { code?: string }).code], ['secrets', 'http.insufficient_authentication'])
  const call = callAs(systemCall('test'), { kind: 'system', name: 'test' })
  await w.resources.update(call, 'vault', { id, input: { secret: 'later' } })
  const link = await w
    .as('ada')
    .create({ to: id }, 'links')
    .catch(() => undefined)
  assert.equal(link, undefined, 'who may not read it may not name it either')
  assert.doesNotMatch(JSON.stringify(socket.messages), /later/)
})

test('an event stream ends when the sign-in is too old, and says why when it is opened again', async (t) => {
  const { w, id } = await opened(t)
  const headers = { authorization: `Bearer ${await w.token('ada', fresh(58))}` }
  const streams = [await w.follow('/api/vault/events', headers), await w.follow(`/api/vault/${id}/events`, headers)]
  assert.deepEqual(
    streams.map(({ status }) => status),
    [200, 200],
  )
  await until('their ends', () => streams.every(({ ended }) => ended))
  const again = await w.follow('/api/vault/events', headers)
  assert.equal(again.status, 401)
  assert.match(challengeOf(again.headers), /insufficient_user_authentication/)
})

test('a definition whose step can be gone around does not start', () => {
  const made = (stepUp: ResourceDefinition['stepUp'], open: readonly AccessGrant[] = []): Resource =>
    compileResource({ ...vault, access: [...vault.access, ...open], ...(stepUp === undefined ? {} : { stepUp }) })
  const problems = (...is: Parameters<typeof made>): string => checkAccess(made(...is)).join(' ')
  const one = { maxAgeSeconds: 60 }
  assert.match(problems({ get: one }), /"get" needs one for "list"/)
  assert.match(problems({ list: one }), /"list" needs one for "get"/)
  assert.match(problems({ list: one, get: { acr: ['a'] }, update: { acr: ['b'] } }), /no person can have at once/)
  assert.match(problems({ list: one, get: one }, [{ who: 'anyone', may: ['get'] }]), /what anyone may do \(get\)/)
  assert.equal(problems({ list: one, get: one, update: one, create: one, delete: one }), '')
  const strict = made({ list: one, get: { acr: ['a', 'b'], maxAgeSeconds: 60 }, update: { acr: ['b'], maxAgeSeconds: 300 } })
  assert.deepEqual(ruleFor(strict, 'update'), { who: 'user', scope: 'photos:write', stepUp: { acr: ['b'], maxAgeSeconds: 60 } })
})
