// Grants with functions, roles, groups and fields: what does not start, what a mistake in a definition must not show, and what refusals must not tell.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from '#kernel/schema.ts'
import { checkResources } from '../../src/resource/check.ts'
import type { AccessGrant, ResourceDefinition } from '../../src/resource/contract.ts'
import { resource } from '../../src/resource/definition.ts'
import { dataWorld, person } from '../support/data-world.ts'
import type { Reply } from '../support/http.ts'

const schema = z
  .strictObject({ title: z.string(), secret: z.string().optional(), open: z.boolean().default(false), teamId: z.string().optional() })
  .refine(({ title, secret }) => title !== secret, { path: ['secret'], message: 'The secret must not be the title' })
const base: ResourceDefinition = {
  name: 'docs',
  schema,
  indexes: { byTime: { fields: ['createdAt'] }, byOwner: { fields: ['ownerId', 'createdAt'] }, byOpen: { fields: ['open', 'createdAt'] } },
  access: [{ who: 'owner', may: ['list', 'get', 'create', 'update', 'delete'] }],
  scopes: { read: 'notes:read', write: 'notes:write' },
}
const ada = person('ada')
const bob = person('bob')
const codeOf = (reply: Reply): string => JSON.parse(reply.body).code

const problemsWith = (...access: AccessGrant[]): string[] =>
  checkResources([{ ...base, access }], { scopes: ['notes:read', 'notes:write'], buckets: [] })

const refused: readonly [string, AccessGrant, RegExp][] = [
  ['a list on a condition alone', { who: 'user', may: ['list'], when: () => true }, /no index knows; say with "lists/],
  ['lists without the operation', { who: 'user', may: ['get'], lists: { open: () => true } }, /has "lists" and does not allow "list"/],
  ['lists by an unknown field', { who: 'user', may: ['list'], lists: { colour: () => 'red' } }, /lists names colour/],
  [
    'lists that no index serves',
    { who: 'user', may: ['list'], lists: { teamId: () => 'x' } },
    /no index has teamId\. Add an index with fields: \["teamId", "createdAt"\]/,
  ],
  ['a group that no index serves', { who: { group: 'teamId' }, may: ['list'] }, /no index has teamId/],
  ['a group in no field', { who: { group: 'crew' }, may: ['get'] }, /the schema has no field crew/],
  ['a group in a field of another kind', { who: { group: 'open' }, may: ['get'] }, /open must be a text field/],
  ['a role with a strange name', { who: { role: 'Chief Editor' }, may: ['get'] }, /a role is lower-case/],
  ['sharing that is not declared', { who: 'shared', may: ['get'] }, /Add share: true/],
  ['fields that are not there', { who: 'user', may: ['get'], fields: ['colour'] }, /names the field colour/],
  ['a change of more than is shown', { who: { role: 'editor' }, may: ['update'] }, /allows a change of what it does not show/],
]
for (const [what, grant, message] of refused) {
  test(`does not start with ${what}`, () => {
    const problems = problemsWith(grant)
    assert.ok(
      problems.some((problem) => message.test(problem)),
      problems.join('\n') || 'no problem',
    )
  })
}

test('a grant may change what another one shows, and no field more', () => {
  const editor = { role: 'editor' }
  assert.deepEqual(
    problemsWith({ who: editor, may: ['update'], fields: ['title'] }, { who: 'user', may: ['get'], fields: ['title', 'open'] }),
    [],
  )
  const more = problemsWith({ who: editor, may: ['update'], fields: ['title', 'secret'] }, { who: 'user', may: ['get'], fields: ['title'] })
  assert.match(more.join(), /allows a change of what it does not show/)
  const narrower = problemsWith({ who: 'user', may: ['update'] }, { who: editor, may: ['get'] })
  assert.match(narrower.join(), /allows a change of what it does not show/)
})

test('the builder checks roles, groups, limits and fields when it is compiled', () => {
  const parts = { schema: z.strictObject({ title: z.string(), stars: z.number() }), indexes: {}, scopes: base.scopes } as const
  // @ts-expect-error: a number is no group
  resource('docs', { ...parts, access: [{ who: { group: 'stars' }, may: ['get'] }] })
  // @ts-expect-error: there is no such field
  resource('docs', { ...parts, access: [{ who: 'user', may: ['get'], fields: ['colour'] }] })
  // @ts-expect-error: stars are a number
  resource('docs', { ...parts, access: [{ who: 'user', may: ['list'], lists: { stars: () => 'many' } }] })
  // @ts-expect-error: there is no such field in the document
  resource('docs', { ...parts, access: [{ who: 'user', may: ['get'], when: (_person, document) => document.colour === 'red' }] })
  assert.equal(
    resource('docs', { ...parts, access: [{ who: 'user', may: ['get'], when: (_person, { stars }) => stars > 3 }] }).name,
    'docs',
  )
})

test('what an index finds and a condition does not allow is never shown, counted as exact or used', async (t) => {
  const wide = {
    ...base,
    access: [
      ...base.access,
      { who: 'user', may: ['list', 'get'], when: (_p, d) => d['secret'] === undefined, lists: { open: () => true } } satisfies AccessGrant,
    ],
  }
  const w = await dataWorld(t, { resources: [wide] })
  for (const json of [
    { title: 'fine', open: true },
    { title: 'mistake', open: true, secret: 'told' },
  ])
    await w.ask('POST', '/api/docs', { as: ada, json })
  const reply = await w.ask('GET', '/api/docs?open=true&count=true', { as: bob })
  assert.equal(reply.status, 200, reply.body)
  const { items, count } = JSON.parse(reply.body)
  assert.deepEqual([items.map(({ title }: { title: string }) => title), count.exact], [['fine'], false])
  assert.doesNotMatch(reply.body, /told|mistake/)
})

test('a condition that answers with anything but true has not said yes', async (t) => {
  const answers: readonly unknown[] = [Promise.resolve(true), 1, 'yes', {}, undefined]
  const resources = answers.map(
    (answer, index): ResourceDefinition => ({
      ...base,
      name: `docs${index}`,
      access: [...base.access, { who: 'anyone', may: ['get'], when: () => answer as boolean }],
    }),
  )
  const w = await dataWorld(t, { resources })
  for (const { name } of resources) {
    const { id } = JSON.parse((await w.ask('POST', `/api/${name}`, { as: ada, json: { title: 'x' } })).body)
    assert.equal((await w.ask('GET', `/api/${name}/${id}`)).status, 404, name)
  }
})

test('a refusal says nothing of fields that the writer does not see', async (t) => {
  const access: AccessGrant[] = [...base.access, { who: { role: 'editor' }, may: ['list', 'get', 'update'], fields: ['title'] }]
  const w = await dataWorld(t, { resources: [{ ...base, access }] })
  const { id } = JSON.parse((await w.ask('POST', '/api/docs', { as: ada, json: { title: 'x', secret: 'told' } })).body)
  const editor = person('eve', { roles: ['editor'] })
  const path = `/api/docs/${id}`
  // The rule between the two fields: the writer hears that it does not fit, and not why.
  const clash = await w.ask('PATCH', path, { as: editor, json: { title: 'told' } })
  assert.equal(clash.status, 422)
  assert.deepEqual(JSON.parse(clash.body).errors, [{ field: '', message: 'Does not fit the rest of the object' }])
  assert.equal(JSON.parse((await w.ask('PATCH', path, { as: ada, json: { title: 'told' } })).body).errors[0].field, 'secret')
  const [right, wrong] = await Promise.all(['told', 'guess'].map((secret) => w.ask('PATCH', path, { as: editor, json: { secret } })))
  assert.deepEqual([right?.status, codeOf(right as Reply)], [403, 'resource.forbidden'])
  assert.equal(right?.body, wrong?.body)
  for (const json of [{ secret: null }, { secret: 3 }, { secret: { deep: 1 } }, { title: 'y', secret: 'told' }])
    assert.equal((await w.ask('PATCH', path, { as: editor, json })).body, right?.body, JSON.stringify(json))
  assert.equal((await w.ask('PATCH', path, { as: editor, json: { colour: 1 } })).status, 422)
  const shown = await w.ask('PATCH', path, { as: editor, json: { title: 'y' } })
  assert.deepEqual(Object.keys(JSON.parse(shown.body)), ['id', 'ownerId', 'createdAt', 'updatedAt', 'title'])
})

test('an operation may have a scope of its own', async (t) => {
  const scopes = { read: 'notes:read', write: 'notes:write', delete: 'photos:write' }
  const w = await dataWorld(t, { resources: [{ ...base, scopes }] })
  const app = person('ada', { firstParty: false, clientId: 'shop', scopes: ['notes:read', 'notes:write'] })
  const { id } = JSON.parse((await w.ask('POST', '/api/docs', { as: app, json: { title: 'x' } })).body)
  const reply = await w.ask('DELETE', `/api/docs/${id}`, { as: app })
  assert.deepEqual([reply.status, codeOf(reply)], [403, 'http.insufficient_scope'])
  assert.equal((await w.ask('DELETE', `/api/docs/${id}`, { as: { ...app, scopes: ['photos:write'] } })).status, 204)
})

test('whoever is in several groups says which to list', async (t) => {
  const definition: ResourceDefinition = {
    ...base,
    indexes: { ...base.indexes, byTeam: { fields: ['teamId', 'createdAt'] } },
    access: [
      { who: 'user', may: ['create'] },
      { who: { group: 'teamId' }, may: ['list', 'get'] },
    ],
  }
  const w = await dataWorld(t, { resources: [definition] })
  for (const teamId of ['a', 'b']) await w.ask('POST', '/api/docs', { as: ada, json: { title: teamId, teamId } })
  const list = (groups: readonly string[], query = ''): Promise<Reply> =>
    w.ask('GET', `/api/docs${query}`, { as: person('eve', { groups }) })
  const titles = (reply: Reply): unknown[] => JSON.parse(reply.body).items.map(({ title }: { title: string }) => title)
  assert.deepEqual(titles(await list([])), [])
  assert.deepEqual(titles(await list(['a'])), ['a'])
  assert.deepEqual(titles(await list(['a'], '?teamId=b')), [])
  assert.deepEqual(titles(await list(['a', 'b'], '?teamId=b')), ['b'])
  const open = await list(['a', 'b'])
  assert.deepEqual([open.status, JSON.parse(open.body).errors[0].field], [422, 'teamId'])
})
