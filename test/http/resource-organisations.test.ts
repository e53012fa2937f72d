// Access rules that name an organisation, or a permission: who acts for it sees what is its own, by an index, and nobody else learns that it is there.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { z } from '#kernel/schema.ts'
import { checkResources } from '../../src/resource/check.ts'
import type { AccessGrant, ResourceDefinition } from '../../src/resource/contract.ts'
import { resource } from '../../src/resource/definition.ts'
import { permissionProblems, withRoles } from '../../src/resource/permissions.ts'
import { type DataWorld, dataWorld, person } from '../support/data-world.ts'

const roles = {
  editor: { permissions: ['docs:write'] },
  viewer: { permissions: ['docs:read'] },
  moderator: { permissions: ['docs:moderate'] },
}
const docs = resource('docs', {
  schema: z.strictObject({ title: z.string(), organisationId: z.string(), flagged: z.boolean().default(false) }),
  indexes: { byOrganisation: { fields: ['organisationId', 'createdAt'] }, byFlag: { fields: ['flagged', 'createdAt'] } },
  access: [
    { who: { organisation: 'organisationId' }, may: ['list', 'get'] },
    { who: { organisation: 'organisationId', permission: 'docs:write' }, may: ['create', 'update', 'get'] },
    { who: { organisation: 'organisationId', role: 'owner' }, may: ['delete', 'get'] },
    { who: { permission: 'docs:moderate' }, may: ['list', 'get', 'delete'], where: { flagged: true } },
  ],
  scopes: { read: 'notes:read', write: 'notes:write' },
})

const at = (name: string, id: string, ...held: string[]) => person(name, { organisation: { id, roles: held } })
const ada = at('ada', 'acme', 'owner')
const bob = at('bob', 'acme', 'editor')
const carl = at('carl', 'acme')
const eve = at('eve', 'evil', 'owner', 'editor')
const out = person('out')

async function open(t: TestContext): Promise<{ world: DataWorld; id: string }> {
  const world = await dataWorld(t, { resources: [docs], roles })
  const made = await world.ask('POST', '/api/docs', { as: bob, json: { title: 'Plans', organisationId: 'acme' } })
  assert.equal(made.status, 201, made.body)
  return { world, id: JSON.parse(made.body).id }
}
const listed = async (world: DataWorld, as: ReturnType<typeof person>, query = ''): Promise<string[]> => {
  const reply = await world.ask('GET', `/api/docs${query}`, { as })
  assert.equal(reply.status, 200, reply.body)
  return (JSON.parse(reply.body).items as { title: string }[]).map(({ title }) => title)
}

test("members see what is the organisation's; others get what they get for what is not there", async (t) => {
  const { world, id } = await open(t)
  await world.ask('POST', '/api/docs', { as: eve, json: { title: 'Evil plans', organisationId: 'evil' } })
  for (const member of [ada, bob, carl]) {
    assert.deepEqual(await listed(world, member), ['Plans'])
    assert.equal((await world.ask('GET', `/api/docs/${id}`, { as: member })).status, 200)
  }
  assert.deepEqual(await listed(world, eve), ['Evil plans'])
  assert.deepEqual(await listed(world, eve, '?organisationId=acme'), [])
  assert.deepEqual(await listed(world, out), [])
  for (const stranger of [eve, out]) {
    const there = await world.ask('GET', `/api/docs/${id}`, { as: stranger })
    const absent = await world.ask('GET', `/api/docs/${'0'.repeat(26)}`, { as: stranger })
    assert.deepEqual([there.status, JSON.parse(there.body).code], [absent.status, JSON.parse(absent.body).code])
    for (const method of ['PATCH', 'DELETE'])
      assert.equal(
        (await world.ask(method, `/api/docs/${id}`, { as: stranger, ...(method === 'PATCH' ? { json: { title: 'x' } } : {}) })).status,
        404,
      )
  }
  assert.equal(JSON.parse((await world.ask('GET', `/api/docs/${id}`, { as: ada })).body).title, 'Plans')
})

test('roles and permissions in the organisation decide what a member may do, and nobody writes into another one', async (t) => {
  const { world, id } = await open(t)
  const change = (as: ReturnType<typeof person>, json: object) => world.ask('PATCH', `/api/docs/${id}`, { as, json })
  assert.equal((await change(bob, { title: 'Better plans' })).status, 200)
  assert.equal((await change(ada, { title: 'Best plans' })).status, 200, 'an owner may do what any role there may')
  assert.equal((await change(carl, { title: 'No' })).status, 403)
  assert.equal((await change(bob, { organisationId: 'evil' })).status, 403, 'nothing is moved to another organisation')
  for (const [as, organisationId] of [
    [carl, 'acme'],
    [bob, 'evil'],
    [eve, 'acme'],
    [out, 'acme'],
  ] as const)
    assert.equal((await world.ask('POST', '/api/docs', { as, json: { title: 'x', organisationId } })).status, 403)
  assert.equal((await world.ask('DELETE', `/api/docs/${id}`, { as: bob })).status, 403)
  // The same words as roles of the whole app, or as groups, count for nothing here.
  const named = person('fay', { roles: ['owner', 'editor', 'acme'], groups: ['acme'] })
  assert.equal((await change(named, { title: 'No' })).status, 404)
  assert.deepEqual(await listed(world, named), [])
  assert.equal((await world.ask('DELETE', `/api/docs/${id}`, { as: ada })).status, 204)
})

test('a permission is held by every role that has it, in the whole app by those that an operator gave', async (t) => {
  const { world, id } = await open(t)
  await world.ask('PATCH', `/api/docs/${id}`, { as: bob, json: { flagged: true } })
  const moderator = person('mod', { roles: ['moderator'] })
  assert.deepEqual(await listed(world, moderator, '?flagged=true'), ['Plans'])
  const elsewhere = at('mo', 'evil', 'moderator')
  assert.deepEqual(await listed(world, elsewhere), [], 'a role in an organisation is none of the app')
  assert.equal((await world.ask('DELETE', `/api/docs/${id}`, { as: elsewhere })).status, 404)
  assert.equal((await world.ask('DELETE', `/api/docs/${id}`, { as: moderator })).status, 204)
})

test('a definition that names what is not there, or that no index serves, does not start', () => {
  const scopes = { scopes: ['notes:read', 'notes:write'], buckets: [] }
  const problems = (...access: AccessGrant[]): string => {
    const definition: ResourceDefinition = { ...docs, access }
    return [...permissionProblems(definition, roles), ...checkResources([withRoles(definition, roles)], scopes)].join('\n')
  }
  assert.equal(problems(...docs.access), '')
  assert.match(problems({ who: { permission: 'docs:fly' }, may: ['get'] }), /no role has the permission docs:fly/)
  assert.match(
    problems({ who: { organisation: 'organisationId', permission: 'docs:fly' }, may: ['get'] }),
    /no role has the permission docs:fly/,
  )
  assert.match(problems({ who: { organisation: 'company' }, may: ['get'] }), /the schema has no field company/)
  assert.match(problems({ who: { organisation: 'flagged' }, may: ['get'] }), /must be a text field/)
  assert.match(problems({ who: { organisation: 'title' }, may: ['list'] }), /no index has title/)
  assert.match(
    problems(
      { who: { organisation: 'organisationId' }, may: ['update'] },
      { who: { organisation: 'organisationId', role: 'owner' }, may: ['get'] },
    ),
    /does not show/,
  )
})
