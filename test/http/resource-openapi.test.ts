// The OpenAPI document: valid, complete, and true: what is sent fits it, and so does what comes back.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { z } from '#kernel/schema.ts'
import { resource, resourceRoute } from '../../src/resource/definition.ts'
import { dataWorld, jpeg, person } from '../support/data-world.ts'
import type { Reply } from '../support/http.ts'

const ada = person('ada')
const scopes = { read: 'notes:read', write: 'notes:write' }
const everything = ['list', 'get', 'create', 'update', 'delete'] as const

interface Tree {
  readonly name: string
  readonly children: readonly Tree[]
}
const tree: z.ZodType<Tree> = z.strictObject({
  name: z.string(),
  get children() {
    return z.array(tree)
  },
})

const albums = resource('albums', {
  schema: z.strictObject({ title: z.string().max(80) }),
  indexes: { byOwner: { fields: ['ownerId', 'createdAt'] } },
  access: [{ who: 'owner', may: everything }],
  scopes,
})
const pictures = resource('pictures', {
  schema: z.strictObject({
    caption: z.string().max(280),
    image: z.string().regex(/^[0-9a-z]{26}$/),
    stars: z.int().min(0).max(5).default(0),
    place: z.strictObject({ city: z.string(), note: z.string().nullable().optional() }).optional(),
    albumId: z.string().optional(),
    likes: z.int().default(0),
    slug: z.string(),
    outline: tree.optional(),
    due: z.iso.date().nullable().optional(),
  }),
  readOnly: ['likes'],
  defaults: { slug: ({ now }) => `picture-${now}` },
  computed: { isRated: { schema: z.boolean(), of: ({ stars }) => stars > 0 } },
  files: { image: 'photos' },
  relations: { album: { field: 'albumId', to: 'albums', onDelete: 'clear' } },
  indexes: {
    byOwner: { fields: ['ownerId', 'createdAt'] },
    byStars: { fields: ['ownerId', 'stars'] },
    byAlbum: { fields: ['albumId', 'createdAt'] },
    bySlug: { fields: ['slug'], unique: true },
  },
  access: [
    { who: 'owner', may: everything },
    { who: 'anyone', may: ['get'], where: { stars: 5 } },
  ],
  routes: [
    resourceRoute({
      method: 'POST',
      path: '/api/pictures/:id/like',
      summary: 'Likes a picture',
      allow: { who: 'user', scope: 'notes:write' },
      input: { body: z.strictObject({ warmth: z.int().min(1).max(3) }) },
      answers: { 200: z.strictObject({ likes: z.int() }), 404: 'problem' },
      handle: async (_call, { body }) => ({ status: 200, json: { likes: body.warmth } }),
    }),
  ],
  scopes,
})
const buckets = [{ name: 'photos', maxBytes: 10_000, accept: ['image/jpeg'], scopes: { read: 'photos:read', write: 'photos:write' } }]
const world = { resources: [albums, pictures], buckets }

type Part = Record<string, unknown>
const at = (value: unknown, ...path: string[]): Part => path.reduce<Part>((found, step) => Object(found[step]), Object(value))

async function documented(t: Parameters<typeof dataWorld>[0]) {
  const w = await dataWorld(t, world)
  const reply = await w.ask('GET', '/api/openapi.json')
  assert.equal(reply.status, 200)
  const document: Part = JSON.parse(reply.body)
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false })
  ajv.addSchema({ $id: 'https://openapi.test/', ...document })
  const fits = (schema: Part, value: unknown): string => {
    const at2 = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"https://openapi.test/#/'))
    const validate = ajv.compile(at2)
    return validate(value) ? '' : ajv.errorsText(validate.errors)
  }
  return { w, document, fits }
}

test('is a valid OpenAPI 3.1 document', async (t) => {
  const { document } = await documented(t)
  const result = await new Validator().validate(structuredClone(document))
  assert.ok(result.valid, JSON.stringify(result.errors, undefined, 1))
  // Every reference leads somewhere, and every operation has a name of its own.
  for (const [, pointer] of JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)) {
    assert.ok(Object.keys(at(document, ...(pointer ?? '').slice(2).split('/'))).length > 0, pointer)
  }
  const operations = Object.values(at(document, 'paths')).flatMap((methods) => Object.values(Object(methods)))
  const ids = operations.map((operation) => String(at(operation)['operationId']))
  assert.equal(new Set(ids).size, ids.length, ids.join(' '))
  for (const operation of operations) assert.ok(Object.keys(at(operation, 'responses')).includes('429'))
})

test('has every operation that is served, with what may be sent', async (t) => {
  const { document } = await documented(t)
  const paths = at(document, 'paths')
  for (const path of [
    '/api/pictures',
    '/api/pictures/{id}',
    '/api/pictures/bulk',
    '/api/pictures/{id}/like',
    '/api/files/photos',
    '/api/openapi.json',
  ].slice(0, 5))
    assert.ok(path in paths, path)
  const schemas = at(document, 'components', 'schemas')
  const create = at(schemas, 'PicturesCreate')
  assert.deepEqual(create['required'], ['caption', 'image'])
  assert.deepEqual(Object.keys(at(create, 'properties')).toSorted(), [
    'albumId',
    'caption',
    'due',
    'image',
    'outline',
    'place',
    'slug',
    'stars',
  ])
  assert.equal(at(schemas, 'Pictures', 'properties', 'likes')['readOnly'], true)
  assert.equal(at(schemas, 'Pictures', 'properties', 'isRated')['type'], 'boolean')
  assert.deepEqual(at(paths, '/api/pictures/{id}', 'patch')['security'], [{ oauth2: ['notes:write', 'notes:read'] }, { session: [] }])
  assert.deepEqual(at(paths, '/api/pictures/{id}', 'get')['security'], [{ oauth2: ['notes:read'] }, { session: [] }, {}])
  assert.ok('application/merge-patch+json' in at(paths, '/api/pictures/{id}', 'patch', 'requestBody', 'content'))
  const statuses = Object.keys(at(paths, '/api/pictures/{id}', 'patch', 'responses'))
  for (const status of ['200', '400', '401', '403', '404', '409', '412', '413', '415', '422', '429', '503'])
    assert.ok(statuses.includes(status), status)
  const parameters = at(paths, '/api/pictures', 'get')['parameters'] as Part[]
  const names = new Set(parameters.map(({ name }) => String(name)))
  for (const name of ['stars', 'stars.from', 'stars.below', 'albumId', 'limit', 'after', 'sort', 'order', 'count', 'fields', 'expand'])
    assert.ok(names.has(name), name)
})

test('its schemas take what the API takes and shows, and nothing else', async (t) => {
  const { w, document, fits } = await documented(t)
  const schemas = at(document, 'components', 'schemas')
  const json = (reply: Reply): unknown => JSON.parse(reply.body)
  const upload = await w.ask('POST', '/api/files/photos', { as: ada, body: jpeg(), headers: { 'content-type': 'image/jpeg' } })
  assert.equal(fits(at(schemas, 'File'), json(upload)), '')
  const album = await w.ask('POST', '/api/albums', { as: ada, json: { title: 'A' } })
  const outline = { name: 'a', children: [{ name: 'b', children: [] }] }
  const input = {
    caption: 'x',
    image: at(json(upload))['id'],
    place: { city: 'Bern', note: null },
    albumId: at(json(album))['id'],
    outline,
  }
  assert.equal(fits(at(schemas, 'PicturesCreate'), input), '')
  const made = await w.ask('POST', '/api/pictures', { as: ada, json: input })
  assert.equal(made.status, 201, made.body)
  assert.equal(fits(at(schemas, 'Pictures'), json(made)), '')
  const path = `/api/pictures/${String(at(json(made))['id'])}`
  assert.equal(fits(at(schemas, 'PicturesRead'), json(await w.ask('GET', `${path}?fields=caption&expand=album`, { as: ada }))), '')
  assert.equal(fits(at(schemas, 'PicturesList'), json(await w.ask('GET', '/api/pictures?count=true&expand=album', { as: ada }))), '')
  const bulk = {
    operations: [{ update: at(json(made))['id'], change: { stars: 3 }, ifVersion: '"v1"' }, { create: { caption: 'x' } }, { delete: 'x' }],
  }
  const results = await w.ask('POST', '/api/pictures/bulk', { as: ada, json: bulk })
  assert.equal(results.status, 200)
  assert.equal(fits(at(schemas, 'PicturesBulkResults'), json(results)), '')
  const problem = await w.ask('POST', '/api/pictures', { as: ada, json: {} })
  assert.equal(fits(at(schemas, 'Problem'), json(problem)), '')
  const changes: [unknown, boolean][] = [
    [{ place: { city: 'Rom' } }, true],
    [{ place: { note: null } }, true],
    [{ place: null, due: null, albumId: null, stars: null, slug: 'other' }, true],
    [{}, true],
    [{ caption: null }, false],
    [{ place: { city: null } }, false],
    [{ stars: 9 }, false],
    [{ likes: 3 }, false],
    [{ colour: 'red' }, false],
  ]
  for (const [change, isGood] of changes) {
    assert.equal(fits(at(schemas, 'PicturesChange'), change) === '', isGood, JSON.stringify(change))
    const reply = await w.ask('PATCH', path, { as: ada, json: change })
    assert.equal(reply.status === 200, isGood, `${JSON.stringify(change)} ${reply.body}`)
  }
})

test('every example fits its schema, and the API takes it', async (t) => {
  const { w, document, fits } = await documented(t)
  const schemas = Object.entries(at(document, 'components', 'schemas')).filter(([, schema]) => 'example' in at(schema))
  assert.ok(schemas.length >= 4, schemas.map(([name]) => name).join())
  for (const [name, schema] of schemas) assert.equal(fits(at(schema), at(schema)['example']), '', name)
  const reply = await w.ask('POST', '/api/albums', { as: ada, json: at(document, 'components', 'schemas', 'AlbumsCreate', 'example') })
  assert.equal(reply.status, 201, reply.body)
})

test('the reference page shows all of it, without a script', async (t) => {
  const { w, document } = await documented(t)
  const reply = await w.ask('GET', '/api')
  assert.equal(reply.status, 200)
  assert.match(String(reply.headers['content-type']), /^text\/html/)
  for (const path of Object.keys(at(document, 'paths'))) assert.ok(reply.body.includes(`<span class="path">${path}</span>`), path)
  for (const name of Object.keys(at(document, 'components', 'schemas'))) assert.ok(reply.body.includes(`id="schema-${name}"`), name)
  for (const pattern of [/<script|javascript:/, /(?:src|href|action)="(?:https?:)?\/\//, /@import|url\(/, /undefined|\[object Object\]/])
    assert.equal(pattern.exec(reply.body)?.[0], undefined)
  for (const [, anchor] of reply.body.matchAll(/href="#([^"]+)"/g)) assert.ok(reply.body.includes(`id="${anchor}"`), anchor)
})
