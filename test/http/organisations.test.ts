// Organisations under attack: members of others, people who were taken out, invitations that were meant for somebody else, and races.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { callAs, callIn, systemCall } from '#kernel/call.ts'
import { newId } from '#kernel/ids.ts'
import { appProblems } from '../../src/app-check.ts'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import type { AuthDefinition } from '../../src/auth/contract.ts'
import { inScope } from '../../src/auth/provider/scope.ts'
import { membershipTeller } from '../../src/auth/provider/account-claims.ts'
import { membershipReader } from '../../src/auth/provider/membership-now.ts'
import { createOwners } from '../../src/auth/organisations/owners.ts'
import { createOrganisationsRepository as repositoryOf } from '../../src/auth/organisations/repository.ts'
import { permissionsOf } from '../../src/auth/roles/permissions.ts'
import { type AccountsWorld, call, openAccounts, tokenIn } from '../support/accounts.ts'
import { until } from '../support/until.ts'
import { rowsStored } from '../support/scenario-database.ts'

const LONG = Array.from({ length: 9 }, (_, index) => `role-with-a-name-that-travels-with-each-request-${index}`)
const definition: AuthDefinition = {
  roles: {
    ...Object.fromEntries(LONG.map((name) => [name, { permissions: [] }])),
    editor: { permissions: ['photos:write', 'photos:read'] },
    viewer: { permissions: ['photos:read'] },
    staff: { permissions: [] },
  },
  organisations: { roles: ['editor', 'viewer', ...LONG] },
  texts: { de: { organisations: { roles: { editor: 'Redaktion' } } } },
}
const person = { kind: 'anonymous' } as const
const asked = callAs(call, person)
const DAY_MS = 24 * 3_600_000

describe('organisations', () => {
  let world: AccountsWorld
  let folder: string
  const ids = new Map<string, string>()
  const idOf = (name: string): string => ids.get(name) ?? assert.fail(`nobody is called ${name}`)

  let round = 0
  const addressOf = (name: string): string => `${name}${round}@example.org`

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ninefold-organisations-'))
    world = await openAccounts({ definition, durableFile: join(folder, 'main.db') })
  })
  // Other people for each test: to sign up as a whole would take longer than all that is tested here.
  beforeEach(async () => {
    round += 1
    for (const name of ['ada', 'bob', 'eve']) {
      const now = world.clock.now()
      const id = newId(now)
      ids.set(name, id)
      const account = { id, email: addressOf(name), name, emailVerifiedAt: now, createdAt: now }
      await world.database.collection(accountsCollection).insert(call, account)
    }
  })
  after(async () => {
    await world.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const orgs = () => world.organisations.organisations
  const invitations = () => world.organisations.invitations
  const found = async (name = 'Acme'): Promise<string> => (await orgs().create(asked, { name, accountId: idOf('ada') })).id
  const actingFor = async (name: string) => (await world.accounts.find(call, idOf(name)))?.membership?.organisation
  const invite = async (
    organisationId: string,
    name: string,
    { roles = [], by = 'ada' }: { readonly roles?: readonly string[]; readonly by?: string } = {},
  ): Promise<string> => {
    const seen = world.mails.filter(({ to }) => to === addressOf(name)).length
    await invitations().invite(callIn(asked, 'en'), { accountId: idOf(by), organisationId, client: 'c' }, { email: addressOf(name), roles })
    const mails = await until('the mail', () => {
      const all = world.mails.filter(({ to }) => to === addressOf(name))
      return all.length > seen ? all : undefined
    })
    return tokenIn(mails.at(-1) ?? assert.fail('no mail came'))
  }
  const joined = async (organisationId: string, name: string, roles: readonly string[] = []): Promise<void> => {
    await invitations().accept(asked, await invite(organisationId, name, { roles }), idOf(name))
  }
  const memberships = async (name: string) =>
    (await orgs().list(call, idOf(name))).map(({ organisation, roles, active }) => [organisation.name, roles, active])
  /** The state that tokens of this account must tell of now. */
  const goodState = async (name: string): Promise<number> => {
    const { items } = await world.revocations.list(call)
    return Math.max(0, ...items.filter(({ kind, subject }) => kind === 'membership' && subject === idOf(name)).map(({ before }) => before))
  }
  const code = (name: string) => ({ code: `auth.${name}` })

  test('an owner gives nobody more roles than a token can carry, which would shut the member out of the app', async () => {
    const id = await found('Acme')
    await joined(id, 'bob', ['viewer'])
    const ada = { accountId: idOf('ada'), organisationId: id, client: 'c' }
    const tooMany = { code: 'auth.bad_details', fields: [{ field: 'roles', reason: 'roles_too_long' }] }
    const refused = (error: { code: string; fields?: readonly { field: string; reason?: string }[] }): true => {
      assert.deepEqual({ code: error.code, fields: error.fields?.map(({ field, reason }) => ({ field, reason })) }, tooMany)
      return true
    }
    await assert.rejects(orgs().setRoles(asked, ada, { accountId: idOf('bob'), roles: LONG }), refused)
    await assert.rejects(invitations().invite(asked, ada, { email: addressOf('eve'), roles: LONG }), refused)
    assert.deepEqual(await actingFor('bob'), { id, roles: ['viewer'] })
    const some = LONG.slice(0, 7)
    await orgs().setRoles(asked, ada, { accountId: idOf('bob'), roles: some })
    assert.deepEqual(await actingFor('bob'), { id, roles: some })
  })

  test('who makes one owns it and acts for it; a member has what was given, and tokens of before end', async () => {
    const id = await found(' Acme  Corp ')
    assert.deepEqual(await memberships('ada'), [['Acme Corp', ['owner'], true]])
    assert.deepEqual(await actingFor('ada'), { id, roles: ['owner'] })
    assert.equal(await goodState('ada'), (await world.accounts.find(call, idOf('ada')))?.membership?.at)
    await joined(id, 'bob', ['viewer'])
    assert.deepEqual(await actingFor('bob'), { id, roles: ['viewer'] })
    const before = await goodState('bob')
    assert.ok(before > 0)
    await orgs().setRoles(asked, { accountId: idOf('ada'), organisationId: id }, { accountId: idOf('bob'), roles: ['viewer', 'editor'] })
    assert.deepEqual(await actingFor('bob'), { id, roles: ['editor', 'viewer'] })
    const changed = await goodState('bob')
    assert.ok(changed > before, 'tokens with the earlier roles are refused')
    await orgs().remove(asked, { accountId: idOf('ada'), organisationId: id }, idOf('bob'))
    assert.equal(await actingFor('bob'), undefined)
    assert.ok((await goodState('bob')) > changed, 'tokens of a removed member are refused')
    assert.deepEqual(await memberships('bob'), [])
    assert.equal((await orgs().get(call, { accountId: idOf('ada'), organisationId: id })).organisation.members, 1)
  })

  test('people choose which one they act for; what changes elsewhere ends no token', async () => {
    const acme = await found('Acme')
    const borg = await found('Borg')
    assert.deepEqual(await actingFor('ada'), { id: acme, roles: ['owner'] }, 'the first one stays')
    await orgs().activate(asked, idOf('ada'), borg)
    assert.deepEqual(await actingFor('ada'), { id: borg, roles: ['owner'] })
    await joined(acme, 'bob')
    const state = await goodState('bob')
    await joined(borg, 'bob')
    await orgs().setRoles(asked, { accountId: idOf('ada'), organisationId: borg }, { accountId: idOf('bob'), roles: ['editor'] })
    assert.equal(await goodState('bob'), state, 'bob acts for the other one')
    await orgs().activate(asked, idOf('bob'), undefined)
    assert.equal(await actingFor('bob'), undefined)
    await assert.rejects(orgs().activate(asked, idOf('eve'), acme), code('organisation_not_found'))
    assert.equal(await actingFor('eve'), undefined)
  })

  test('for a stranger an organisation is not there, whatever is asked, as one that does not exist', async () => {
    const id = await found()
    await joined(id, 'bob', ['editor'])
    const token = await invite(id, 'carl')
    const [pending] = (await invitations().list(call, { accountId: idOf('ada'), organisationId: id })).items
    const tries = (organisationId: string) => {
      const eve = { accountId: idOf('eve'), organisationId, client: 'c' }
      return [
        () => orgs().get(asked, eve),
        () => orgs().members(asked, eve),
        () => orgs().rename(asked, eve, 'Evil'),
        () => orgs().setRoles(asked, eve, { accountId: idOf('eve'), roles: ['owner'] }),
        () => orgs().setRoles(asked, eve, { accountId: idOf('bob'), roles: ['owner'] }),
        () => orgs().remove(asked, eve, idOf('ada')),
        () => orgs().activate(asked, idOf('eve'), organisationId),
        () => invitations().list(asked, eve),
        () => invitations().invite(asked, eve, { email: addressOf('eve'), roles: ['owner'] }),
        () => invitations().resend(asked, eve, pending?.id ?? ''),
        () => invitations().revoke(asked, eve, pending?.id ?? ''),
      ]
    }
    for (const organisationId of [id, '0'.repeat(26)])
      for (const run of tries(organisationId)) await assert.rejects(run(), code('organisation_not_found'))
    // A member who is no owner knows that it is there, and may change nothing.
    const bob = { accountId: idOf('bob'), organisationId: id, client: 'c' }
    for (const run of [
      () => orgs().rename(asked, bob, 'Bobs'),
      () => orgs().setRoles(asked, bob, { accountId: idOf('bob'), roles: ['owner'] }),
      () => orgs().remove(asked, bob, idOf('ada')),
      () => invitations().list(asked, bob),
      () => invitations().invite(asked, bob, { email: 'x@example.org', roles: [] }),
      () => invitations().resend(asked, bob, pending?.id ?? ''),
      () => invitations().revoke(asked, bob, pending?.id ?? ''),
    ])
      await assert.rejects(run(), code('owners_only'))
    const { items } = await orgs().members(asked, bob)
    assert.deepEqual(items.map(({ name, roles }) => [name, roles]).toSorted(), [
      ['ada', ['owner']],
      ['bob', ['editor']],
    ])
    assert.ok(await invitations().pending(call, token), 'the invitation is as good as before')
    assert.equal((await orgs().get(call, bob)).organisation.name, 'Acme')
  })

  test('an invitation of another organisation cannot be managed from ours', async () => {
    const id = await found()
    const token = await invite(id, 'carl')
    const [pending] = (await invitations().list(call, { accountId: idOf('ada'), organisationId: id })).items
    const own = (await orgs().create(asked, { name: 'Eves', accountId: idOf('eve') })).id
    const eve = { accountId: idOf('eve'), organisationId: own, client: 'c' }
    await assert.rejects(invitations().revoke(asked, eve, pending?.id ?? ''), code('invitation_ended'))
    await assert.rejects(invitations().resend(asked, eve, pending?.id ?? ''), code('invitation_ended'))
    assert.ok(await invitations().pending(call, token))
  })

  test('an invitation is in the language of who is invited, and of who invites when that is not known', async () => {
    const id = await found()
    await world.accounts.chooseLanguage(call, idOf('bob'), 'de')
    await invite(id, 'bob')
    await invite(id, 'nobody-yet')
    const languageTo = (name: string): string | undefined => world.mails.find(({ to }) => to === addressOf(name))?.language
    assert.deepEqual([languageTo('bob'), languageTo('nobody-yet')], ['de', 'en'])
  })

  test('requirement 70: an invitation is for its address alone, is used up once, and looking does not use it up', async () => {
    const id = await found()
    const token = await invite(id, 'bob', { roles: ['viewer'] })
    for (let look = 0; look < 3; look += 1) {
      assert.deepEqual(await invitations().pending(call, token), {
        organisation: 'Acme',
        invitedBy: 'ada',
        email: addressOf('bob'),
        expiresAt: world.clock.now() + 7 * DAY_MS,
      })
    }
    await assert.rejects(invitations().accept(asked, token, idOf('eve')), code('invitation_other'))
    assert.deepEqual(await memberships('eve'), [])
    await invitations().accept(asked, token, idOf('bob'))
    assert.deepEqual(await memberships('bob'), [['Acme', ['viewer'], true]])
    await assert.rejects(invitations().accept(asked, token, idOf('eve')), code('invitation_ended'))
    await assert.rejects(invitations().accept(asked, 'made-up', idOf('bob')), code('invitation_ended'))
    const rows = [...(await rowsStored(join(folder, 'main.db'))).values()].join('\n').split(token).length - 1
    // The mail itself carries it, as an event that is on its way.
    assert.ok(rows <= 1, `the token is in ${rows} rows`)
  })

  test('an invitation that was sent again, withdrawn, is too old, or comes from nobody who owns, is worth nothing', async () => {
    const id = await found()
    const ada = { accountId: idOf('ada'), organisationId: id, client: 'c' }
    const first = await invite(id, 'bob')
    const second = await invite(id, 'bob', { roles: ['editor'] })
    assert.equal((await invitations().list(call, ada)).items.length, 1, 'one for an address')
    assert.equal(await invitations().pending(call, first), undefined)
    await assert.rejects(invitations().accept(asked, first, idOf('bob')), code('invitation_ended'))
    const [pending] = (await invitations().list(call, ada)).items
    await invitations().revoke(asked, ada, pending?.id ?? '')
    await assert.rejects(invitations().accept(asked, second, idOf('bob')), code('invitation_ended'))
    const third = await invite(id, 'eve')
    world.clock.advance(7 * DAY_MS + 1)
    await assert.rejects(invitations().accept(asked, third, idOf('eve')), code('invitation_ended'))
    // Bob owns, invites eve as an owner, and is taken out: what he promised ends with him.
    await joined(id, 'bob', ['owner'])
    const planted = await invite(id, 'eve', { roles: ['owner'], by: 'bob' })
    await orgs().remove(asked, ada, idOf('bob'))
    assert.equal(await invitations().pending(call, planted), undefined)
    await assert.rejects(invitations().accept(asked, planted, idOf('eve')), code('invitation_ended'))
    assert.deepEqual([await memberships('bob'), await memberships('eve')], [[], []])
    const suspended = await invite(id, 'eve')
    await world.database.collection(accountsCollection).update(call, idOf('ada'), { set: { suspendedAt: world.clock.now() } })
    await assert.rejects(invitations().accept(asked, suspended, idOf('eve')), code('invitation_ended'))
  })

  test('of ten acceptances at once one counts, and the others are told that it did', async () => {
    // A loser may read between the two reads of another: seen at one race in ten.
    for (let race = 0; race < 3; race += 1) {
      const id = await found()
      const token = await invite(id, 'bob', { roles: ['viewer'] })
      const racers = await Promise.allSettled(Array.from({ length: 10 }, () => invitations().accept(asked, token, idOf('bob'))))
      const outcomes = racers.map((racer) => (racer.status === 'fulfilled' ? racer.value.as : String(racer.reason)))
      assert.deepEqual(outcomes.toSorted(), [...Array.from({ length: 9 }, () => 'accepted-already'), 'joined'])
      assert.equal((await orgs().get(call, { accountId: idOf('ada'), organisationId: id })).organisation.members, 2)
    }
  })

  test('the last owner stays: alone, and when two leave, or take each other out, at the same moment', async () => {
    const id = await found()
    const ada = { accountId: idOf('ada'), organisationId: id }
    const bob = { accountId: idOf('bob'), organisationId: id }
    await assert.rejects(orgs().leave(asked, ada), code('last_owner'))
    await assert.rejects(orgs().setRoles(asked, ada, { accountId: idOf('ada'), roles: ['editor'] }), code('last_owner'))
    await joined(id, 'bob', ['owner'])
    const left = await Promise.allSettled([orgs().leave(asked, ada), orgs().leave(asked, bob)])
    assert.equal(left.filter(({ status }) => status === 'fulfilled').length, 1, 'one of them is the last')
    const stays = (await memberships('ada')).length === 1 ? 'ada' : 'bob'
    const other = stays === 'ada' ? 'bob' : 'ada'
    assert.deepEqual([(await memberships('ada')).length, (await memberships('bob')).length].toSorted(), [0, 1])
    await world.organisations.desk.setMember(systemCall('test'), { organisationId: id, email: addressOf(other), roles: ['owner'] })
    const removed = await Promise.allSettled([orgs().remove(asked, ada, idOf('bob')), orgs().remove(asked, bob, idOf('ada'))])
    assert.equal(removed.filter(({ status }) => status === 'fulfilled').length, 1)
    const owners = [...(await memberships('ada')), ...(await memberships('bob'))]
    assert.deepEqual(owners.length, 1)
    assert.deepEqual(owners[0]?.[1], ['owner'])
  })

  test('names and roles are checked, mails are limited, and a name that would be a link is not mailed', async () => {
    await assert.rejects(found('www.evil.example'), code('bad_details'))
    await assert.rejects(found(' '), code('bad_details'))
    const id = await found()
    const ada = { accountId: idOf('ada'), organisationId: id, client: 'c' }
    await assert.rejects(invitations().invite(asked, ada, { email: addressOf('bob'), roles: ['staff'] }), code('bad_details'))
    await assert.rejects(invitations().invite(asked, ada, { email: 'nobody', roles: [] }), code('bad_details'))
    await joined(id, 'bob')
    await assert.rejects(orgs().setRoles(asked, ada, { accountId: idOf('bob'), roles: ['admin'] }), code('bad_details'))
    await world.accounts.rename(call, { accountId: idOf('ada'), name: 'Win at http://evil.example', by: {} })
    await invite(id, 'eve')
    assert.equal((await world.mailTo(addressOf('eve'))).data['inviter'], 'Acme')
    await invite(id, 'eve')
    await invite(id, 'eve')
    await assert.rejects(invite(id, 'eve'), code('too_many_tries'))
  })

  test('operators alone use the desk; what is ended is gone at once, and taken apart by a job', async () => {
    const { desk, jobs, stands } = world.organisations
    const id = await found()
    for (const principal of [
      person,
      { kind: 'user', accountId: idOf('ada'), sessionId: 's', clientId: 'c', scopes: [], firstParty: true } as const,
    ]) {
      const asking = callAs(call, principal)
      await assert.rejects(desk.list(asking), code('operators_only'))
      await assert.rejects(desk.members(asking, id), code('operators_only'))
      await assert.rejects(desk.create(asking, { name: 'X', owner: addressOf('ada') }), code('operators_only'))
      await assert.rejects(
        desk.setMember(asking, { organisationId: id, email: addressOf('eve'), roles: ['owner'] }),
        code('operators_only'),
      )
      await assert.rejects(desk.end(asking, id), code('operators_only'))
    }
    const system = systemCall('test')
    assert.deepEqual(await desk.setMember(system, { organisationId: id, email: addressOf('bob'), roles: ['viewer'] }), {
      roles: ['viewer'],
    })
    assert.equal(await desk.setMember(system, { organisationId: id, email: 'nobody@example.org', roles: ['viewer'] }), undefined)
    assert.equal((await desk.members(system, id)).items.length, 2)
    await invite(id, 'eve')
    const state = await goodState('bob')
    const now = membershipReader(world.accounts, { organisationStands: stands })
    const teller = membershipTeller({ isFirstParty: () => true }, now, permissionsOf())
    const told = (who: string) => inScope({ call, waiting: [] }, () => teller({ accountId: idOf(who), clientId: 'app' }))
    assert.deepEqual((await told('ada'))['organization'], { id, roles: ['owner'] })
    assert.equal(await desk.end(system, id), true)
    assert.equal('organization' in (await told('ada')), false, 'before its members are taken out, too')
    await assert.rejects(orgs().get(call, { accountId: idOf('ada'), organisationId: id }), code('organisation_not_found'))
    assert.deepEqual(await memberships('ada'), [])
    const ending = jobs[0] ?? assert.fail('there is no such job')
    const context = { call: systemCall('jobs'), jobId: 'j', attempt: 1 }
    await ending.handle(context, { organisationId: id })
    await ending.handle(context, { organisationId: id })
    assert.deepEqual([await actingFor('ada'), await actingFor('bob')], [undefined, undefined])
    assert.ok((await goodState('bob')) > state)
    assert.equal(
      (await desk.list(system)).items.some((each) => each.id === id),
      false,
    )
    assert.equal(await desk.end(system, id), false)
  })

  test('an account that goes leaves everywhere; what nobody is left in ends, and an operator finds another owner', async () => {
    const id = await found()
    await joined(id, 'bob', ['viewer'])
    await world.organisations.forget(call, { accountId: idOf('bob'), addresses: [] })
    assert.deepEqual(await memberships('bob'), [])
    await joined(id, 'bob', ['viewer'])
    await world.organisations.forget(call, { accountId: idOf('ada'), addresses: [] })
    assert.deepEqual([await memberships('ada'), await memberships('bob')], [[], [['Acme', ['viewer'], true]]])
    const { desk } = world.organisations
    await desk.setMember(systemCall('test'), { organisationId: id, email: addressOf('bob'), roles: ['owner'] })
    assert.deepEqual(await memberships('bob'), [['Acme', ['owner'], true]])
    await world.organisations.forget(call, { accountId: idOf('bob'), addresses: [] })
    assert.equal(
      (await desk.list(systemCall('test'))).items.some((each) => each.id === id),
      false,
    )
  })

  test('an account that goes takes the invitations to its addresses with it, and those that it has sent', async () => {
    const [id, other] = [await found(), await found('Others')]
    await invite(id, 'bob')
    await invite(other, 'bob')
    await invite(id, 'eve')
    const waiting = async (organisationId: string): Promise<readonly string[]> =>
      (await invitations().list(asked, { accountId: idOf('ada'), organisationId })).items.map(({ email }) => email).toSorted()
    await world.organisations.forget(call, { accountId: idOf('eve'), addresses: ['earlier@example.org', addressOf('bob')] })
    assert.deepEqual([await waiting(id), await waiting(other)], [[addressOf('eve')], []])
    await joined(id, 'bob', ['owner'])
    const text = async (): Promise<string> => JSON.stringify(await repositoryOf(world.database).invitations(call, id, { limit: 9 }))
    assert.ok((await text()).includes(idOf('ada')))
    await world.organisations.forget(call, { accountId: idOf('ada'), addresses: [] })
    assert.ok(!(await text()).includes(idOf('ada')), 'who has sent it is nobody any more')
    await world.organisations.forget(call, { accountId: idOf('ada'), addresses: [] })
  })

  test('whether anybody answers for an organisation is one question, however many are in it', async () => {
    const id = await found()
    const repository = repositoryOf(world.database)
    const { organisation, member } = {
      organisation: (await repository.find(call, id)) ?? assert.fail('no organisation'),
      member: (await repository.findMember(call, id, idOf('ada'))) ?? assert.fail('no owner'),
    }
    const others = Array.from({ length: 150 }, (_, index) => `other${index}`)
    for (const accountId of others) {
      const after = { ...member.value, id: `${id}.${accountId}`, accountId, roles: ['viewer'], joinedAt: member.value.joinedAt - 1 }
      assert.ok(await repository.commit(call, repository.operations.change({ organisation, counts: organisation, after }), []))
    }
    const questions: string[] = []
    const counted = new Proxy(repository, {
      get: (target, name) => (questions.push(String(name)), Reflect.get(target, name, target)),
    })
    const { isAttended } = createOwners({ repository: counted, accounts: world.running.shared.repository })
    assert.equal(await isAttended(call, id), true)
    assert.deepEqual(questions, ['find', 'owners'])
    await world.database.collection(accountsCollection).update(call, idOf('ada'), { set: { suspendedAt: 1 } })
    assert.equal(await isAttended(call, id), false)
    await repository.commit(
      call,
      repository.operations.change({ organisation, counts: organisation, before: member, after: { ...member.value, roles: [] } }),
      [],
    )
    await world.database.collection(accountsCollection).update(call, idOf('ada'), { set: { suspendedAt: undefined } })
    assert.equal(await isAttended(call, id), false, 'whoever is owner no more is found no more')
  })

  test('what lets somebody or something in needs a sign-in of the last minutes, and says who did it', async () => {
    const id = await found()
    await joined(id, 'bob')
    const { services } = world.running.serviceAccounts
    const owner = await services.ownerOf(asked, { accountId: idOf('ada'), organisationId: id })
    const { clientId } = (await services.create(asked, owner, { name: 'Nightly', roles: [], scopes: [] })).service
    const now = world.clock.now()
    const session = { id: 'here', accountId: idOf('ada'), lastUsedAt: now, device: 'Firefox on Linux' }
    const signedIn = (ago: number): void => {
      world.engine.sessionList.splice(0, 9, { ...session, signedInAt: now - ago })
      world.engine.signedInAs = idOf('ada')
    }
    const post = (path: string, form = {}) => world.visit({ path: `/account/organisations/${id}/${path}`, form })
    const place = encodeURIComponent(`/account/organisations/${id}?done=again`)
    const asksAgain = async (path: string, form = {}): Promise<void> => {
      assert.equal((await post(path, form)).headers?.['location'], `/authorize?return_to=${place}&again`, path)
    }
    signedIn(11 * 60_000)
    await asksAgain('services', { service: 'Second', key: '' })
    await asksAgain(`services/${clientId}/roles`, { 'role-editor': 'on' })
    await asksAgain(`services/${clientId}/secret`)
    await asksAgain(`services/${clientId}/remove`)
    await asksAgain(`members/${idOf('bob')}/roles`, { 'role-owner': 'on' })
    await asksAgain('invitations', { email: addressOf('eve') })
    await asksAgain('invitations/1/resend')
    assert.deepEqual(
      (await services.list(call, owner)).map(({ roles }) => roles),
      [[]],
    )
    assert.deepEqual((await invitations().list(asked, { accountId: idOf('ada'), organisationId: id })).items, [])
    signedIn(0)
    assert.equal(
      (await post(`services/${clientId}/roles`, { 'role-editor': 'on' })).headers?.['location'],
      `/account/organisations/${id}?done=service-roles`,
    )
    const [{ credential: replacing = '' } = assert.fail()] = await services.list(call, owner)
    assert.equal((await post(`services/${clientId}/secret`, { replacing })).status, 200)
    assert.equal((await post(`services/${clientId}/remove`)).headers?.['location'], `/account/organisations/${id}?done=service-removed`)
    const types = ['service.created', 'service.roles_changed', 'service.secret_renewed', 'service.removed']
    await until('the events', async () => {
      const { items } = await world.securityEvents.list(call, idOf('ada'), { limit: 50 })
      return types.every((type) => items.some((item) => item.type === type))
    })
  })

  test('roles are called on the page what the app calls them in the language of the page, else by their names', async () => {
    const id = await found()
    await joined(id, 'bob', ['editor', 'viewer'])
    const session = { id: 'here', accountId: idOf('ada'), lastUsedAt: 0, signedInAt: world.clock.now(), device: 'Firefox on Linux' }
    world.engine.sessionList.splice(0, 9, session)
    world.engine.signedInAs = idOf('ada')
    const app = { name: 'Paperwork', scopes: {}, resources: [], frontends: [] }
    assert.deepEqual(appProblems({ ...app, auth: { ...definition, home: 'https://app.example.org' } }), [], 'an app may say so')
    const shown = async (language: string) =>
      (await world.visit({ path: `/account/organisations/${id}`, cookies: { '__Host-Http-language': language } })).text
    assert.match(await shown('de'), /Redaktion, viewer, [^]*name="role-editor" value="on" checked> Redaktion</)
    assert.match(await shown('en'), /editor, viewer, [^]*name="role-editor" value="on" checked> editor</)
  })
})
