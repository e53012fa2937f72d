// What does not start, and the document that says what does.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from '#kernel/schema.ts'
import { appProblems } from '../../src/app-check.ts'
import { checkResources } from '../../src/resource/check.ts'
import { compileResource } from '../../src/resource/compile.ts'
import type { ResourceDefinition } from '../../src/resource/contract.ts'
import { resource } from '../../src/resource/definition.ts'
import { dataWorld, person } from '../support/data-world.ts'

const good = {
  name: 'photos',
  schema: z.strictObject({ caption: z.string(), image: z.string(), stars: z.number().optional(), tags: z.array(z.string()).optional() }),
  indexes: { byOwner: { fields: ['ownerId', 'createdAt'] } },
  access: [{ who: 'owner', may: ['list', 'get', 'create', 'update', 'delete'] }],
  scopes: { read: 'photos:read', write: 'photos:write' },
} satisfies ResourceDefinition
const context = { scopes: ['photos:read', 'photos:write'], buckets: ['photos'] }

const problemsOf = (parts: Partial<ResourceDefinition>): string[] => checkResources([{ ...good, ...parts }], context)

test('a good definition has no problem', () => {
  assert.deepEqual(problemsOf({ files: { image: 'photos' }, writeOnce: ['image'] }), [])
})

const bad: readonly [string, Partial<ResourceDefinition>, RegExp][] = [
  ['a name that is no path', { name: 'Photos/x' }, /its name must be lower-case/],
  ['a name of the platform', { name: 'files' }, /\/api\/files is the platform's own/],
  ['a schema that strips', { schema: z.object({ caption: z.string() }) }, /use z\.strictObject/],
  ['a schema that is no object', { schema: z.record(z.string(), z.string()) }, /must be z\.strictObject/],
  ['a field that JSON cannot carry', { schema: z.strictObject({ at: z.date() }) }, /JSON cannot carry/],
  ['a field that changes its shape', { schema: z.strictObject({ at: z.string().transform((text) => text.length) }) }, /JSON cannot carry/],
  ['a field of the platform', { schema: z.strictObject({ ownerId: z.string() }) }, /ownerId has a name that the platform uses/],
  ['a field that is a query parameter', { schema: z.strictObject({ limit: z.number() }) }, /limit has a name/],
  ['a field that every object has', { schema: z.strictObject({ toString: z.string() }) }, /toString has a name/],
  [
    'a field in the place of a link',
    { schema: z.strictObject({ image: z.string(), imageUrl: z.string() }), files: { image: 'photos' } },
    /imageUrl is where the link/,
  ],
  [
    'an index of an unknown field',
    { indexes: { ...good.indexes, x: { fields: ['colour'] } } },
    /index x names the field colour, which the schema does not have/,
  ],
  ['an index of a list', { indexes: { ...good.indexes, x: { fields: ['tags'] } } }, /index x names tags, which is not text/],
  [
    'an index of what may be null',
    { schema: z.strictObject({ due: z.string().nullable() }), indexes: { ...good.indexes, x: { fields: ['due'] } } },
    /due, which may be null/,
  ],
  ['an index of nothing', { indexes: { ...good.indexes, x: { fields: [] } } }, /index x has no fields/],
  [
    'a list that no index serves',
    { indexes: { x: { fields: ['createdAt'] } } },
    /can never be listed: no index has ownerId\. Add an index with fields: \["ownerId", "createdAt"\]/,
  ],
  [
    'a condition on an unknown field',
    { access: [{ who: 'user', may: ['get'], where: { public: true } }] },
    /asks for public, which the schema does not have/,
  ],
  [
    'a condition of another type',
    { access: [{ who: 'user', may: ['get'], where: { stars: 'five' } }] },
    /compares stars with a value of another type/,
  ],
  ['anyone who creates', { access: [{ who: 'anyone', may: ['create'] }] }, /"anyone" cannot/],
  [
    'a change of what is not shown',
    {
      access: [
        { who: 'user', may: ['update'] },
        { who: 'owner', may: ['get'] },
      ],
    },
    /allows a change of what it does not show/,
  ],
  ['a grant of nothing', { access: [{ who: 'user', may: [] }] }, /allows nothing/],
  ['an undeclared scope', { scopes: { read: 'photos:read', write: 'pictures:write' } }, /scope pictures:write is not declared/],
  ['an unknown bucket', { files: { image: 'pictures' } }, /bucket pictures, which the app does not declare/],
  ['a cache that outlives the promise of revocation', { cache: { lifetimeMs: 1001 } }, /lifetimeMs of at most 1000/],
  ['a cache of no time', { cache: { lifetimeMs: 0 } }, /lifetimeMs of at most 1000/],
  ['a file in no text field', { files: { stars: 'photos' } }, /files names stars, which must be a text field/],
  ['an unknown field that is written once', { writeOnce: ['colour'] }, /writeOnce names colour/],
]

for (const [what, parts, message] of bad) {
  test(`does not start with ${what}`, () => {
    const problems = problemsOf(parts)
    assert.ok(
      problems.some((problem) => message.test(problem)),
      problems.join('\n') || 'no problem',
    )
  })
}

test('all problems of all definitions are told at once', async (t) => {
  const resources = [
    { ...good, writeOnce: ['a'] },
    { ...good, scopes: { read: 'x', write: 'y' } },
  ]
  await assert.rejects(dataWorld(t, { resources }), (error: Error) => {
    assert.match(error.message, /Two resources are named photos/)
    assert.match(error.message, /writeOnce names a/)
    assert.match(error.message, /scope x/)
    assert.match(error.message, /scope y/)
    return true
  })
})

test('the builder checks names of fields when it is compiled', () => {
  const parts = { schema: good.schema, access: [{ who: 'owner', may: ['get'] }], scopes: good.scopes } as const
  // @ts-expect-error: there is no such field
  resource('photos', { ...parts, indexes: { x: { fields: ['colour'] } } })
  // @ts-expect-error: a list has no order
  resource('photos', { ...parts, indexes: { x: { fields: ['tags'] } } })
  // @ts-expect-error: there is no such field
  resource('photos', { ...parts, indexes: {}, writeOnce: ['colour'] })
  // @ts-expect-error: a number is no file
  resource('photos', { ...parts, indexes: {}, files: { stars: 'photos' } })
  // @ts-expect-error: text, not a number
  resource('photos', { ...parts, indexes: {}, access: [{ who: 'owner', may: ['get'], where: { caption: 3 } }] })
  assert.equal(
    resource('photos', { ...parts, indexes: { x: { fields: ['stars', 'updatedAt'] } }, files: { image: 'photos' } }).name,
    'photos',
  )
})

test('routes exist for what some grant allows, and the OpenAPI document says the same', async (t) => {
  const buckets = [{ name: 'photos', maxBytes: 1000, accept: ['image/jpeg'], scopes: good.scopes }]
  const notes: ResourceDefinition = { ...good, name: 'day_notes', access: [{ who: 'anyone', may: ['get'] }] }
  const w = await dataWorld(t, {
    resources: [{ ...good, files: { image: 'photos' } }, notes],
    buckets,
    scopes: { 'photos:read': 'see photos', 'photos:write': 'change photos' },
  })
  const reply = await w.ask('GET', '/api/openapi.json')
  assert.equal(reply.status, 200)
  const document = JSON.parse(reply.body)
  assert.equal(document.openapi, '3.1.0')
  const offered = Object.entries<object>(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  )
  assert.deepEqual(offered, [
    'get /api/photos',
    'post /api/photos',
    'get /api/photos/{id}',
    'patch /api/photos/{id}',
    'delete /api/photos/{id}',
    'post /api/photos/bulk',
    'get /api/day_notes/{id}',
    'get /api/photos/events',
    'get /api/photos/{id}/events',
    'get /api/day_notes/{id}/events',
    'get /api/realtime',
    'post /api/files/photos',
    'get /api/files/photos/{id}',
    'delete /api/files/photos/{id}',
  ])
  assert.equal((await w.ask('POST', '/api/day_notes', { as: person('ada'), json: {} })).status, 404)
  const { schemas, securitySchemes } = document.components
  assert.deepEqual(Object.keys(schemas).toSorted(), [
    'DayNotes',
    'DayNotesChange',
    'DayNotesCreate',
    'DayNotesList',
    'DayNotesRead',
    'File',
    'Photos',
    'PhotosBulk',
    'PhotosBulkResults',
    'PhotosChange',
    'PhotosCreate',
    'PhotosList',
    'PhotosRead',
    'Problem',
  ])
  assert.deepEqual(Object.keys(schemas.Photos.properties), [
    'id',
    'ownerId',
    'createdAt',
    'updatedAt',
    'caption',
    'image',
    'stars',
    'tags',
    'imageUrl',
  ])
  assert.deepEqual(
    [schemas.PhotosCreate.required, schemas.PhotosCreate.additionalProperties, schemas.PhotosChange.required],
    [['caption', 'image'], false, undefined],
  )
  assert.deepEqual(securitySchemes.oauth2.flows.authorizationCode.scopes, { 'photos:read': 'see photos', 'photos:write': 'change photos' })
  assert.deepEqual(document.paths['/api/photos'].post.security, [{ oauth2: ['photos:write'] }, { session: [] }])
  assert.deepEqual(document.paths['/api/day_notes/{id}'].get.security, [{ oauth2: ['photos:read'] }, { session: [] }, {}])
  const references = reply.body.match(/#\/components\/\w+\/\w+/g) ?? []
  assert.ok(references.length > 10)
  for (const reference of references) {
    const [, , group = '', name = ''] = reference.split('/')
    assert.ok(document.components[group][name] !== undefined, reference)
  }
  const again = await w.ask('GET', '/api/openapi.json', { headers: { 'if-none-match': reply.headers['etag'] ?? '' } })
  assert.deepEqual([again.status, again.body], [304, ''])
})

test('a resource that is cached is remembered by its collection, and what is taken back is gone at once', async (t) => {
  const notes = resource('notes', {
    schema: z.strictObject({ text: z.string(), open: z.boolean().default(false) }),
    indexes: { byOwner: { fields: ['ownerId', 'createdAt'] } },
    access: [
      { who: 'owner', may: ['list', 'get', 'create', 'update', 'delete'] },
      { who: 'user', may: ['get'], where: { open: true } },
    ],
    scopes: { read: 'notes:read', write: 'notes:write' },
    cache: { lifetimeMs: 1000 },
  })
  assert.deepEqual(compileResource(notes).collection.cache, { lifetimeMs: 1000 })
  assert.equal(compileResource({ ...notes, cache: undefined as never }).collection.cache, undefined)
  const w = await dataWorld(t, { resources: [notes] })
  const [ada, bob] = [person('ada'), person('bob')]
  const path = `/api/notes/${JSON.parse((await w.ask('POST', '/api/notes', { as: ada, json: { text: 'a', open: true } })).body).id}`
  for (let round = 0; round < 3; round += 1) assert.equal((await w.ask('GET', path, { as: bob })).status, 200)
  assert.equal((await w.ask('PATCH', path, { as: ada, json: { open: false } })).status, 200)
  assert.equal((await w.ask('GET', path, { as: bob })).status, 404)
  assert.equal((await w.ask('DELETE', path, { as: ada })).status, 204)
  assert.equal((await w.ask('GET', path, { as: ada })).status, 404)
})

test('an app that asks for more of a cache than there is does not start', () => {
  const problems = appProblems({
    name: 'x',
    scopes: {},
    resources: [{ ...good, cache: { lifetimeMs: 500, negative: true } }],
    frontends: [],
  })
  assert.ok(
    problems.some((problem) => problem.startsWith('resources.0.cache')),
    problems.join(),
  )
})
