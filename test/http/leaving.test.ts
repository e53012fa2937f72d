// The end of an account: asked for on purpose, called off by signing in, and then really the end. And blocking, which ends all access at once.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { callAs } from '#kernel/call.ts'
import { ACCOUNT_DELETED } from '#kernel/account-events.ts'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import { invitationId, invitationsCollection } from '../../src/auth/admission/repository.ts'
import { securityEventOf } from '../../src/auth/security-events/security-event.ts'
import type { StoredEvent } from '../../src/database/contract.ts'
import { type AccountsWorld, call, cookiesAfter, openAccounts, tokenIn } from '../support/accounts.ts'
import { until } from '../support/until.ts'

const DAY_MS = 24 * 3_600_000

let world: AccountsWorld
const gone: StoredEvent['data'][] = []

before(async () => {
  world = await openAccounts()
  world.database.subscribe({
    consumer: 'test-gone',
    topics: [ACCOUNT_DELETED],
    handle: async (events) => void gone.push(...events.map(({ data }) => data)),
  })
})

after(() => world.stop())

interface Person {
  readonly accountId: string
  readonly email: string
  readonly password: string
}

/** Signed in at the accounts origin, since just now unless told. */
async function signedIn(email: string, ago = 0): Promise<Person> {
  const person = await world.person({ email })
  const now = world.clock.now()
  world.engine.sessionList.splice(0)
  world.engine.sessionList.push({
    id: 'here',
    accountId: person.accountId,
    signedInAt: now - ago,
    lastUsedAt: now,
    device: 'Firefox on Linux',
  })
  world.engine.signedInAs = person.accountId
  return person
}

async function askForTheEnd(person: Person): Promise<void> {
  const asked = await world.visit({ path: '/account/delete', form: { sure: 'yes' } })
  assert.equal(asked.headers?.['location'], '/goodbye')
  assert.equal(asked.csrfRenewed, true)
  assert.equal(world.engine.asked.at(-1), `revokeAccount ${person.accountId} except none`)
  world.engine.sessionList.splice(0)
  await until('the mail about it', () => world.mails.find(({ to, template }) => to === person.email && template === 'deletion-requested'))
}

const runJob = async (): Promise<void> => {
  for (const { name, handle } of world.leaving.jobs) await handle({ call, jobId: name, attempt: 1 }, {})
}

/** What the engine stores with a session that begins. */
const tellOfSignIn = (accountId: string): Promise<void> =>
  world.database.commit(call, [], [securityEventOf({ type: 'sign_in.succeeded', accountId })])

async function signsIn({ email, password }: Person): Promise<boolean> {
  world.clock.advance(3_700_000)
  return (await world.accounts.signIn(call, { email, password, client: `c-${world.clock.now()}` })) !== undefined
}

test('is asked for with a recent sign-in and a tick, or not at all', async () => {
  const person = await signedIn('careful@example.org', 11 * 60_000)
  const old = await world.visit({ path: '/account/delete', form: { sure: 'yes' } })
  assert.match(String(old.headers?.['location']), /^\/authorize/)
  await signedIn('careful-2@example.org')
  const unsure = await world.visit({ path: '/account/delete', form: {} })
  assert.equal(unsure.status, 422)
  assert.match(unsure.text, /tick the box/)
  world.clock.advance(15 * DAY_MS)
  world.engine.sessionList.splice(0)
  await runJob()
  assert.equal(await signsIn(person), true, 'neither has changed anything')
})

test('takes fourteen days, and signing in calls it off', async () => {
  const person = await signedIn('back@example.org')
  await askForTheEnd(person)
  world.clock.advance(13 * DAY_MS)
  await runJob()
  assert.equal(await signsIn(person), true, 'still there')
  await tellOfSignIn(person.accountId)
  await until('the mail that it stays', () =>
    world.mails.find(({ to, template }) => to === person.email && template === 'deletion-cancelled'),
  )
  world.clock.advance(30 * DAY_MS)
  await runJob()
  assert.equal(await signsIn(person), true)
})

test('every mailbox that was told of the end is told that it is called off, and no other', async () => {
  const person = await signedIn('told-once@example.org')
  await world.visit({ path: '/account/email', form: { email: 'told-twice@example.org' } })
  await world.visit({
    path: '/account/email/confirm',
    form: { token: tokenIn(await world.mailTo('told-twice@example.org', 'confirm-new-address')) },
  })
  await world.byMail.addressOffering.offer(call, { email: 'told-twice@example.org', to: 'never-told@example.org' })
  const hears = async (template: string): Promise<string[]> => {
    await world.settled()
    return world.mails.filter((one) => one.template === template && /-told|told-/.test(one.to)).map(({ to }) => to)
  }
  for (const [template, callOff] of [
    ['deletion-cancelled', () => tellOfSignIn(person.accountId)],
    ['deletion-called-off', () => world.leaving.keep(call, 'told-twice@example.org')],
  ] as const) {
    await world.leaving.requestDeletion(call, { accountId: person.accountId })
    // The way back has ended since: who was told is still known.
    world.clock.advance(8 * DAY_MS)
    await callOff()
    await until('the mails', () => world.mails.filter((one) => one.template === template && one.to.startsWith('told-')).length >= 1)
    assert.deepEqual(
      (await hears(template)).toSorted(),
      template === 'deletion-cancelled' ? ['told-once@example.org', 'told-twice@example.org'] : ['told-twice@example.org'],
    )
  }
  assert.deepEqual(await hears('deletion-requested'), ['told-twice@example.org', 'told-once@example.org', 'told-twice@example.org'])
})

test('does not take whoever has just come back, though nobody has heard of it yet', async () => {
  const person = await signedIn('late-back@example.org')
  await askForTheEnd(person)
  world.clock.advance(14 * DAY_MS)
  const now = world.clock.now()
  world.engine.sessionList.push({ id: 'new', accountId: person.accountId, signedInAt: now, lastUsedAt: now, device: 'Firefox on Linux' })
  await runJob()
  assert.equal(await signsIn(person), true)
  world.engine.sessionList.splice(0)
  await runJob()
  assert.equal(await signsIn(person), true)
})

test('leaves nothing in auth, tells the other servers once, and frees the address', async () => {
  const person = await signedIn('gone@example.org')
  await world.visit({ path: '/account/name', form: { name: 'Canary Yellow' } })
  await world.visit({ path: '/forgot-password', form: { email: person.email } })
  await until('an event', async () => (await world.securityEvents.list(call, person.accountId, { limit: 9 })).items.length > 1)
  await askForTheEnd(person)
  world.clock.advance(14 * DAY_MS)
  await runJob()
  assert.equal(await world.accounts.find(call, person.accountId), undefined)
  assert.equal(await signsIn(person), false)
  await until('the others to be told', () => gone.length > 0)
  await runJob()
  await world.settled()
  assert.deepEqual(gone, [{ accountId: person.accountId }])
  await until(
    'the events to be gone',
    async () => (await world.securityEvents.list(call, person.accountId, { limit: 9 })).items.length === 0,
  )
  await world.accounts.signUp(call, { name: 'Ada', email: person.email, password: person.password, client: 'again' })
  const mails = (): number => world.mails.filter(({ to, template }) => to === person.email && template === 'confirm-address').length
  await until('a mail as to a stranger', () => mails() === 2)
})

test('is asked for again by whoever has come back, whenever that is heard of, and then takes all the days again', async () => {
  const person = await signedIn('and-again@example.org')
  const standing = async () => (await world.database.collection(accountsCollection).get(call, person.accountId))?.value
  await askForTheEnd(person)
  world.clock.advance(13 * DAY_MS)
  const now = world.clock.now()
  world.engine.sessionList.push({ id: 'here', accountId: person.accountId, signedInAt: now, lastUsedAt: now, device: 'Firefox on Linux' })
  const cameBack = securityEventOf({ type: 'sign_in.succeeded', accountId: person.accountId })
  world.clock.advance(1000)
  for (const _ of [1, 2]) {
    const asked = await world.visit({ path: '/account/delete', form: { sure: 'yes' } })
    assert.equal(asked.headers?.['location'], '/goodbye')
  }
  const at = world.clock.now()
  // What was stored before comes late.
  world.clock.advance(-1000)
  await world.database.commit(call, [], [cameBack])
  world.clock.advance(1000)
  world.engine.sessionList.splice(0)
  await world.settled()
  assert.deepEqual([(await standing())?.deletionAt, (await standing())?.deletion?.requestedAt], [at + 14 * DAY_MS, at])
  const mails = world.mails.filter(({ to, template }) => to === person.email && /deletion/.test(template))
  assert.deepEqual(
    mails.map(({ template, data }) => [template, data['days']]),
    [
      ['deletion-requested', '14'],
      ['deletion-requested', '14'],
    ],
    'once for each time that it is asked for, though the form was sent twice',
  )
  world.clock.advance(14 * DAY_MS)
  await runJob()
  assert.equal(await standing(), undefined)
})

test('takes the invitations to sign up with it, to addresses that it has had lately, too', async () => {
  const person = await signedIn('invited@example.org')
  await world.visit({ path: '/account/email', form: { email: 'invited-2@example.org' } })
  const link = await until('the link', () =>
    world.mails.find(({ to, template }) => to === 'invited-2@example.org' && template === 'confirm-new-address'),
  )
  await world.visit({ path: '/account/email/confirm', form: { token: tokenIn(link) } })
  await askForTheEnd({ ...person, email: 'invited-2@example.org' })
  world.clock.advance(6 * DAY_MS)
  const invited = ['invited@example.org', 'invited-2@example.org', 'somebody-else@example.org']
  for (const email of invited) await world.running.shared.admission.invite(call, email)
  const present = async (): Promise<string[]> => {
    const found = await Promise.all(invited.map((email) => world.database.collection(invitationsCollection).get(call, invitationId(email))))
    return invited.filter((_, index) => found[index] !== undefined)
  }
  assert.deepEqual(await present(), invited)
  await runJob()
  assert.equal((await present()).length, 3, 'not before the end')
  const accounts = world.database.collection(accountsCollection)
  const { deletion } = (await accounts.get(call, person.accountId))?.value ?? {}
  assert.ok(deletion !== undefined)
  // An end of an operator comes though a change of the address could still be taken back.
  await accounts.update(call, person.accountId, { set: { deletionAt: world.clock.now(), deletion: { ...deletion, byOperator: true } } })
  await runJob()
  assert.deepEqual(await present(), ['somebody-else@example.org'])
})

test('waits while an operator blocks the account, and its owner has the whole time again afterwards', async () => {
  const person = await signedIn('blocked-leaver@example.org')
  await askForTheEnd(person)
  const operator = callAs(call, { kind: 'operator', sessionId: '01kabd' })
  await world.leaving.suspend(operator, person.email, true)
  const isThere = async (): Promise<boolean> => (await world.accounts.find(call, person.accountId)) !== undefined
  world.clock.advance(15 * DAY_MS)
  await runJob()
  assert.equal(await isThere(), true)
  await world.leaving.suspend(operator, person.email, false)
  await runJob()
  world.clock.advance(14 * DAY_MS - 3_600_000)
  await runJob()
  assert.equal(await isThere(), true)
  world.clock.advance(3_600_000)
  await runJob()
  assert.equal(await isThere(), false)
})

test('does not come before a change of its address can no longer be taken back', async (t) => {
  const soon = await openAccounts({ definition: { deletion: { graceDays: 1 } } })
  t.after(() => soon.stop())
  const { accountId, email } = await soon.person({ email: 'soon@example.org' })
  const now = soon.clock.now()
  soon.engine.sessionList.push({ id: 'here', accountId, signedInAt: now, lastUsedAt: now, device: 'Firefox on Linux' })
  soon.engine.signedInAs = accountId
  await soon.visit({ path: '/account/email', form: { email: 'sooner@example.org' } })
  await soon.visit({
    path: '/account/email/confirm',
    form: { token: tokenIn(await soon.mailTo('sooner@example.org', 'confirm-new-address')) },
  })
  const asked = await soon.visit({ path: '/account/delete', form: { sure: 'yes' } })
  const goodbye = await soon.visit({ path: String(asked.headers?.['location']), cookies: cookiesAfter(asked) })
  assert.match(goodbye.text, /In 7 days it is gone for good/)
  assert.equal((await soon.mailTo(email, 'deletion-requested')).data['days'], '7')
  assert.equal((await soon.database.collection(accountsCollection).get(call, accountId))?.value.deletionAt, soon.clock.now() + 7 * DAY_MS)
})

test('and a change of its address that is held up over it does not cut the days short in which it can be taken back', async (t) => {
  const soon = await openAccounts({ definition: { deletion: { graceDays: 1 } } })
  t.after(() => soon.stop())
  const { accountId, email } = await soon.person({ email: 'overtaken@example.org' })
  const now = soon.clock.now()
  const session = { id: 'here', accountId, signedInAt: now, lastUsedAt: now, device: 'Firefox on Linux' }
  soon.engine.sessionList.push(session)
  soon.engine.signedInAs = accountId
  await soon.visit({ path: '/account/email', form: { email: 'overtaker@example.org' } })
  const token = tokenIn(await soon.mailTo('overtaker@example.org', 'confirm-new-address'))
  const { commit } = soon.database
  soon.database.commit = async (...written) => {
    soon.database.commit = commit
    const asked = await soon.visit({ path: '/account/delete', form: { sure: 'yes' } })
    assert.equal(asked.headers?.['location'], '/goodbye')
    return commit(...written)
  }
  const confirmed = await soon.visit({ path: '/account/email/confirm', form: { token } })
  const stored = async () => (await soon.database.collection(accountsCollection).get(call, accountId))?.value
  assert.deepEqual([confirmed.status, (await stored())?.email], [410, email], 'what was read before the end was asked for changes nothing')
  // Read after it, as by whoever signs in again before that is heard of.
  assert.equal((await soon.visit({ path: '/account/email/confirm', form: { token } })).headers?.['location'], '/account?done=email')
  soon.engine.sessionList.splice(0)
  const undo = tokenIn(await soon.mailTo(email, 'address-changed'))
  const run = async (): Promise<void> => {
    for (const { name, handle } of soon.leaving.jobs) await handle({ call, jobId: name, attempt: 1 }, {})
  }
  soon.clock.advance(6 * DAY_MS)
  await run()
  assert.equal((await soon.visit({ path: `/restore-address?token=${undo}` })).status, 200)
  soon.clock.advance(DAY_MS + 1)
  await run()
  assert.equal(await stored(), undefined, 'and then it is gone')
})

test('goes on where it stopped, and nothing calls it off once it is begun', async () => {
  const person = await signedIn('half@example.org')
  await askForTheEnd(person)
  world.clock.advance(1000)
  const later = await signedIn('later@example.org')
  await askForTheEnd(later)
  world.clock.advance(14 * DAY_MS)
  const { revokeAccount } = world.engine
  world.engine.revokeAccount = async (by, accountId, except) => {
    if (accountId === person.accountId) throw new Error('the database went away')
    await revokeAccount(by, accountId, except)
  }
  await assert.rejects(runJob(), /1 accounts could not be deleted now/)
  assert.equal(await world.accounts.find(call, later.accountId), undefined, 'one that fails holds up no other')
  world.engine.revokeAccount = revokeAccount
  assert.equal(await signsIn(person), false, 'nobody comes back to what is half gone')
  await tellOfSignIn(person.accountId)
  await assert.rejects(world.leaving.suspend(call, person.email, false), { code: 'auth.bad_details', detail: /no way back/ })
  assert.deepEqual(await world.leaving.suspend(call, person.email, true), { accountId: person.accountId, suspended: true })
  await world.settled()
  assert.equal(await signsIn(person), false)
  await runJob()
  assert.equal(await world.accounts.find(call, person.accountId), undefined)
})

test('requirement 32: blocking ends all access, refuses every way in, and can be taken back', async () => {
  const person = await signedIn('blocked@example.org')
  await world.visit({ path: '/forgot-password', form: { email: person.email } })
  const link = await until('a link', () => world.mails.find(({ to, template }) => to === person.email && template === 'reset-password'))
  await assert.rejects(world.leaving.suspend({ ...call, principal: { kind: 'anonymous' } }, person.email, true), /operators/)
  assert.equal(await world.leaving.suspend(call, 'nobody@example.org', true), undefined)
  const command = callAs(call, { kind: 'system', name: 'account', by: 'ada' })
  assert.deepEqual(await world.leaving.suspend(command, ' Blocked@Example.org', true), { accountId: person.accountId, suspended: true })
  assert.equal(world.engine.asked.at(-1), `revokeAccount ${person.accountId} except none`)
  assert.equal(await signsIn(person), false)
  assert.equal((await world.visit({ path: '/reset-password', form: { token: tokenIn(link), password: 'four quiet stones' } })).status, 410)
  await world.visit({ path: '/forgot-password', form: { email: person.email } })
  await until('a mail that says so', () => world.mails.find(({ to, template }) => to === person.email && template === 'account-blocked'))
  const operator = callAs(call, { kind: 'operator', sessionId: '01kabc' })
  await world.leaving.suspend(operator, person.email, false)
  assert.equal(await signsIn(person), true)
  for (const [type, actor] of [
    ['account.suspended', 'account, by ada'],
    ['account.reinstated', 'operator 01kabc'],
  ]) {
    const told = await until(`${type}`, async () =>
      (await world.securityEvents.list(call, person.accountId, { limit: 20 })).items.find((item) => item.type === type),
    )
    assert.equal(told.actor, actor, 'who did it')
  }
})

test('requirement 32: blocking reaches the machines of an organisation that nobody else owns', async () => {
  const person = await signedIn('machines@example.org')
  const { organisations, serviceAccounts } = world.running
  const organisation = await organisations.organisations.create(call, { name: 'Machines', accountId: person.accountId })
  const made = { name: 'Nightly', roles: [], scopes: [] }
  const { service } = await serviceAccounts.services.create(call, { organisationId: organisation.id }, made)
  await world.leaving.suspend(call, person.email, true)
  assert.equal(await serviceAccounts.services.membershipOf(call, service.clientId), 'ended')
  const ended = (await world.revocations.list(call)).items.filter(({ subject }) => subject === `client:${service.clientId}`)
  assert.equal(ended.length, 1)
})

test('requirement 32: the end of an account reaches the machines of an organisation that nobody else owns, though others are in it', async () => {
  const { organisations, serviceAccounts } = world.running
  for (const [email, end] of [
    ['machines-later@example.org', 'by a job'],
    ['machines-now@example.org', 'at once'],
  ] as const) {
    const person = await signedIn(email)
    const member = await world.person({ email: `member-${email}` })
    const { id } = await organisations.organisations.create(call, { name: 'Machines', accountId: person.accountId })
    await organisations.desk.setMember(call, { organisationId: id, email: member.email, roles: [] })
    const { service } = await serviceAccounts.services.create(call, { organisationId: id }, { name: 'Nightly', roles: [], scopes: [] })
    const ended = async () => (await world.revocations.list(call)).items.filter(({ subject }) => subject === `client:${service.clientId}`)
    if (end === 'at once') await world.leaving.end(call, { email, confirm: email, now: true })
    else {
      await askForTheEnd(person)
      assert.deepEqual(await ended(), [], 'its owner may come back')
      world.clock.advance(15 * DAY_MS)
      await runJob()
    }
    assert.equal(await world.accounts.find(call, person.accountId), undefined)
    assert.equal((await organisations.organisations.list(call, member.accountId)).length, 1, 'it stands')
    assert.equal((await ended()).length, 1, end)
    assert.equal(await serviceAccounts.services.membershipOf(call, service.clientId), 'ended')
  }
})
