// The account of an organisation's only owner goes: nobody is kept from that, it says before what becomes of the organisation, and nobody is stranded there
// without being told.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { callAs, systemCall } from '#kernel/call.ts'
import { newId } from '#kernel/ids.ts'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import { createFinding } from '../../src/auth/finding/service.ts'
import { createEnding } from '../../src/auth/organisations/ending.ts'
import { ownerlessJob } from '../../src/auth/organisations/ownerless.ts'
import { createOrganisationsRepository } from '../../src/auth/organisations/repository.ts'
import { type AccountsWorld, call, openAccounts, type Visited } from '../support/accounts.ts'

const DAY_MS = 86_400_000
const asked = callAs(call, { kind: 'anonymous' })
const system = systemCall('test')
const operator = callAs(call, { kind: 'operator', sessionId: 'of-the-test' })

describe('an owner who deletes the account', () => {
  let world: AccountsWorld
  let round = 0
  const ids = new Map<string, string>()
  const idOf = (name: string): string => ids.get(name) ?? assert.fail(name)
  const addressOf = (name: string): string => `${name}${round}@example.org`
  const newPerson = async (name: string): Promise<void> => {
    const now = world.clock.now()
    const id = newId(now)
    ids.set(name, id)
    const account = { id, email: addressOf(name), name, emailVerifiedAt: now, createdAt: now }
    await world.database.collection(accountsCollection).insert(call, account)
  }

  before(async () => {
    const definition = { roles: { editor: { permissions: [] } }, organisations: { roles: ['editor'] } }
    world = await openAccounts({ definition })
  })
  beforeEach(async () => {
    round += 1
    for (const name of ['ada', 'bob', 'eve']) await newPerson(name)
  })
  after(() => world.stop())

  const orgs = () => world.organisations.organisations
  const desk = () => world.organisations.desk
  const member = (organisationId: string, name: string, roles: readonly string[] = []) =>
    desk().setMember(system, { organisationId, email: addressOf(name), roles })
  const made = async (name: string): Promise<string> => {
    const { id } = await orgs().create(asked, { name, accountId: idOf('ada') })
    await member(id, 'bob')
    return id
  }
  const signIn = (name: string): void => {
    const now = world.clock.now()
    world.engine.sessionList.splice(0)
    world.engine.sessionList.push({ id: 'here', accountId: idOf(name), signedInAt: now, lastUsedAt: now, device: 'Firefox on Linux' })
    world.engine.signedInAs = idOf(name)
  }
  const askForEnd = (organisations?: readonly string[]): Promise<Visited> =>
    world.visit({ path: '/account/delete', form: { sure: 'yes', ...(organisations && { organisations: organisations.join(' ') }) } })
  const accountOf = async (name: string) => (await world.database.collection(accountsCollection).get(call, idOf(name)))?.value
  const stands = (id: string): Promise<boolean> => world.organisations.stands(call, id)
  const afterGrace = async (): Promise<void> => {
    world.engine.sessionList.splice(0)
    world.clock.advance(15 * DAY_MS)
    const [job] = world.leaving.jobs
    await job?.handle({ call: systemCall('jobs'), jobId: 'j', attempt: 1 }, {})
  }
  const run = async (name: string, input: unknown): Promise<void> => {
    const job = world.organisations.jobs.find((each) => each.name === name) ?? assert.fail(name)
    for (const attempt of [1, 2]) await job.handle({ call: systemCall('jobs'), jobId: 'j', attempt }, input)
    await world.settled()
  }
  const mailed = (name: string, template: string) => world.mails.filter((each) => each.to === addressOf(name) && each.template === template)
  const toldOf = async (id: string): Promise<number> => {
    const at = (await createOrganisationsRepository(world.database).find(call, id))?.ownerGone?.at
    return at ?? world.clock.now()
  }

  test('the page names what would have no owner, and nothing is asked for until that is settled', async () => {
    const [acme, shared] = [await made('Acme'), await made('Shared')]
    await orgs().create(asked, { name: 'Alone', accountId: idOf('ada') })
    await member(shared, 'bob', ['owner'])
    signIn('ada')
    const section = /id="delete"[^]*?<\/section>/.exec((await world.visit({ path: '/account' })).text)?.[0] ?? ''
    assert.match(section, new RegExp(`href="/account/organisations/${acme}">Acme</a>: one other member`))
    assert.doesNotMatch(section, /Shared|Alone/)
    const german = (await world.visit({ path: '/account', cookies: { '__Host-Http-language': 'de' } })).text
    assert.match(german, /Acme<\/a>: ein weiteres Mitglied/)
    for (const chosen of [undefined, [shared], [newId(0)]]) {
      const refused = await askForEnd(chosen)
      assert.equal(refused.status, 422)
      assert.match(refused.text, /would have no owner without you/)
    }
    assert.equal((await accountOf('ada'))?.deletionAt, undefined)
    assert.ok(!world.engine.asked.some((each) => each.startsWith(`revokeAccount ${idOf('ada')}`)))
    await orgs().setRoles(asked, { accountId: idOf('ada'), organisationId: acme }, { accountId: idOf('bob'), roles: ['owner'] })
    assert.equal((await askForEnd()).headers?.['location'], '/goodbye', 'somebody else owns it now')
  })

  test('what is chosen to end stands until the account goes, ends with it, and its members are told', async () => {
    const id = await made('Rowing')
    signIn('ada')
    assert.equal((await askForEnd([id])).headers?.['location'], '/goodbye')
    assert.deepEqual((await accountOf('ada'))?.deletion?.organisations, [id])
    assert.equal(await stands(id), true)
    await afterGrace()
    assert.equal(await accountOf('ada'), undefined)
    assert.equal(await stands(id), false)
    await run('auth.end_organisation', { organisationId: id })
    assert.equal(mailed('bob', 'organisation-ended').length, 1)
    assert.equal(mailed('bob', 'organisation-ownerless').length, 0)
    assert.deepEqual(await orgs().list(call, idOf('bob')), [])
  })

  test('the mail about the end names what goes with the account, and what it leaves without an owner', async () => {
    const [curling, golf] = [await made('Curling'), await made('Golf')]
    await orgs().create(asked, { name: 'Solitaire', accountId: idOf('ada') })
    const named = async (template = 'deletion-requested') => {
      const { ending, ownerless } = (await world.mailTo(addressOf('ada'), template)).data
      return [ending?.split('\n').toSorted(), ownerless?.split('\n').toSorted()]
    }
    const renew = () => world.clock.advance(DAY_MS)
    signIn('ada')
    await askForEnd([curling, golf])
    assert.deepEqual(await named(), [['Curling', 'Golf'], undefined])
    await world.leaving.keep(operator, addressOf('ada'))
    world.mails.splice(0)
    renew()
    await world.leaving.end(operator, { email: addressOf('ada') })
    assert.deepEqual(await named(), [undefined, ['Curling', 'Golf']], 'nobody has chosen')
    await world.leaving.keep(operator, addressOf('ada'))
    await world.leaving.suspend(operator, addressOf('ada'), true)
    await world.leaving.end(operator, { email: addressOf('ada') })
    assert.deepEqual(await named('deletion-while-blocked'), [undefined, ['Curling', 'Golf']])
    await world.leaving.end(operator, { email: addressOf('bob') })
    assert.deepEqual(Object.keys((await world.mailTo(addressOf('bob'), 'deletion-requested')).data), ['name', 'days', 'link'])
  })

  test('who comes back has chosen nothing', async () => {
    const id = await made('Sailing')
    signIn('ada')
    await askForEnd([id])
    world.clock.advance(DAY_MS)
    assert.equal((await world.leaving.keep(operator, addressOf('ada')))?.kept, true)
    assert.equal((await accountOf('ada'))?.deletion, undefined)
    assert.equal(await stands(id), true)
    signIn('ada')
    assert.equal((await askForEnd()).status, 422, 'it is to be chosen again')
  })

  test('what somebody else owns by then does not end, whoever else has gone meanwhile', async () => {
    const [handed, blocked] = [await made('Handed'), await made('Blocked')]
    signIn('ada')
    await askForEnd([handed, blocked])
    await member(handed, 'bob', ['owner'])
    await member(blocked, 'eve', ['owner'])
    await world.leaving.suspend(operator, addressOf('eve'), true)
    await afterGrace()
    assert.deepEqual([await stands(handed), await stands(blocked)], [true, false])
    assert.deepEqual(
      (await orgs().list(call, idOf('bob')))
        .map(({ organisation, roles }) => [organisation.name, roles])
        .filter(([name]) => name === 'Handed'),
      [['Handed', ['owner']]],
    )
  })

  test('who owns it and is about to go as well does not count', async () => {
    const id = await made('Both')
    await member(id, 'bob', ['owner'])
    signIn('bob')
    assert.equal((await askForEnd()).headers?.['location'], '/goodbye', 'Ada is left')
    signIn('ada')
    assert.equal((await askForEnd()).status, 422)
    assert.equal((await askForEnd([id])).headers?.['location'], '/goodbye')
  })

  test('an operator asks for no choice: it says what is left without an owner, each member is told once, and a list names it', async () => {
    const id = await made('Chess')
    for (let index = 0; index < 50; index += 1) {
      await newPerson(`member${index}-`)
      await member(id, `member${index}-`)
    }
    const confirm = addressOf('ada')
    const ending = await world.leaving.end(operator, { email: confirm, now: true, confirm })
    assert.deepEqual(ending?.withoutOwner, [{ id, name: 'Chess' }])
    assert.equal(await stands(id), true)
    const repository = createOrganisationsRepository(world.database)
    const at = world.clock.now()
    let commits = 0
    const broken = {
      ...repository,
      async commit(...write: Parameters<typeof repository.commit>) {
        if ((commits += 1) === 2) throw new Error('the process stops')
        return await repository.commit(...write)
      },
    }
    const accounts = world.running.shared.repository
    const context = { call: systemCall('jobs'), jobId: 'j', attempt: 1 }
    await assert.rejects(async () => ownerlessJob({ repository: broken, accounts }).handle(context, { organisationId: id, at }), /stops/)
    await run('auth.tell_ownerless', { organisationId: id, at: await toldOf(id) })
    await run('auth.tell_ownerless', { organisationId: id, at: at - 1 })
    for (const name of ['bob', ...Array.from({ length: 50 }, (_, index) => `member${index}-`)]) {
      assert.deepEqual(
        mailed(name, 'organisation-ownerless').map(({ data }) => data),
        [{ name, organisation: 'Chess' }],
        name,
      )
    }
    const { items } = await world.securityEvents.list(call, idOf('bob'), { limit: 50 })
    assert.equal(items.filter(({ type, about }) => type === 'organisation.ownerless' && about === 'Chess').length, 1)
    const listed = async () => (await desk().list(system)).items.find((each) => each.id === id)
    assert.deepEqual([(await listed())?.owners, (await listed())?.isAttended], [0, false])
    await member(id, 'bob', ['owner'])
    assert.deepEqual([(await listed())?.owners, (await listed())?.isAttended], [1, true])
    await world.leaving.suspend(operator, addressOf('bob'), true)
    assert.deepEqual([(await listed())?.owners, (await listed())?.isAttended], [1, false])
  })

  test('who blocks the last owner hears what that leaves without one, and so does who looks at the account', async () => {
    const finding = createFinding({ ...world, leftBy: world.leaving.leftBy })
    const [alone, shared] = [await made('Go'), await made('Bridge')]
    await orgs().create(asked, { name: 'Patience', accountId: idOf('ada') })
    await member(shared, 'eve', ['owner'])
    const seen = async (name: string) => (await finding.view(operator, { accountId: idOf(name) }))?.onlyOwnerOf
    const accountId = idOf('ada')
    const go = { id: alone, name: 'Go' }
    assert.deepEqual([await seen('ada'), await seen('eve'), await seen('bob')], [[go], [], []])
    assert.deepEqual(await world.leaving.suspend(operator, addressOf('eve'), true), { accountId: idOf('eve'), suspended: true })
    const both = [{ id: shared, name: 'Bridge' }, go]
    const byName = (left: readonly { name: string }[] = []) => left.toSorted((one, other) => one.name.localeCompare(other.name))
    // Once more, too: the answer of the first may have been lost.
    for (const _ of [1, 2]) {
      const { withoutOwner, ...standing } = (await world.leaving.suspend(operator, addressOf('ada'), true)) ?? assert.fail('nobody')
      assert.deepEqual([standing, byName(withoutOwner)], [{ accountId, suspended: true }, both])
    }
    assert.deepEqual(byName(await seen('ada')), both)
    await member(alone, 'bob', ['owner'])
    assert.deepEqual((await world.leaving.suspend(operator, addressOf('ada'), true))?.withoutOwner, [both[0]])
    assert.deepEqual(await world.leaving.suspend(operator, addressOf('ada'), false), { accountId, suspended: false })
  })

  test('nobody is told while somebody else answers for it', async () => {
    const id = await made('Fencing')
    await member(id, 'eve', ['owner'])
    const confirm = addressOf('ada')
    const ending = await world.leaving.end(operator, { email: confirm, now: true, confirm })
    assert.equal(ending?.withoutOwner, undefined)
    await run('auth.tell_ownerless', { organisationId: id, at: world.clock.now() })
    assert.equal(mailed('bob', 'organisation-ownerless').length, 0)
  })

  test('an end that an operator takes over keeps what its owner has chosen', async () => {
    const id = await made('Archery')
    signIn('ada')
    await askForEnd([id])
    const ending = await world.leaving.end(operator, { email: addressOf('ada') })
    assert.deepEqual([ending?.deleted, ending?.withoutOwner], [false, undefined])
    assert.deepEqual((await accountOf('ada'))?.deletion?.organisations, [id])
    const confirm = addressOf('ada')
    await world.leaving.end(operator, { email: confirm, now: true, confirm })
    assert.equal(await stands(id), false)
  })

  test('who becomes an owner while it ends with the account of another keeps it', async () => {
    const id = await made('Late')
    signIn('ada')
    await askForEnd([id])

    const real = createOrganisationsRepository(world.database)
    let isFirst = true
    const overtaken: typeof real = {
      ...real,
      async commit(...write) {
        if (isFirst) {
          isFirst = false
          await member(id, 'bob', ['owner'])
        }
        return await real.commit(...write)
      },
    }
    const { clock, revocations, running } = world
    const parts = { repository: overtaken, accounts: running.shared.repository, revocations, clock, ended: async () => {} }
    assert.equal(await createEnding(parts).endWithOwner(system, { organisationId: id, accountId: idOf('ada') }), false)
    assert.equal(await stands(id), true)
  })
})
