// Invitations to sign up: who has one can be seen, one can be taken back until it is used, and it is used up by the account that it was for.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sha256 } from '#kernel/keyring.ts'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import { invitationId, invitationsCollection } from '../../src/auth/admission/repository.ts'
import { SECURITY_EVENT, type SecurityEvent, securityEvent } from '../../src/auth/security-events/security-event.ts'
import type { Arrival } from '../../src/auth/upstream/schemas.ts'
import { fieldProblem } from '../../src/auth/texts/problem.ts'
import { type AccountsWorld, call, openAccounts, tokenIn } from '../support/accounts.ts'
import { until } from '../support/until.ts'

const DAY = 24 * 3_600_000
const told: SecurityEvent[] = []
const operator = { ...call, principal: { kind: 'operator', sessionId: 'of-the-test' } } as const
let world: AccountsWorld

before(async () => {
  world = await openAccounts({
    definition: { signUp: { mode: 'invitation' }, legacySignIn: () => ({ emailVerified: true, name: 'Old Friend' }) },
  })
  world.database.subscribe({
    consumer: 'test-invitations',
    topics: [SECURITY_EVENT],
    handle: async (events) => void told.push(...events.map(({ data }) => securityEvent.parse(data))),
  })
})
after(() => world.stop())

const desk = () => world.running.shared.admission
const invite = (...emails: string[]) => Promise.all(emails.map((email) => desk().invite(operator, email)))
const stored = async (email: string) => (await world.database.collection(accountsCollection).getByKey(call, 'email', { email }))?.value

async function invited(): Promise<string[]> {
  const found: string[] = []
  let after: string | undefined
  do {
    const page = await desk().invitations(operator, after)
    found.push(...page.items.map(({ email }) => email))
    after = page.next
  } while (after !== undefined)
  return found
}

/** The link that the mail leads to; with one, the address may have an account. */
async function signUp(email: string): Promise<string> {
  const browser = sha256(email)
  await world.accounts.signUp(call, { name: 'Ada', email, password: 'nine folded squares', client: email, browser })
  const sent = await until(`a mail to ${email}`, () =>
    world.mails.findLast(({ to, template }) => to === email && template !== 'invitation'),
  )
  return sent.template === 'confirm-address' ? tokenIn(sent) : sent.template
}
const confirm = (token: string, email: string) => world.accounts.confirm(call, { token, client: email, browser: sha256(email) })

test('are listed, the newest first, all of them, and for operators alone', async () => {
  const many = Array.from({ length: 120 }, (_, index) => `guest-${String(index).padStart(3, '0')}@example.org`)
  for (const email of many) {
    world.clock.advance(1)
    await invite(email)
  }
  assert.deepEqual(await invited(), many.toReversed())
  const { items } = await desk().invitations(operator)
  const [{ invitedAt, expiresAt } = assert.fail()] = items
  assert.deepEqual([invitedAt, expiresAt], [world.clock.now(), world.clock.now() + 14 * DAY])
  const user = {
    ...call,
    principal: { kind: 'user', accountId: 'a', roles: [], groups: [], sessionId: 's', clientId: 'c', firstParty: true, scopes: [] },
  } as const
  for (const as of [user, { ...call, principal: { kind: 'anonymous' } } as const]) {
    await assert.rejects(desk().invitations(as), { code: 'auth.operators_only' })
    await assert.rejects(desk().withdrawInvitation(as, many[0] ?? ''), { code: 'auth.operators_only' })
  }
  world.clock.advance(14 * DAY)
  assert.deepEqual(await invited(), [], 'those that have ended are none')
})

test('one that is withdrawn lets nobody sign up, and says who has withdrawn it', async () => {
  await invite('mistyped@example.org', 'meant@example.org')
  const before = told.length
  assert.equal(await desk().withdrawInvitation(operator, ' Mistyped@Example.org'), true)
  assert.equal(await desk().withdrawInvitation(operator, 'mistyped@example.org'), false, 'it is gone')
  await assert.rejects(desk().withdrawInvitation(operator, 'no address'), { code: 'auth.bad_details' })
  assert.deepEqual(await invited(), ['meant@example.org'])
  assert.equal(await signUp('mistyped@example.org'), 'sign-up-closed')
  await until('the event', () => told.length > before)
  await world.settled()
  assert.deepEqual(
    told.slice(before).filter(({ type }) => type === 'account.invitation_withdrawn'),
    [{ type: 'account.invitation_withdrawn', actor: 'operator of-the-test' }],
  )
  assert.doesNotMatch(JSON.stringify(told), /mistyped/, 'without the address')
})

test('withdrawn between the form and the link, it makes no account', async () => {
  await invite('between@example.org')
  const token = await signUp('between@example.org')
  assert.equal(await desk().withdrawInvitation(operator, 'between@example.org'), true)
  assert.equal(await confirm(token, 'between@example.org'), undefined)
  assert.equal(await stored('between@example.org'), undefined)
  await invite('between@example.org')
  assert.ok(await confirm(token, 'between@example.org'), 'invited again, the link is as good as before')
})

test('of signing up and withdrawing at once one comes to nothing', async () => {
  for (let round = 0; round < 12; round += 1) {
    const email = `raced-${round}@example.org`
    await invite(email)
    const token = await signUp(email)
    const withdraw = () => desk().withdrawInvitation(operator, email)
    const [first, second] = round % 2 === 0 ? [withdraw, () => confirm(token, email)] : [() => confirm(token, email), withdraw]
    const outcomes = await Promise.all([first(), second()])
    const isWithdrawn = outcomes.includes(true)
    assert.equal((await stored(email)) === undefined, isWithdrawn, email)
    assert.equal((await invited()).includes(email), false)
  }
})

test('one is for one account: after a change of address the mailbox of before makes no second', async () => {
  await invite('early@example.org')
  await confirm(await signUp('early@example.org'), 'early@example.org')
  const account = (await stored('early@example.org')) ?? assert.fail()
  assert.deepEqual(
    (await invited()).filter((email) => email === 'early@example.org'),
    [],
  )
  await world.database.collection(accountsCollection).update(call, account.id, { set: { email: 'late@example.org' } })
  await world.settled()
  world.mails.splice(0)
  assert.equal(await signUp('early@example.org'), 'sign-up-closed')
})

function arrivalOf(email: string): Arrival {
  return {
    upstream: 'club',
    issuer: 'https://club.example',
    subject: email,
    email,
    emailVerified: true,
    name: 'Ada',
    at: world.clock.now(),
  }
}

test('coming from another provider uses one up, needs one, and does not race a withdrawal', async () => {
  const { upstreams } = world.running
  const create = (email: string) => upstreams.createAccount(call, arrivalOf(email), { name: 'Ada', by: {} })
  await assert.rejects(create('nobody@example.org'), { code: 'auth.bad_details', fields: [fieldProblem('email', 'email_not_invited')] })
  await invite('member@example.org')
  assert.ok(await create('member@example.org'))
  assert.equal((await invited()).includes('member@example.org'), false)
  for (let round = 0; round < 6; round += 1) {
    const email = `member-${round}@example.org`
    await invite(email)
    const [owner, isWithdrawn] = await Promise.all([create(email).catch(() => undefined), desk().withdrawInvitation(operator, email)])
    assert.equal(owner === undefined, isWithdrawn, email)
    assert.equal((await stored(email)) === undefined, isWithdrawn, email)
  }
})

test('moving in uses one up as well, and needs none', async () => {
  await invite('by-file@example.org', 'by-password@example.org')
  const rows = [{ email: 'by-file@example.org' }, { email: 'not-invited@example.org' }]
  const outcomes = await world.running.moving.moveIn(call, rows, { from: 'elsewhere' })
  assert.deepEqual(
    outcomes.map(({ outcome }) => outcome),
    ['made', 'made'],
  )
  for (const email of ['by-password@example.org', 'by-password-too@example.org'])
    assert.ok(await world.accounts.signIn(call, { email, password: 'as it was there', client: email }))
  assert.deepEqual(
    (await invited()).filter((email) => email.startsWith('by-')),
    [],
  )
})

test('a passkey in place of a password uses one up, too; where anybody signs up, none is needed and one is used', async (t) => {
  for (const mode of ['invitation', 'open'] as const) {
    const other = await openAccounts({ definition: { signUp: { mode }, methods: { password: false, emailCode: true } } })
    t.after(() => other.stop())
    const { admission } = other.running.shared
    const emails = ['ada@example.org', ...(mode === 'open' ? ['bob@example.org'] : [])]
    await admission.invite(operator, 'ada@example.org')
    for (const email of emails) {
      await other.accounts.signUp(call, { name: 'Ada', email, client: email })
      const token = tokenIn(await other.mailTo(email, 'confirm-address'))
      assert.ok(await other.accounts.confirm(call, { token, client: email, beginning: { operations: [], events: [] } }), `${mode} ${email}`)
    }
    assert.deepEqual((await admission.invitations(operator)).items, [], mode)
  }
})

test('where nobody signs up, nobody is invited to it: no mail leads to a page that is not there; what was sent before can be taken back', async (t) => {
  const closed = await openAccounts({ definition: { signUp: { mode: 'off' } } })
  t.after(() => closed.stop())
  const { admission } = closed.running.shared
  const email = 'early@example.org'
  await assert.rejects(admission.invite(operator, email), { code: 'auth.bad_details', detail: /"signUp.mode": "off"/ })
  await assert.rejects(admission.invite(operator, 'no address'), { detail: /"signUp.mode": "off"/ })
  await closed.settled()
  assert.deepEqual(closed.mails, [])
  const now = closed.clock.now()
  const before = { id: invitationId(email), email, invitedAt: now, expiresAt: now + DAY }
  await closed.database.collection(invitationsCollection).insert(call, before)
  assert.deepEqual(
    (await admission.invitations(operator)).items.map((each) => each.email),
    [email],
  )
  assert.equal(await admission.withdrawInvitation(operator, email), true)
  assert.deepEqual((await admission.invitations(operator)).items, [])
})
