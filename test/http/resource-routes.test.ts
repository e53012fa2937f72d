// Routes of the app beside those of its resources: declared, checked and answered like them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineErrors } from '#kernel/errors.ts'
import { z } from '#kernel/schema.ts'
import { checkResources } from '../../src/resource/check.ts'
import type { ResourceDefinition, ResourceRoute } from '../../src/resource/contract.ts'
import { resource, resourceRoute } from '../../src/resource/definition.ts'
import { dataWorld, person } from '../support/data-world.ts'
import type { Reply } from '../support/http.ts'

const ada = person('ada')
const bob = person('bob')
const scopes = { read: 'notes:read', write: 'notes:write' }
const noteErrors = defineErrors('paper', { published: { status: 409, title: 'It is public already' } })
const codeOf = (reply: Reply): string => JSON.parse(reply.body).code

const publish = resourceRoute({
  method: 'POST',
  path: '/api/notes/:id/publish',
  summary: 'Makes a note public',
  allow: { who: 'user', scope: 'notes:write' },
  input: {
    query: z.strictObject({ loud: z.enum(['true', 'false']).default('false') }),
    body: z.strictObject({ title: z.string().max(20) }),
  },
  answers: { 200: z.object({ title: z.string(), loud: z.boolean() }), 409: 'problem' },
  async handle(call, { params, query, body }, { resources }) {
    const { object, version } = await resources.get(call, 'notes', params['id'] ?? '')
    if (object['isPublic'] === true) throw noteErrors.published()
    const changed = await resources.update(call, 'notes', {
      id: object.id,
      input: { isPublic: true, title: body.title },
      ifVersion: version,
    })
    // The whole object: what the schema does not name stays here.
    return { status: 200, json: { ...changed.object, loud: query.loud === 'true' } }
  },
})
const notes = resource('notes', {
  schema: z.strictObject({ title: z.string(), isPublic: z.boolean().default(false), secret: z.string().optional() }),
  indexes: { byOwner: { fields: ['ownerId', 'createdAt'] } },
  access: [{ who: 'owner', may: ['list', 'get', 'create', 'update', 'delete'] }],
  routes: [
    publish,
    resourceRoute({
      method: 'GET',
      path: '/api/notes/today',
      summary: 'The day',
      allow: { who: 'anyone' },
      answers: { 200: z.object({ day: z.string() }), 204: 'empty' },
      handle: async (_call, _input, { now }) => ({ status: 200, json: { day: new Date(now).toISOString().slice(0, 10) } }),
    }),
    resourceRoute({
      method: 'GET',
      path: '/api/notes/broken',
      summary: 'Answers what it does not declare',
      allow: { who: 'anyone' },
      answers: { 200: z.object({ day: z.string() }) },
      handle: async () => ({ status: 201, json: { leak: true } }),
    }),
  ],
  scopes,
})
const world = { resources: [notes] }

test('a route of the app acts on the authority of its caller, and shows what it declares', async (t) => {
  const w = await dataWorld(t, world)
  const { id } = JSON.parse((await w.ask('POST', '/api/notes', { as: ada, json: { title: 'a', secret: 'x' } })).body)
  const path = `/api/notes/${id}/publish`
  assert.equal((await w.ask('POST', path, { json: { title: 'b' } })).status, 401)
  assert.equal((await w.ask('POST', path, { as: person('ada', { scopes: ['notes:read'] }), json: { title: 'b' } })).status, 403)
  const theirs = await w.ask('POST', path, { as: bob, json: { title: 'b' } })
  assert.deepEqual([theirs.status, codeOf(theirs)], [404, 'resource.not_found'])
  for (const [target, json] of [
    [path, { title: 3 }],
    [path, { title: 'b', x: 1 }],
    [`${path}?loud=maybe`, { title: 'b' }],
    [`${path}?x=1`, { title: 'b' }],
  ] as const)
    assert.equal((await w.ask('POST', target, { as: ada, json })).status, 422, target)
  const done = await w.ask('POST', `${path}?loud=true`, { as: ada, json: { title: 'b' } })
  assert.deepEqual([done.status, JSON.parse(done.body)], [200, { title: 'b', loud: true }])
  const again = await w.ask('POST', path, { as: ada, json: { title: 'c' } })
  assert.deepEqual([again.status, codeOf(again)], [409, 'paper.published'])
})

test('is found before the id of an object, and answers nothing that it does not declare', async (t) => {
  const w = await dataWorld(t, world)
  const day = await w.ask('GET', '/api/notes/today')
  assert.deepEqual([day.status, JSON.parse(day.body)], [200, { day: '2026-11-23' }])
  const broken = await w.ask('GET', '/api/notes/broken')
  assert.equal(broken.status, 500)
  assert.doesNotMatch(broken.body, /leak/)
})

test('a definition with a problem does not start, and says what to do', () => {
  const context = { scopes: ['notes:read', 'notes:write'], buckets: [] }
  const good: ResourceDefinition = {
    name: 'notes',
    schema: z.strictObject({ text: z.string(), other: z.string().optional(), total: z.number() }),
    indexes: { byOwner: { fields: ['ownerId', 'createdAt'] }, byOther: { fields: ['other', 'createdAt'] } },
    access: [{ who: 'owner', may: ['list', 'get'] }],
    scopes,
  }
  const problems = (parts: Partial<ResourceDefinition>): string => checkResources([{ ...good, ...parts }], context).join('\n')
  const route = (parts: Partial<ResourceRoute>): Partial<ResourceDefinition> => ({ routes: [{ ...publish, ...parts }] })
  assert.equal(
    problems({
      routes: [publish, { ...publish, path: '/api/notes/mcp', protectedResource: { scopes: ['notes:read'], name: 'Notes' } }],
      relations: { elder: { field: 'other', to: 'notes', onDelete: 'clear' } },
      defaults: { total: () => 1 },
      readOnly: ['total'],
    }),
    '',
  )
  const bad: [Partial<ResourceDefinition>, RegExp][] = [
    [{ readOnly: ['total'] }, /total is readOnly and required/],
    [{ readOnly: ['nothing'] }, /readOnly names nothing/],
    [{ defaults: { nothing: () => 1 } }, /defaults names nothing/],
    [{ computed: { text: { schema: z.string(), of: () => '' } } }, /text has a name that is taken/],
    [{ computed: { at: { schema: z.date(), of: () => new Date() } } }, /schema that JSON cannot carry/],
    [{ relations: { elder: { field: 'total', to: 'notes' } } }, /must be a text field/],
    [{ relations: { elder: { field: 'other', to: 'papers' } } }, /leads to papers, which is no resource/],
    [{ relations: { other: { field: 'other', to: 'notes' } } }, /has the name of a field/],
    [{ relations: { elder: { field: 'text', to: 'notes', onDelete: 'cascade' } } }, /Add an index with fields: \["text", "createdAt"\]/],
    [{ relations: { elder: { field: 'text', to: 'notes', onDelete: 'clear' } } }, /clears text, which is required/],
    [route({ path: '/api/other/x' }), /must be a path below \/api\/notes\//],
    [route({ path: '/api/notes/../x' }), /must be a path below/],
    [route({ allow: { who: 'user', scope: 'other' } }), /scope other, which is not declared/],
    [route({ answers: { 409: 'problem' } }), /declares no answer of success/],
    [route({ answers: { 200: 'problem' } }), /statuses from 400 on are problems/],
    [route({ answers: { 200: z.date() } }), /schema that JSON cannot carry/],
    [route({ method: 'GET' }), /cannot have a body/],
    [
      route({ protectedResource: true }),
      /\/api\/notes\/:id\/publish has a parameter, so it is many addresses.*take a path without parameters/,
    ],
    [route({ path: '/api/notes/mcp', protectedResource: true, allow: { who: 'anyone' } }), /open to everybody.*who: 'user', scope/],
    [route({ path: '/api/notes/export', protectedResource: true }), /where the platform answers as well.*Take another path/],
    [route({ path: '/api/notes/mcp', protectedResource: { scopes: ['other'] } }), /tokens with the scope other, which is not declared/],
    [
      {
        routes: (['POST', 'PUT'] as const).map((method) => ({
          ...publish,
          method,
          path: '/api/notes/mcp',
          protectedResource: { name: method },
        })),
      },
      /POST \/api\/notes\/mcp has another name than a route of the same path/,
    ],
  ]
  for (const [parts, expected] of bad) assert.match(problems(parts), expected)
})
