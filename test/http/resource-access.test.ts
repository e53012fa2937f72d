// Who may do what: every asker against every operation, and what a refusal must not tell.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from '#kernel/schema.ts'
import { resource } from '../../src/resource/definition.ts'
import { type Ask, type DataWorld, dataWorld, person } from '../support/data-world.ts'
import type { Reply } from '../support/http.ts'

const schema = z.strictObject({ title: z.string(), shared: z.boolean().default(false), locked: z.boolean().optional() })
const scopes = { read: 'notes:read', write: 'notes:write' }
const indexes = {
  byOwner: { fields: ['ownerId', 'createdAt'] },
  byShared: { fields: ['shared', 'createdAt'] },
  byOwnerShared: { fields: ['ownerId', 'shared', 'createdAt'] },
} as const

const secret = resource('secret', {
  schema,
  indexes,
  scopes,
  access: [{ who: 'owner', may: ['list', 'get', 'create', 'update', 'delete'] }],
})
const shared = resource('shared', {
  schema,
  indexes,
  scopes,
  access: [
    { who: 'owner', may: ['list', 'get', 'create', 'update'] },
    { who: 'owner', may: ['delete'], where: { locked: false } },
    { who: 'anyone', may: ['list', 'get'], where: { shared: true } },
  ],
})
const board = resource('board', { schema, indexes, scopes, access: [{ who: 'user', may: ['list', 'get', 'create', 'update'] }] })
const modest = resource('modest', {
  schema,
  indexes,
  scopes,
  access: [
    { who: 'user', may: ['create'], where: { shared: true } },
    { who: 'owner', may: ['get'] },
  ],
})
const world = { resources: [secret, shared, board, modest] }

const ada = person('ada')
const third = { firstParty: false, clientId: 'shop' }
const askers: Readonly<Record<string, Ask['as']>> = {
  anonymous: undefined,
  operator: { kind: 'operator', sessionId: 'o' },
  owner: ada,
  other: person('bob'),
  'owner through a reader': person('ada', { ...third, scopes: ['notes:read'] }),
  'owner through a writer': person('ada', { ...third, scopes: ['notes:write'] }),
  'owner through both': person('ada', { ...third, scopes: ['notes:read', 'notes:write'] }),
  'owner through neither': person('ada', { ...third, scopes: ['photos:read', 'notes', 'notes:read:all', ''] }),
  'other through both': person('bob', { ...third, scopes: ['notes:read', 'notes:write'] }),
  'owner in a session without scopes': person('ada', { scopes: [] }),
}

const ask = (w: DataWorld, who: string, parts: { method: string; path: string; json?: unknown }): Promise<Reply> => {
  const as = askers[who]
  return w.ask(parts.method, parts.path, { ...(as === undefined ? {} : { as }), ...(parts.json === undefined ? {} : { json: parts.json }) })
}

const codeOf = (reply: Reply): string => (reply.body === '' ? '' : (JSON.parse(reply.body).code ?? ''))

async function make(w: DataWorld, name: string, fields: Record<string, unknown> = {}): Promise<string> {
  const reply = await w.ask('POST', `/api/${name}`, { as: ada, json: { title: 'Hers', ...fields } })
  assert.equal(reply.status, 201, reply.body)
  return JSON.parse(reply.body).id
}

// The columns: list, get, create, update, delete. A list of somebody who may list answers 200, with what they may see.
const matrix: readonly [string, string, readonly [number, number, number, number, number]][] = [
  ['secret', 'anonymous', [401, 401, 401, 401, 401]],
  ['secret', 'operator', [401, 401, 401, 401, 401]],
  ['secret', 'owner', [200, 200, 201, 200, 204]],
  ['secret', 'other', [200, 404, 201, 404, 404]],
  ['secret', 'owner through a reader', [200, 200, 403, 403, 403]],
  ['secret', 'owner through a writer', [403, 403, 201, 403, 204]],
  ['secret', 'owner through both', [200, 200, 201, 200, 204]],
  ['secret', 'owner through neither', [403, 403, 403, 403, 403]],
  ['secret', 'other through both', [200, 404, 201, 404, 404]],
  ['secret', 'owner in a session without scopes', [403, 403, 403, 403, 403]],
  ['shared', 'anonymous', [200, 404, 401, 401, 401]],
  ['shared', 'operator', [200, 404, 401, 401, 401]],
  ['shared', 'owner', [200, 200, 201, 200, 403]],
  ['shared', 'other', [200, 404, 201, 404, 404]],
  ['shared', 'owner through neither', [403, 403, 403, 403, 403]],
  ['board', 'anonymous', [401, 401, 401, 401, 404]],
  ['board', 'other', [200, 200, 201, 200, 404]],
  ['board', 'owner', [200, 200, 201, 200, 404]],
  ['board', 'other through both', [200, 200, 201, 200, 404]],
]

test('the matrix of askers and operations', async (t) => {
  const w = await dataWorld(t, world)
  for (const [name, who, expected] of matrix) {
    const id = await make(w, name)
    const before = (await w.ask('GET', `/api/${name}/${id}`, { as: ada })).body
    const replies = [
      await ask(w, who, {
        method: 'GET',
        path: `/api/${name}${name === 'shared' && (who === 'anonymous' || who === 'operator') ? '?shared=true' : name === 'board' ? '?shared=false' : ''}`,
      }),
      await ask(w, who, { method: 'GET', path: `/api/${name}/${id}` }),
      await ask(w, who, { method: 'POST', path: `/api/${name}`, json: { title: 'New' } }),
      await ask(w, who, { method: 'PATCH', path: `/api/${name}/${id}`, json: { title: 'Changed' } }),
      await ask(w, who, { method: 'DELETE', path: `/api/${name}/${id}` }),
    ]
    const label = `${name} by ${who}: ${replies.map((reply) => `${reply.status} ${codeOf(reply)}`).join(', ')}`
    assert.deepEqual(
      replies.map((reply) => reply.status),
      expected,
      label,
    )
    for (const reply of replies) {
      if (reply.status === 403 && codeOf(reply) === 'http.insufficient_scope')
        assert.match(reply.headers['www-authenticate'] ?? '', /^Bearer error="insufficient_scope"/)
      if (reply.status === 401) assert.match(reply.headers['www-authenticate'] ?? '', /^Bearer/)
      if (reply.status >= 400) assert.doesNotMatch(reply.body, /Hers|"ada"/, label)
    }
    const changed = expected[3] === 200 || expected[4] === 204
    if (!changed) assert.equal((await w.ask('GET', `/api/${name}/${id}`, { as: ada })).body, before, label)
  }
})

test("another person's object answers exactly like none, whatever is asked of it", async (t) => {
  const w = await dataWorld(t, world)
  const id = await make(w, 'secret')
  const none = `${id.slice(0, -4)}zzzz`
  const bob = person('bob')
  const questions: [string, Ask][] = [
    ['GET', { as: bob }],
    ['HEAD', { as: bob }],
    ['GET', { as: bob, headers: { 'if-none-match': '"v1"' } }],
    ['GET', { as: bob, headers: { 'if-none-match': '*' } }],
    ['PATCH', { as: bob, json: { title: 'x' } }],
    ['PATCH', { as: bob, json: { nonsense: 1 } }],
    ['PATCH', { as: bob, json: {}, headers: { 'if-match': '"v1"' } }],
    ['PATCH', { as: bob, json: {}, headers: { 'if-match': '"v9"' } }],
    ['DELETE', { as: bob }],
    ['DELETE', { as: bob, headers: { 'if-match': '"v1"' } }],
    ['DELETE', { as: bob, headers: { 'if-match': '"v9"' } }],
    ['GET', { as: { ...bob, scopes: [] } }],
    ['GET', {}],
  ]
  for (const [method, parts] of questions) {
    const [theirs, nobodys] = [await w.ask(method, `/api/secret/${id}`, parts), await w.ask(method, `/api/secret/${none}`, parts)]
    const label = `${method} ${JSON.stringify(parts)}`
    assert.equal(theirs.status, nobodys.status, label)
    assert.equal(theirs.body, nobodys.body, label)
    const { date: _1, ...left } = theirs.headers
    const { date: _2, ...right } = nobodys.headers
    assert.deepEqual(left, right, label)
  }
})

test('a list never reads what it must hide', async (t) => {
  const w = await dataWorld(t, world)
  const bob = person('bob')
  for (const isShared of [true, false]) {
    await make(w, 'shared', { title: isShared ? 'open' : 'hidden', shared: isShared })
    await w.ask('POST', '/api/shared', { as: bob, json: { title: isShared ? 'bobs open' : 'bobs hidden', shared: isShared } })
  }
  const titles = async (query: string, as?: Ask['as']): Promise<string[]> => {
    const reply = await w.ask('GET', `/api/shared${query}`, as === undefined ? {} : { as })
    assert.equal(reply.status, 200, reply.body)
    return JSON.parse(reply.body)
      .items.map((item: { title: string }) => item.title)
      .toSorted()
  }
  assert.deepEqual(await titles(''), ['bobs open', 'open'])
  assert.deepEqual(await titles('?shared=true'), ['bobs open', 'open'])
  assert.deepEqual(await titles('?shared=false'), [])
  assert.deepEqual(await titles('?ownerId=bob'), ['bobs open'])
  assert.deepEqual(await titles('', ada), ['hidden', 'open'])
  assert.deepEqual(await titles('?shared=false', ada), ['hidden'])
  assert.deepEqual(await titles('?shared=true', ada), ['bobs open', 'open'])
  assert.deepEqual(await titles('?ownerId=bob', ada), ['bobs open'])
  assert.deepEqual(await titles('?ownerId=bob&shared=false', ada), [])
})

test('grants with conditions hold for creating and deleting too', async (t) => {
  const w = await dataWorld(t, world)
  const refused = await w.ask('POST', '/api/modest', { as: ada, json: { title: 'x' } })
  assert.deepEqual([refused.status, codeOf(refused)], [403, 'resource.forbidden'])
  assert.equal((await w.ask('POST', '/api/modest', { as: ada, json: { title: 'x', shared: true } })).status, 201)
  const open = await make(w, 'shared', { locked: false })
  const locked = await make(w, 'shared', { locked: true, shared: true })
  assert.equal((await w.ask('DELETE', `/api/shared/${locked}`, { as: ada })).status, 403)
  assert.deepEqual(
    [(await w.ask('DELETE', `/api/shared/${locked}`, { as: person('bob') })).status, (await w.ask('GET', `/api/shared/${locked}`)).status],
    [403, 200],
  )
  assert.equal((await w.ask('DELETE', `/api/shared/${open}`, { as: ada })).status, 204)
})
