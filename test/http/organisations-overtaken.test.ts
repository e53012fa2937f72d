// Organisations and what overtakes a change of theirs: accounts that are erased or blocked while they get in, the last who goes, invitations that are sent
// again or used while they are withdrawn. And invitations in however many pages.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { callAs, callIn, systemCall } from '#kernel/call.ts'
import { newId } from '#kernel/ids.ts'
import { JOB_REQUESTED } from '#kernel/job.ts'
import { z } from '#kernel/schema.ts'
import { createMailLimits } from '../../src/auth/accounts/mail-limits.ts'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import type { OrganisationsDesk } from '../../src/auth/organisations/contract.ts'
import { createInvitations, type Invitations } from '../../src/auth/organisations/invitations.ts'
import { createOrganisationsRepository, type OrganisationsRepository } from '../../src/auth/organisations/repository.ts'
import { createOrganisations, type Organisations } from '../../src/auth/organisations/service.ts'
import { type AccountsWorld, call, openAccounts, ORIGIN, tokenIn } from '../support/accounts.ts'
import { until } from '../support/until.ts'

const definition = { roles: { editor: { permissions: [] } }, organisations: { roles: ['editor'] } }
const asked = callAs(call, { kind: 'anonymous' })
const system = systemCall('test')
const operator = callAs(call, { kind: 'operator', sessionId: 'of-the-test' })
const endingRequest = z.object({ name: z.literal('auth.end_organisation'), input: z.object({ organisationId: z.string() }) })
const code = (name: string) => ({ code: `auth.${name}` })

describe('organisations that are overtaken', () => {
  let world: AccountsWorld
  let repository: OrganisationsRepository
  let round = 0
  const ids = new Map<string, string>()
  /** Which organisations are to be taken apart. */
  const endings: string[] = []
  const idOf = (name: string): string => ids.get(name) ?? assert.fail(`nobody is called ${name}`)
  const addressOf = (name: string): string => `${name}${round}@example.org`

  const newPerson = async (name: string): Promise<void> => {
    const now = world.clock.now()
    const id = newId(now)
    ids.set(name, id)
    const account = { id, email: addressOf(name), name, emailVerifiedAt: now, createdAt: now }
    await world.database.collection(accountsCollection).insert(call, account)
  }

  before(async () => {
    world = await openAccounts({ definition })
    repository = createOrganisationsRepository(world.database)
    world.database.subscribe({
      consumer: 'test-endings',
      topics: [JOB_REQUESTED],
      handle: async (events) =>
        void endings.push(
          ...events.flatMap(({ data }) => {
            const ending = endingRequest.safeParse(data)
            return ending.success ? [ending.data.input.organisationId] : []
          }),
        ),
    })
  })
  beforeEach(async () => {
    round += 1
    for (const name of ['ada', 'bob']) await newPerson(name)
  })
  after(() => world.stop())

  const orgs = () => world.organisations.organisations
  const desk = (): OrganisationsDesk => world.organisations.desk
  const found = async (name = 'Acme'): Promise<string> => (await orgs().create(asked, { name, accountId: idOf('ada') })).id
  const make = (organisationId: string, name: string, roles: readonly string[]) =>
    desk().setMember(system, { organisationId, email: addressOf(name), roles })
  const ended = async (id: string): Promise<boolean> => (await repository.find(call, id))?.endedAt !== undefined
  const membershipsOf = async (name: string): Promise<number> =>
    (await repository.memberships(call, idOf(name), { limit: 10 })).items.length
  const erase = async (name: string): Promise<void> => {
    const email = addressOf(name)
    assert.equal((await world.leaving.end(operator, { email, now: true, confirm: email }))?.deleted, true)
    assert.equal(await world.accounts.find(call, idOf(name)), undefined)
  }
  const block = async (name: string): Promise<void> => void (await world.leaving.suspend(operator, addressOf(name), true))
  const invite = async (organisationId: string, name: string): Promise<string> => {
    const seen = world.mails.length
    const inviter = { accountId: idOf('ada'), organisationId, client: `c${round}` }
    await world.organisations.invitations.invite(callIn(asked, 'en'), inviter, { email: addressOf(name), roles: ['editor'] })
    const sent = await until('the mail', () => world.mails.slice(seen).find(({ to }) => to === addressOf(name)))
    return tokenIn(sent)
  }

  const servicesOn = (waiting: OrganisationsRepository): { organisations: Organisations; invitations: Invitations } => {
    const { clock, revocations, running } = world
    const settings = { definition: definition.organisations, roles: definition.roles }
    const parts = { repository: waiting, accounts: running.shared.repository, revocations, clock, settings }
    const organisations = createOrganisations(parts)
    const limits = createMailLimits(running.shared)
    return {
      organisations,
      invitations: createInvitations({ ...parts, organisations, limits, throttle: running.shared.throttle, origin: ORIGIN }),
    }
  }

  /** The same services, of which one write waits for what happens meanwhile. */
  const overtaken = (meanwhile: () => Promise<unknown>): { organisations: Organisations; invitations: Invitations } => {
    let isFirst = true
    return servicesOn({
      ...repository,
      async commit(...write) {
        if (isFirst) {
          isFirst = false
          await meanwhile()
        }
        return await repository.commit(...write)
      },
    })
  }

  test('whoever joins with a whole class gets in, however many of it are faster', async (t) => {
    t.mock.method(Math, 'random', () => 0)
    const id = await found()
    const token = await invite(id, 'bob')
    let faster = 40
    const { organisations, invitations } = servicesOn({
      ...repository,
      async commit(...write) {
        if (faster === 0) return await repository.commit(...write)
        faster -= 1
        return false
      },
    })
    assert.deepEqual(await invitations.accept(asked, token, idOf('bob')), { organisationId: id, as: 'joined' })
    faster = 40
    await organisations.create(asked, { name: 'One Of Many', accountId: idOf('bob') })
    assert.equal(await membershipsOf('bob'), 2)
  })

  test('one that is made while its maker is erased, or blocked, is not there', async () => {
    for (const [name, leave] of [
      ['ada', erase],
      ['bob', block],
    ] as const) {
      const { organisations } = overtaken(() => leave(name))
      const title = `Late ${name} ${round}`
      await assert.rejects(organisations.create(asked, { name: title, accountId: idOf(name) }), code('sign_in_refused'))
      assert.equal(await membershipsOf(name), 0)
      const names: string[] = []
      for (let page = await desk().list(system); ; page = await desk().list(system, page.next)) {
        names.push(...page.items.map((each) => each.name))
        if (page.next === undefined) break
      }
      assert.ok(!names.includes(title))
    }
  })

  test('who is erased while accepting, or while an operator lets them in, is no member, and is not counted', async () => {
    const id = await found()
    // They act for another one, so that accepting changes nothing of what their tokens tell.
    await orgs().create(asked, { name: 'Own', accountId: idOf('bob') })
    const token = await invite(id, 'bob')
    await assert.rejects(overtaken(() => erase('bob')).invitations.accept(asked, token, idOf('bob')), code('invitation_ended'))
    // Blocked before: what is left of the account differs by its removal alone.
    const halfErase = async (name: string): Promise<void> => {
      const deletion = { requestedAt: 1, begun: true }
      await world.database.collection(accountsCollection).update(call, idOf(name), { set: { deletion } })
      await world.organisations.forget(system, { accountId: idOf(name), addresses: [] })
    }
    for (const [name, goes, refusal] of [
      ['carl', erase, 'account_not_found'],
      ['dora', halfErase, 'bad_details'],
    ] as const) {
      await newPerson(name)
      const of = { organisationId: id, accountId: idOf(name) }
      await orgs().create(asked, { name: 'Own', accountId: of.accountId })
      if (name === 'dora') await block(name)
      const { organisations } = overtaken(() => goes(name))
      await assert.rejects(
        organisations.changing.change(operator, of, async () => ({ roles: ['editor'] })),
        code(refusal),
      )
      assert.equal(await membershipsOf(name), 0)
    }
    assert.equal(await membershipsOf('bob'), 0)
    assert.equal((await repository.find(call, id))?.members, 1)
  })

  test('who is blocked accepts nothing; operators may let them in, until their removal has begun', async () => {
    const id = await found()
    const token = await invite(id, 'bob')
    await assert.rejects(overtaken(() => block('bob')).invitations.accept(asked, token, idOf('bob')), code('sign_in_refused'))
    assert.equal(await membershipsOf('bob'), 0)
    assert.deepEqual(await make(id, 'bob', ['editor']), { roles: ['editor'] })
    assert.equal(await membershipsOf('bob'), 1)
    await desk().setMember(system, { organisationId: id, email: addressOf('bob'), roles: undefined })
    const deletion = { requestedAt: 1, begun: true } as const
    await world.database.collection(accountsCollection).update(call, idOf('bob'), { set: { deletion } })
    await assert.rejects(make(id, 'bob', ['editor']), { code: 'auth.bad_details', detail: /being deleted/ })
    assert.equal(await membershipsOf('bob'), 0)
  })

  test('an invitation that is sent while its sender is erased, is not', async () => {
    const id = await found()
    await make(id, 'bob', ['owner'])
    const inviter = { accountId: idOf('ada'), organisationId: id, client: `c${round}` }
    const to = { email: `stranger${round}@example.org`, roles: [] }
    await assert.rejects(overtaken(() => erase('ada')).invitations.invite(asked, inviter, to))
    assert.equal(await repository.findInvitationTo(call, id, to.email), undefined)
    await world.settled()
    assert.ok(!world.mails.some((mail) => mail.to === to.email))
  })

  test('ends with the last who goes, in the same write, however they go', async () => {
    const goes = (id: string) => ({ organisationId: id, accountId: idOf('bob') })
    const ways: Readonly<Record<string, (id: string) => Promise<unknown>>> = {
      'leaves by themselves': (id) => orgs().leave(asked, goes(id)),
      'an operator takes them out': (id) => desk().setMember(operator, { organisationId: id, email: addressOf('bob'), roles: undefined }),
      'their account goes': (id) => orgs().changing.change(system, goes(id), async () => ({ roles: undefined, leavesNobody: true })),
    }
    for (const [way, go] of Object.entries(ways)) {
      const id = await found(way)
      await make(id, 'bob', ['editor'])
      const owner = { organisationId: id, accountId: idOf('ada') }
      await orgs().changing.change(system, owner, async () => ({ roles: undefined, leavesNobody: true }))
      assert.equal(await ended(id), false, 'somebody is left, whom an operator can make its owner')
      await go(id)
      assert.equal(await ended(id), true, way)
      await until('the job', () => endings.includes(id))
      const ending = world.organisations.jobs[0] ?? assert.fail('there is no such job')
      await ending.handle({ call: systemCall('jobs'), jobId: 'j', attempt: 1 }, { organisationId: id })
      assert.equal(await repository.find(call, id), undefined)
    }
  })

  test('an invitation is withdrawn though it was sent again meanwhile, and said to have ended when it was used', async () => {
    const id = await found()
    await invite(id, 'bob')
    const waiting = async () => (await repository.invitations(call, id, { limit: 9 })).items.map(({ value }) => value)
    const [first = assert.fail()] = await waiting()
    const ada = { accountId: idOf('ada'), organisationId: id, client: `c${round}` }
    await overtaken(() => world.organisations.invitations.resend(asked, ada, first.id)).invitations.revoke(asked, ada, first.id)
    assert.deepEqual(await waiting(), [])
    await world.settled()
    const token = await invite(id, 'bob')
    const [second = assert.fail()] = await waiting()
    const accept = () => world.organisations.invitations.accept(asked, token, idOf('bob'))
    await assert.rejects(overtaken(accept).invitations.revoke(asked, ada, second.id), code('invitation_ended'))
    assert.equal(await membershipsOf('bob'), 1)
  })

  test('a second press at once is answered as the first, and does nothing more', async () => {
    const id = await found()
    const ada = { accountId: idOf('ada'), organisationId: id, client: `c${round}` }
    // An address each: only so many mails go to one.
    const to = (name: string, roles = ['editor']) => ({ email: addressOf(name), roles })
    const plain = { invitations: world.organisations.invitations, organisations: orgs() }
    const mails = async (name: string) => {
      await world.settled()
      return world.mails.filter((mail) => mail.to === addressOf(name)).length
    }
    const twice = async (press: (services: typeof plain) => Promise<void>): Promise<void> => press(overtaken(() => press(plain)))
    await twice(({ organisations }) => organisations.rename(asked, ada, 'Acme Two'))
    await assert.rejects(
      overtaken(() => orgs().rename(asked, ada, 'Theirs')).organisations.rename(asked, ada, 'Ours'),
      code('changed_meanwhile'),
    )
    await twice(({ invitations }) => invitations.invite(asked, ada, to('bob')))
    assert.equal(await mails('bob'), 1)
    const otherRoles = () => plain.invitations.invite(asked, ada, to('carl', []))
    await assert.rejects(overtaken(otherRoles).invitations.invite(asked, ada, to('carl')), code('changed_meanwhile'))
    await plain.invitations.invite(asked, ada, to('dora'))
    const waiting = (await plain.invitations.list(asked, ada)).items
    const sent = waiting.find(({ email }) => email === addressOf('dora')) ?? assert.fail()
    await twice(({ invitations }) => invitations.resend(asked, ada, sent.id))
    assert.equal(await mails('dora'), 2)
    await twice(({ invitations }) => invitations.revoke(asked, ada, sent.id))
    assert.ok(!(await plain.invitations.list(asked, ada)).items.some(({ id: left }) => left === sent.id))
  })

  test('an organisation that is ended twice at once has ended for both', async () => {
    const id = await found()
    const end = () => world.organisations.end(asked, { accountId: idOf('ada'), organisationId: id }, 'Acme')
    await Promise.all([end(), end()])
    assert.equal(await ended(id), true)
    await assert.rejects(end(), code('organisation_not_found'))
  })

  test('every invitation that waits can be seen and withdrawn, and ending says when there are more than it counts', async () => {
    const id = await found()
    const now = world.clock.now()
    for (let index = 0; index < 101; index += 1) {
      const email = `guest-${String(index).padStart(3, '0')}@example.org`
      const sent = { organisationId: id, email, roles: [], invitedBy: idOf('ada'), sentAt: now + index, expiresAt: now + 1e6 }
      await repository.commit(call, [repository.operations.invite({ id: newId(now + index), token: email, ...sent }, undefined)], [])
    }
    world.engine.sessionList.splice(0, 9, { id: 'here', accountId: idOf('ada'), signedInAt: now, lastUsedAt: now, device: 'Firefox' })
    world.engine.signedInAs = idOf('ada')
    const path = `/account/organisations/${id}`
    const first = (await world.visit({ path })).text
    assert.ok(first.includes('guest-100@') && !first.includes('guest-000@'))
    assert.match((await world.visit({ path: `${path}/end` })).text, /More than 100 invitations/)
    const [, more = assert.fail('no more')] = /href="([^"]+)#invitations"[^>]*>More invitations</.exec(first) ?? []
    const second = (await world.visit({ path: more })).text
    assert.ok(second.includes('guest-000@') && !second.includes('guest-001@') && !second.includes('More invitations'))
    const [, revoke = assert.fail('no form')] = /action="([^"]+\/revoke)"/.exec(second) ?? []
    assert.equal((await world.visit({ path: revoke, form: {} })).headers?.['location'], `${path}?done=revoked`)
    assert.ok(!(await world.visit({ path })).text.includes('More invitations'))
    assert.match((await world.visit({ path: `${path}/end` })).text, />100 invitations/)
    assert.equal((await world.visit({ path: `${path}?invited=made-up` })).status, 400)
  })
})
