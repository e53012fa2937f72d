// Invitations that can lead nowhere, or where somebody is already, and how many organisations one person can belong to.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { callAs, callIn, systemCall } from '#kernel/call.ts'
import { newId } from '#kernel/ids.ts'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import { createOrganisationsRepository, organisationInvitationsCollection } from '../../src/auth/organisations/repository.ts'
import { createOrganisations } from '../../src/auth/organisations/service.ts'
import { type AccountsWorld, call, cookiesAfter, justDone, openAccounts, tokenIn, type Visited } from '../support/accounts.ts'
import { until } from '../support/until.ts'

const asked = callIn(callAs(call, { kind: 'anonymous' }), 'en')
const system = systemCall('test')
const code = (name: string) => ({ code: `auth.${name}` })
const MOST = 100

describe('invitations and members', () => {
  let world: AccountsWorld
  let round = 0
  const ids = new Map<string, string>()
  const idOf = (name: string): string => ids.get(name) ?? assert.fail(name)
  const addressOf = (name: string): string => `${name}${round}@example.org`

  before(async () => {
    world = await openAccounts({ definition: { roles: { editor: { permissions: [] } }, organisations: { roles: ['editor'] } } })
  })
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
  after(() => world.stop())

  const orgs = () => world.organisations.organisations
  const invitations = () => world.organisations.invitations
  const member = (organisationId: string, name: string, roles: readonly string[] = []) =>
    world.organisations.desk.setMember(system, { organisationId, email: addressOf(name), roles })
  const found = async (name = 'Acme', by = 'ada'): Promise<string> => (await orgs().create(asked, { name, accountId: idOf(by) })).id
  const signIn = (name: string): void => {
    const now = world.clock.now()
    world.engine.sessionList.splice(0)
    world.engine.sessionList.push({ id: 'here', accountId: idOf(name), signedInAt: now, lastUsedAt: now, device: 'Firefox on Linux' })
    world.engine.signedInAs = idOf(name)
  }
  const mailsTo = (name: string) => world.mails.filter(({ to }) => to === addressOf(name))
  const invite = async (organisationId: string, name: string, by = 'ada'): Promise<string> => {
    const seen = mailsTo(name).length
    const inviter = { accountId: idOf(by), organisationId, client: `c${round}` }
    await invitations().invite(asked, inviter, { email: addressOf(name), roles: ['editor'] })
    return tokenIn((await until('the mail', () => mailsTo(name)[seen])) ?? assert.fail('no mail'))
  }
  const rolesOf = async (organisationId: string, name: string): Promise<readonly string[] | undefined> =>
    (await createOrganisationsRepository(world.database).findMember(call, organisationId, idOf(name)))?.value.roles
  const page = (path: string, form?: Record<string, string>): Promise<Visited> => world.visit({ path, ...(form && { form }) })

  test('the download tells of invitations what the person is shown of them, and never a token', async () => {
    const id = await found('Told Of')
    const token = await invite(id, 'bob')
    const { invitationsOf } = world.organisations
    const times = { sentAt: new Date(world.clock.now()).toISOString() }
    const isTold = async (name: string, told: { sent: unknown[]; waiting: unknown[] }): Promise<void> => {
      const { sent, waiting } = (await invitationsOf(call, idOf(name))) as unknown as Record<string, Record<string, unknown>[]>
      const without = (each: Record<string, unknown>) => {
        const { expiresAt, ...rest } = each
        assert.equal(typeof expiresAt, 'string')
        return rest
      }
      assert.deepEqual({ sent: sent?.map(without), waiting: waiting?.map(without) }, told)
    }
    const offered = { organisation: id, organisationName: 'Told Of', roles: ['editor'], ...times }
    await isTold('ada', { sent: [{ ...offered, email: addressOf('bob') }], waiting: [] })
    await isTold('bob', { sent: [], waiting: [offered] })
    await isTold('eve', { sent: [], waiting: [] })
    assert.ok(!JSON.stringify([await invitationsOf(call, idOf('ada')), await invitationsOf(call, idOf('bob'))]).includes(token))
    // Who has not proved that the mailbox is theirs learns nothing of what was sent to it.
    const accounts = world.database.collection(accountsCollection)
    await accounts.update(call, idOf('bob'), { set: { emailVerifiedAt: undefined } })
    await isTold('bob', { sent: [], waiting: [] })
    // Nor does who was an owner of the organisation learn whom it has invited.
    await member(id, 'eve', ['owner'])
    await orgs().leave(asked, { organisationId: id, accountId: idOf('ada') })
    await isTold('ada', { sent: [{ ...offered, organisationName: null, email: null }], waiting: [] })
  })

  test('whoever is a member is not invited: the form says so, and no mail goes out', async () => {
    const id = await found()
    await member(id, 'bob')
    signIn('ada')
    const path = `/account/organisations/${id}`
    const refused = await page(`${path}/invitations`, { email: ` ${addressOf('bob').toUpperCase()}`, 'role-editor': 'on' })
    assert.equal(refused.status, 422)
    assert.match(refused.text, /id="email-problem">This person is a member already/)
    await world.settled()
    assert.equal(mailsTo('bob').length, 0)
    assert.equal((await page(`${path}/invitations`, { email: addressOf('eve') })).headers?.['location'], `${path}?done=invited`)
    await member(id, 'eve')
    const waiting = (await invitations().list(asked, { accountId: idOf('ada'), organisationId: id })).items
    const [invitation = assert.fail('none waits')] = waiting
    await world.settled()
    const before = mailsTo('eve').length
    assert.equal((await page(`${path}/invitations/${invitation.id}/resend`, {})).status, 422)
    await world.settled()
    assert.equal(mailsTo('eve').length, before)
  })

  describe('what a thief has sent from the account of an owner', () => {
    const resetBy = async (name: string): Promise<void> => {
      await world.byMail.recovery.ask(asked, { email: addressOf(name), client: `reset${round}` })
      const sent = await until('the mail', () => mailsTo(name).find(({ template }) => template === 'reset-password'))
      const form = { token: tokenIn(sent), password: 'four quiet river stones' }
      assert.equal((await page('/reset-password', form)).headers?.['location'], '/reset-password/done')
      assert.match(
        (await world.visit(justDone(world, { path: '/reset-password/done' }))).text,
        /Invitations to organisations .* are withdrawn/,
      )
    }
    const opens = async (token: string): Promise<boolean> => (await invitations().pending(asked, token)) !== undefined

    test('goes with a new password by mail, also when it was sent until the access had ended, and nothing of others does', async (t) => {
      const id = await found()
      await member(id, 'eve', ['owner'])
      const [sent, ofEve] = [await invite(id, 'bob'), await invite(await found('Other', 'eve'), 'bob', 'eve')]
      let late = ''
      t.mock.method(world.engine, 'revokeAccount', async () => {
        late = await invite(await found('Late'), 'bob')
      })
      await resetBy('ada')
      for (const token of [sent, late]) {
        assert.equal(await opens(token), false)
        await assert.rejects(invitations().accept(asked, token, idOf('bob')), code('invitation_ended'))
      }
      assert.equal(await rolesOf(id, 'bob'), undefined)
      assert.equal(await opens(ofEve), true)
      t.mock.restoreAll()
      world.clock.advance(16 * 60_000)
      assert.equal(await opens(await invite(id, 'bob')), true, 'its owner can send them again')
    })

    test('goes in the write that sets the password, however many there are', async () => {
      const rows = world.database.collection(organisationInvitationsCollection)
      const id = await found()
      const now = world.clock.now()
      const waiting = { organisationId: id, roles: ['owner'], invitedBy: idOf('ada'), sentAt: now, expiresAt: now + 3_600_000 }
      for (let index = 0; index < 25; index += 1)
        await rows.insert(call, { ...waiting, id: `${id}-${index}`, token: `${id}-${index}`, email: `many-${index}@example.org` })
      await world.byMail.recovery.ask(asked, { email: addressOf('ada'), client: `reset${round}` })
      const sent = await until('the mail', () => mailsTo('ada').find(({ template }) => template === 'reset-password'))
      await world.byMail.recovery.reset(asked, { token: tokenIn(sent), password: 'four quiet river stones' })
      assert.equal(await rows.count(call, { index: 'sender', where: { invitedBy: idOf('ada') } }, 100), 0)
    })

    test('goes when the mailbox is proved for the first time', async () => {
      const sent = await invite(await found(), 'bob')
      await world.database.collection(accountsCollection).update(call, idOf('ada'), { set: { emailVerifiedAt: undefined } })
      await resetBy('ada')
      assert.equal(await opens(sent), false)
    })

    test('goes when the old mailbox takes the address back, if need be by the job of that write', async () => {
      const id = await found()
      const sent = await invite(id, 'bob')
      const { addresses } = world.byMail
      const [before, to] = [addressOf('ada'), `thief${round}@example.org`]
      await addresses.ask(asked, { accountId: idOf('ada'), email: to, client: `moving${round}` })
      const token = tokenIn(await world.mailTo(to, 'confirm-new-address'))
      assert.equal(await addresses.confirm(asked, { token, accountId: idOf('ada'), by: {} }), to)
      assert.equal(await opens(sent), true, 'whoever moves goes on as before')
      const back = tokenIn(await world.mailTo(before, 'address-changed'))
      assert.equal((await addresses.undo(asked, back))?.email, before)
      assert.equal(await opens(sent), false)
      const late = await invite(id, 'bob')
      await world.endAccess({ accountId: idOf('ada'), until: world.clock.now() })
      assert.equal(await opens(late), false)
    })

    test('stays when its owner changes the password or signs out everywhere else, since nobody else was in', async () => {
      const sent = await invite(await found(), 'bob')
      await world.leaving.signOutElsewhere(asked, { accountId: idOf('ada'), sessionId: 'here' })
      await world.endAccess({ accountId: idOf('ada'), until: world.clock.now() })
      assert.equal(await opens(sent), true)
    })
  })

  test('whoever has become a member since the invitation is told so, keeps the roles, and has used it up', async () => {
    const id = await found()
    const token = await invite(id, 'bob')
    await member(id, 'bob', ['owner'])
    signIn('bob')
    const accepted = await page('/invitation', { token })
    assert.equal(accepted.headers?.['location'], `/account/organisations/${id}?done=member-already`)
    const there = { path: `/account/organisations/${id}?done=member-already` }
    assert.match((await world.visit({ ...there, cookies: cookiesAfter(accepted) })).text, /You were a member already/)
    const byLink = await world.visit(there)
    assert.equal(byLink.status, 200)
    assert.doesNotMatch(byLink.text, /You were a member already/, 'no link makes it say so')
    assert.deepEqual(await rolesOf(id, 'bob'), ['owner'])
    await assert.rejects(invitations().accept(asked, token, idOf('eve')), code('invitation_ended'))
  })

  test('whoever opens or presses once more what they have accepted is a member, and it says nothing to anybody else', async () => {
    const id = await found()
    for (const already of [false, true]) {
      const token = await invite(id, 'bob')
      if (already) await member(id, 'bob', ['owner'])
      signIn('bob')
      assert.match(String((await page('/invitation', { token })).headers?.['location']), already ? /=member-already$/ : /=joined$/)
      const there = `/account/organisations/${id}?done=accepted-already`
      for (const again of [{ token }, undefined]) {
        const led = await page(again ? '/invitation' : `/invitation?token=${token}`, again)
        assert.equal(led.headers?.['location'], there)
        assert.match((await world.visit({ path: there, cookies: cookiesAfter(led) })).text, /You are a member already/)
      }
      assert.doesNotMatch((await page(there)).text, /You are a member already/, 'no link makes it say so')
      assert.deepEqual(await rolesOf(id, 'bob'), already ? ['owner'] : ['editor'])
      const dead = [await page('/invitation?token=none'), await page('/invitation', { token: 'none' })]
      await member(id, 'eve')
      signIn('eve')
      assert.deepEqual(
        [await page(`/invitation?token=${token}`), await page('/invitation', { token })].map(({ status }) => status),
        [410, 410],
      )
      assert.deepEqual(
        dead.map(({ status }) => status),
        [410, 410],
      )
      world.engine.signedInAs = undefined
      assert.equal((await page(`/invitation?token=${token}`)).status, 410, 'nobody is signed in')
      if (already) await member(id, 'ada', ['owner'])
      await orgs().remove(asked, { accountId: idOf('ada'), organisationId: id }, idOf('bob'))
      signIn('bob')
      assert.equal((await page(`/invitation?token=${token}`)).status, 410, 'a member no more')
      assert.equal((await page('/invitation', { token })).status, 410)
    }
  })

  test('an invitation whose sender may not invite any more is shown as dead, and another owner sends it again', async () => {
    const id = await found()
    await member(id, 'bob', ['owner'])
    const dead = await invite(id, 'eve')
    signIn('bob')
    const path = `/account/organisations/${id}`
    const isDead = async (): Promise<boolean> => /Its link does not work any more/.test((await page(path)).text)
    assert.equal(await isDead(), false)
    await orgs().leave(asked, { accountId: idOf('ada'), organisationId: id })
    assert.equal(await isDead(), true)
    assert.equal(await invitations().pending(call, dead), undefined)
    const owner = { accountId: idOf('bob'), organisationId: id }
    const [waiting = assert.fail('none')] = (await invitations().list(asked, owner)).items
    assert.equal(waiting.isBacked, false)
    const seen = mailsTo('eve').length
    assert.equal((await page(`${path}/invitations/${waiting.id}/resend`, {})).headers?.['location'], `${path}?done=invited`)
    assert.equal(await isDead(), false)
    const token = tokenIn((await until('the mail', () => mailsTo('eve')[seen])) ?? assert.fail('no mail'))
    assert.equal((await invitations().accept(asked, token, idOf('eve'))).as, 'joined')
    assert.deepEqual(await rolesOf(id, 'eve'), ['editor'])
  })

  /** As of before, when nobody counted. */
  const joinUncounted = async (name: string, count: number): Promise<void> => {
    const repository = createOrganisationsRepository(world.database)
    for (let index = 0; index < count; index += 1) {
      const now = world.clock.now() + index
      const id = newId(now)
      const owner = { id: `${id}.${idOf('ada')}`, organisationId: id, accountId: idOf('ada'), roles: ['owner'], joinedAt: now }
      const counts = { owners: 1, members: 2 }
      const organisation = { id, name: `Club ${index}`, ...counts, createdAt: now }
      const after = { ...owner, id: `${id}.${idOf(name)}`, accountId: idOf(name), roles: [] }
      const { make, change } = repository.operations
      assert.ok(
        await repository.commit(call, [...make(organisation, owner), change({ organisation, counts, after })[1] ?? assert.fail()], []),
      )
    }
  }

  test('nobody joins more organisations than one can belong to, by whichever way, and of two at once one is told', async () => {
    const clubs = [await found('One'), await found('Two'), await found('Three')]
    const [one = '', two = '', three = ''] = clubs
    await joinUncounted('bob', MOST - 1)
    const tokens = [await invite(one, 'bob'), await invite(two, 'bob')]
    const outcomes = await Promise.allSettled(tokens.map((token) => invitations().accept(asked, token, idOf('bob'))))
    assert.deepEqual(outcomes.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
    const refused = outcomes.find((each) => each.status === 'rejected')
    assert.equal(refused?.reason.code, 'auth.organisations_many')
    assert.equal((await orgs().list(call, idOf('bob'))).length, MOST)
    signIn('bob')
    const left = tokens.find((_, index) => outcomes[index]?.status === 'rejected') ?? ''
    const shown = await page('/invitation', { token: left })
    assert.equal(shown.status, 409)
    assert.match(shown.text, /Leave one of them first/)
    await assert.rejects(found('Fourth', 'bob'), code('organisations_many'))
    await assert.rejects(member(three, 'bob'), code('organisations_many'))
    await orgs().leave(asked, { accountId: idOf('bob'), organisationId: (await orgs().list(call, idOf('bob')))[0]?.organisation.id ?? '' })
    const both = await Promise.allSettled([invitations().accept(asked, left, idOf('bob')), found('Fourth', 'bob')])
    assert.deepEqual(both.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
    assert.equal((await orgs().list(call, idOf('bob'))).length, MOST)
  })

  test('whoever joins the last one while another is being joined or made gets into no other', async () => {
    const clubs = [await found('One'), await found('Two')]
    const [one = '', two = ''] = clubs
    await joinUncounted('bob', MOST - 1)
    // Who acts for one already does not change what they act for.
    await orgs().activate(asked, idOf('bob'), (await orgs().list(call, idOf('bob')))[0]?.organisation.id)
    const repository = createOrganisationsRepository(world.database)
    const { clock, revocations, running } = world
    for (const late of ['join', 'make'] as const) {
      let isFirst = true
      const overtaken: typeof repository = {
        ...repository,
        async commit(...write) {
          if (isFirst) {
            isFirst = false
            await member(two, 'bob')
          }
          return await repository.commit(...write)
        },
      }
      const settings = { definition: {}, roles: undefined }
      const slow = createOrganisations({ repository: overtaken, accounts: running.shared.repository, revocations, clock, settings })
      const attempt =
        late === 'join'
          ? slow.changing.change(system, { organisationId: one, accountId: idOf('bob') }, async () => ({ roles: [] }))
          : slow.create(asked, { name: 'Fourth', accountId: idOf('bob') })
      await assert.rejects(attempt, code('organisations_many'), late)
      assert.equal((await orgs().list(call, idOf('bob'))).length, MOST)
      await orgs().leave(asked, { accountId: idOf('bob'), organisationId: two })
    }
  })

  test('those that somebody has beyond that from before can all be seen, chosen and left', async () => {
    await joinUncounted('bob', MOST + 2)
    signIn('bob')
    const all = await orgs().list(call, idOf('bob'))
    assert.equal(all.length, MOST + 2)
    const last = all.at(-1)?.organisation.id ?? assert.fail('none')
    assert.ok((await page('/account')).text.includes(`/account/organisations/${last}"`))
    await orgs().activate(asked, idOf('bob'), last)
    assert.equal((await orgs().list(call, idOf('bob'))).find(({ active }) => active)?.organisation.id, last)
    assert.equal((await page(`/account/organisations/${last}/leave`, {})).headers?.['location'], '/account?done=organisation-left')
    assert.equal((await orgs().list(call, idOf('bob'))).length, MOST + 1)
  })
})
