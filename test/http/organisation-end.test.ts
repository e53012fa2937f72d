// The end of an organisation by its owner: by nobody else, never by a slip, said before and told after.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { callAs, systemCall } from '#kernel/call.ts'
import { createEnding } from '../../src/auth/organisations/ending.ts'
import { createOrganisationsRepository } from '../../src/auth/organisations/repository.ts'
import { type AccountsWorld, call, openAccounts, type Visited } from '../support/accounts.ts'

let world: AccountsWorld
const asked = callAs(call, { kind: 'anonymous' })
const people = new Map<string, string>()
const idOf = (name: string): string => people.get(name) ?? assert.fail(name)

before(async () => {
  world = await openAccounts({ definition: { roles: { editor: { permissions: [] } }, organisations: { roles: ['editor'] } } })
  for (const name of ['ada', 'bob', 'eve']) people.set(name, (await world.person({ email: `${name}@example.org`, name })).accountId)
})
after(() => world.stop())

function signIn(name: string, ago = 0): void {
  const now = world.clock.now()
  world.engine.sessionList.splice(0)
  world.engine.sessionList.push({ id: 'here', accountId: idOf(name), signedInAt: now - ago, lastUsedAt: now, device: 'Firefox on Linux' })
  world.engine.signedInAs = idOf(name)
}

async function made(name: string): Promise<string> {
  const { id } = await world.organisations.organisations.create(asked, { name, accountId: idOf('ada') })
  await world.organisations.desk.setMember(systemCall('test'), { organisationId: id, email: 'bob@example.org', roles: ['editor'] })
  return id
}

const end = (id: string, name: string): Promise<Visited> => world.visit({ path: `/account/organisations/${id}/end`, form: { name } })
const isThere = async (id: string): Promise<boolean> =>
  (await world.organisations.organisations.list(call, idOf('bob'))).some(({ organisation }) => organisation.id === id)

test('an owner sees what ends, types the name, and each member is told by mail and among the security events', async () => {
  const id = await made('Rowing Club')
  signIn('ada')
  const page = await world.visit({ path: `/account/organisations/${id}` })
  assert.match(page.text, new RegExp(`href="/account/organisations/${id}/end"`))
  const shown = await world.visit({ path: `/account/organisations/${id}/end` })
  assert.match(shown.text, /End Rowing Club\?/)
  assert.match(shown.text, /membership of all 2 members/)
  assert.equal((await end(id, '  Rowing   Club ')).headers?.['location'], '/account?done=organisation-ended')
  assert.equal(await isThere(id), false, 'at once')
  assert.equal((await world.visit({ path: `/account/organisations/${id}` })).status, 404)
  const job = world.organisations.jobs[0] ?? assert.fail('no job')
  for (const attempt of [1, 2]) await job.handle({ call: systemCall('jobs'), jobId: 'j', attempt }, { organisationId: id })
  await world.settled()
  for (const name of ['ada', 'bob']) {
    const mails = world.mails.filter(({ to, template }) => to === `${name}@example.org` && template === 'organisation-ended')
    assert.deepEqual(
      mails.map(({ data }) => data['organisation']),
      ['Rowing Club'],
      'told once, however often the job runs',
    )
    const { items } = await world.securityEvents.list(call, idOf(name), { limit: 50 })
    assert.equal(items.filter(({ type, about }) => type === 'organisation.ended' && about === 'Rowing Club').length, 1)
  }
})

test('an account goes out of an organisation that has ended, though the job that ends it never came to it', async () => {
  const id = await made('Diving Club')
  const { accountId, email } = await world.person({ email: 'gone@example.org' })
  await world.organisations.desk.setMember(systemCall('test'), { organisationId: id, email, roles: ['editor'] })
  assert.equal(await world.organisations.desk.end(systemCall('test'), id), true)
  const memberships = async (): Promise<number> =>
    (await createOrganisationsRepository(world.database).memberships(call, accountId, { limit: 10 })).items.length
  assert.equal(await memberships(), 1)
  await world.organisations.forget(systemCall('test'), { accountId, addresses: [email] })
  assert.equal(await memberships(), 0)
  assert.equal((await world.running.shared.repository.find(call, accountId))?.activeOrganisation, undefined)
  const job = world.organisations.jobs[0] ?? assert.fail('no job')
  await job.handle({ call: systemCall('jobs'), jobId: 'j', attempt: 1 }, { organisationId: id })
  await world.settled()
  assert.ok(!world.mails.some(({ to, template }) => to === email && template === 'organisation-ended'), 'nobody is there to be told')
  assert.ok(world.mails.some(({ to, data }) => to === 'bob@example.org' && data['organisation'] === 'Diving Club'))
})

test('neither a member nor a stranger nor an open browser nor another name ends it', async () => {
  const id = await made('Chess Club')
  signIn('bob')
  assert.equal((await world.visit({ path: `/account/organisations/${id}/end` })).status, 403)
  assert.equal((await end(id, 'Chess Club')).status, 403)
  assert.doesNotMatch((await world.visit({ path: `/account/organisations/${id}` })).text, /\/end"/)
  signIn('eve')
  assert.equal((await world.visit({ path: `/account/organisations/${id}/end` })).status, 404)
  assert.equal((await end(id, 'Chess Club')).status, 404)
  signIn('ada', 11 * 60_000)
  assert.match(String((await end(id, 'Chess Club')).headers?.['location']), /again/)
  signIn('ada')
  for (const name of ['', 'chess club', 'Chess', 'Rowing Club']) {
    const refused = await end(id, name)
    assert.equal(refused.status, 422, name)
    assert.match(refused.text, /This is not its name/)
  }
  world.engine.signedInAs = undefined
  assert.equal((await end(id, 'Chess Club')).status, 303)
  assert.equal(await isThere(id), true)
})

test('who is made a member at the same moment as ending it does not end it', async () => {
  const id = await made('Sailing Club')
  await world.organisations.desk.setMember(systemCall('test'), { organisationId: id, email: 'bob@example.org', roles: ['owner'] })
  const { organisations, end: endBy } = world.organisations
  const [ending, demoting] = await Promise.allSettled([
    endBy(asked, { organisationId: id, accountId: idOf('bob') }, 'Sailing Club'),
    organisations.setRoles(asked, { organisationId: id, accountId: idOf('ada') }, { accountId: idOf('bob'), roles: [] }),
  ])
  assert.notEqual(ending.status === 'fulfilled', demoting.status === 'fulfilled', 'one of both')
  assert.equal(await isThere(id), ending.status === 'rejected')
})

test('an owner who hands over to another while it is being ended, does not end it', async () => {
  const id = await made('Fencing Club')
  const desk = (email: string, roles: string[]) =>
    world.organisations.desk.setMember(systemCall('test'), { organisationId: id, email, roles })
  await desk('bob@example.org', ['owner'])
  const real = createOrganisationsRepository(world.database)
  let reads = 0
  // As many owners and as many members as before, and another one of them.
  const handingOver: typeof real = {
    ...real,
    async findMember(asking, organisationId, accountId) {
      const found = await real.findMember(asking, organisationId, accountId)
      if ((reads += 1) > 1) return found
      await desk('eve@example.org', ['owner'])
      await desk('bob@example.org', [])
      await desk('ada@example.org', [])
      await desk('ada@example.org', ['owner'])
      await world.organisations.organisations.leave(asked, { organisationId: id, accountId: idOf('bob') })
      return found
    },
  }
  const { clock, revocations, running } = world
  const parts = { repository: handingOver, accounts: running.shared.repository, revocations, clock, ended: async () => {} }
  await assert.rejects(createEnding(parts).end(asked, id, { accountId: idOf('bob') }), /owners/i)
  assert.equal((await real.find(call, id))?.endedAt, undefined)
})
