// What operators do for people who cannot do it themselves: signing out everywhere, the end of an account, calling it off, and finding somebody.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Call, callAs } from '#kernel/call.ts'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import type { Account } from '../../src/auth/accounts/schemas.ts'
import { createFinding } from '../../src/auth/finding/service.ts'
import { securityEventOf, type SecurityEventType } from '../../src/auth/security-events/security-event.ts'
import { type AccountsWorld, call, openAccounts, tokenIn } from '../support/accounts.ts'
import { until } from '../support/until.ts'

const DAY_MS = 24 * 3_600_000
const ACTOR = 'operator 01kabd'
const operator: Call = callAs(call, { kind: 'operator', sessionId: '01kabd' })
const person: Call = callAs(call, { kind: 'anonymous' })

let world: AccountsWorld

before(async () => {
  world = await openAccounts()
})

after(() => world.stop())

const storedOf = async (accountId: string): Promise<Account | undefined> =>
  (await world.database.collection(accountsCollection).get(call, accountId))?.value

const runJob = async (): Promise<void> => {
  for (const { name, handle } of world.leaving.jobs) await handle({ call, jobId: name, attempt: 1 }, {})
}

const told = (accountId: string, type: SecurityEventType) =>
  until(`${type} to be told`, async () =>
    (await world.securityEvents.list(call, accountId, { limit: 50 })).items.find((item) => item.type === type),
  )

const mailsTo = (email: string): string[] =>
  world.mails.filter(({ to }) => to === email).flatMap(({ template }) => (/delet/.test(template) ? [template] : []))

async function signsIn({ email, password }: { readonly email: string; readonly password: string }): Promise<boolean> {
  world.clock.advance(3_700_000)
  return (await world.accounts.signIn(call, { email, password, client: `c-${world.clock.now()}` })) !== undefined
}

/** Asks on the account page, as its owner or who has stolen it. */
async function asksThemselves(accountId: string): Promise<void> {
  await world.leaving.requestDeletion(call, { accountId })
}

test('none of it is for anybody else, and nobody is not somebody', async () => {
  const { leaving } = world
  const acts = [
    (by: Call, email: string) => leaving.signOut(by, email),
    (by: Call, email: string) => leaving.end(by, { email }),
    (by: Call, email: string) => leaving.end(by, { email, now: true, confirm: email }),
    (by: Call, email: string) => leaving.keep(by, email),
  ]
  for (const act of acts) {
    await assert.rejects(act(person, 'nobody@example.org'), /operators/)
    for (const email of ['nobody@example.org', 'no address']) assert.equal(await act(operator, email), undefined)
  }
})

test('signing out everywhere ends what blocking ends, and leaves the account open', async () => {
  const ada = await world.person({ email: 'out@example.org' })
  world.engine.asked.splice(0)
  assert.deepEqual(await world.leaving.signOut(operator, ' Out@Example.org'), { accountId: ada.accountId, signedOut: true })
  assert.deepEqual(world.engine.asked, [`revokeAccount ${ada.accountId} except none`])
  assert.equal((await told(ada.accountId, 'account.signed_out')).actor, ACTOR)
  assert.equal(await signsIn(ada), true)
})

test('an end that an operator asks for takes as long as any, and signing in calls it off', async () => {
  const ada = await world.person({ email: 'asked@example.org' })
  const deletionAt = world.clock.now() + 14 * DAY_MS
  const ending = { accountId: ada.accountId, deleted: false, deletionAt }
  assert.deepEqual(await world.leaving.end(operator, { email: ada.email }), { ...ending, mailSent: true })
  assert.equal(world.engine.asked.at(-1), `revokeAccount ${ada.accountId} except none`)
  assert.equal((await world.mailTo(ada.email, 'deletion-requested')).data['days'], '14')
  assert.equal((await told(ada.accountId, 'account.deletion_requested')).actor, ACTOR)
  world.clock.advance(DAY_MS)
  const again = await world.leaving.end(operator, { email: ada.email })
  assert.deepEqual(again, { ...ending, mailSent: false }, 'again is the same, and says that nobody is told again')
  await world.settled()
  assert.deepEqual(mailsTo(ada.email), ['deletion-requested'])
  world.clock.advance(12 * DAY_MS)
  await runJob()
  assert.equal(await signsIn(ada), true)
  await world.database.commit(call, [], [securityEventOf({ type: 'sign_in.succeeded', accountId: ada.accountId })])
  await world.mailTo(ada.email, 'deletion-cancelled')
  assert.equal((await storedOf(ada.accountId))?.deletion, undefined)
})

test('asked for again, it stays though somebody has just come back, who hears of it; the day is the same', async () => {
  for (const sessions of [0, 1]) {
    const ada = await world.person({ email: `again-${sessions}@example.org` })
    const day = (await world.leaving.end(operator, { email: ada.email }))?.deletionAt
    world.clock.advance(DAY_MS)
    const now = world.clock.now()
    const session = { id: 'back', accountId: ada.accountId, signedInAt: now, lastUsedAt: now, device: 'Firefox on Linux' }
    if (sessions > 0) world.engine.sessionList.push(session)
    const ending = await world.leaving.end(operator, { email: ada.email })
    assert.equal(ending?.deletionAt, day)
    world.engine.sessionList.splice(0)
    await world.database.commit(call, [], [securityEventOf({ type: 'sign_in.succeeded', accountId: ada.accountId })])
    await world.settled()
    const { deletionAt, deletion } = (await storedOf(ada.accountId)) ?? assert.fail('gone')
    assert.deepEqual([deletionAt, deletion?.byOperator, deletion?.requestedAt], [day, true, now])
    assert.equal(mailsTo(ada.email).length, 1 + sessions)
  }
})

test('it comes on its day though the account is blocked, before or after', async () => {
  const [early, late] = [await world.person({ email: 'early@example.org' }), await world.person({ email: 'late@example.org' })]
  await world.leaving.suspend(operator, early.email, true)
  await world.leaving.end(operator, { email: early.email })
  await world.leaving.end(operator, { email: late.email })
  await world.leaving.suspend(operator, late.email, true)
  assert.equal((await world.mailTo(early.email, 'deletion-while-blocked')).data['days'], '14')
  world.clock.advance(14 * DAY_MS - 1)
  await runJob()
  assert.ok((await storedOf(early.accountId)) && (await storedOf(late.accountId)), 'not before')
  world.clock.advance(1)
  await runJob()
  assert.equal(await storedOf(early.accountId), undefined)
  assert.equal(await storedOf(late.accountId), undefined)
})

test('one that a thief has asked for waits while the account is blocked, until an operator says so: then with all the time', async () => {
  const ada = await world.person({ email: 'stolen@example.org' })
  await asksThemselves(ada.accountId)
  await world.leaving.suspend(operator, ada.email, true)
  world.clock.advance(30 * DAY_MS)
  await runJob()
  assert.ok(await storedOf(ada.accountId), 'it waits')
  const ending = await world.leaving.end(operator, { email: ada.email })
  assert.equal(ending?.deletionAt, world.clock.now() + 14 * DAY_MS)
  await world.mailTo(ada.email, 'deletion-while-blocked')
  await runJob()
  assert.ok(await storedOf(ada.accountId), 'its owner has time to object')
  world.clock.advance(14 * DAY_MS)
  await runJob()
  assert.equal(await storedOf(ada.accountId), undefined)
})

test('an operator who joins what its owner has asked for does not put it off', async () => {
  const ada = await world.person({ email: 'both@example.org' })
  await asksThemselves(ada.accountId)
  const day = (await storedOf(ada.accountId))?.deletionAt
  world.clock.advance(10 * DAY_MS)
  const { deletionAt, mailSent } = (await world.leaving.end(operator, { email: ada.email })) ?? {}
  assert.deepEqual([deletionAt, mailSent], [day, true])
  await until('the mail', () => world.mails.find(({ to, data }) => to === ada.email && data['days'] === '4'))
  await world.leaving.suspend(operator, ada.email, true)
  world.clock.advance(4 * DAY_MS)
  await runJob()
  assert.equal(await storedOf(ada.accountId), undefined)
})

test('does not come before a change of address can no longer be taken back, unless it is to be at once', async (t) => {
  const soon = await openAccounts({ definition: { deletion: { graceDays: 1 } } })
  t.after(() => soon.stop())
  const { accountId } = await soon.person({ email: 'soon@example.org' })
  const now = soon.clock.now()
  soon.engine.sessionList.push({ id: 'here', accountId, signedInAt: now, lastUsedAt: now, device: 'Firefox on Linux' })
  soon.engine.signedInAs = accountId
  await soon.visit({ path: '/account/email', form: { email: 'sooner@example.org' } })
  const token = tokenIn(await soon.mailTo('sooner@example.org', 'confirm-new-address'))
  await soon.visit({ path: '/account/email/confirm', form: { token } })
  assert.equal((await soon.leaving.end(operator, { email: 'sooner@example.org' }))?.deletionAt, soon.clock.now() + 7 * DAY_MS)
  const asked = { email: 'sooner@example.org', now: true, confirm: 'sooner@example.org' }
  assert.equal((await soon.leaving.end(operator, asked))?.deleted, true)
  for (const email of ['soon@example.org', 'sooner@example.org']) await soon.mailTo(email, 'account-deleted')
})

test('at once: with the address once more, and with nothing left of it in auth', async () => {
  const ada = await world.person({ email: 'at-once@example.org' })
  await world.leaving.suspend(operator, ada.email, true)
  for (const confirm of [undefined, '', 'at-one@example.org']) {
    const asked = { email: ada.email, now: true, ...(confirm === undefined ? {} : { confirm }) }
    await assert.rejects(world.leaving.end(operator, asked), /once more/)
  }
  await assert.rejects(world.leaving.end(operator, { email: ada.email, confirm: 'somebody@example.org' }), /once more/)
  assert.equal((await storedOf(ada.accountId))?.deletion, undefined, 'nothing has changed')
  const done = await world.leaving.end(operator, { email: ada.email, now: true, confirm: ' At-Once@Example.org' })
  assert.deepEqual(done, { accountId: ada.accountId, deleted: true, deletionAt: world.clock.now(), mailSent: true })
  assert.equal(await storedOf(ada.accountId), undefined)
  await world.mailTo(ada.email, 'account-deleted')
  const events = async (): Promise<number> => (await world.securityEvents.list(call, ada.accountId, { limit: 9 })).items.length
  await until('its events to be gone', async () => (await events()) === 0)
  assert.equal(await world.leaving.end(operator, { email: ada.email, now: true, confirm: ada.email }), undefined)
})

test('at once, it is not held up by a session that its owner has open, and the job goes on where it stopped', async () => {
  const ada = await world.person({ email: 'half-way@example.org' })
  const now = world.clock.now()
  world.engine.sessionList.push({ id: 'open', accountId: ada.accountId, signedInAt: now, lastUsedAt: now, device: 'Firefox on Linux' })
  const { revokeAccount } = world.engine
  world.engine.revokeAccount = async () => {
    throw new Error('the database went away')
  }
  const asked = { email: ada.email, now: true, confirm: ada.email }
  await assert.rejects(world.leaving.end(operator, asked), /went away/)
  world.engine.revokeAccount = revokeAccount
  assert.equal((await storedOf(ada.accountId))?.deletion?.begun, true)
  await assert.rejects(world.leaving.keep(operator, ada.email), /no way back/)
  assert.equal(await signsIn(ada), false)
  await runJob()
  assert.equal(await storedOf(ada.accountId), undefined)
  world.engine.sessionList.splice(0)
})

test('is called off by an operator, whoever has asked for it, and its owner is told', async () => {
  const ada = await world.person({ email: 'kept@example.org' })
  assert.deepEqual(await world.leaving.keep(operator, ada.email), { accountId: ada.accountId, kept: false })
  for (const ask of [() => asksThemselves(ada.accountId), () => world.leaving.end(operator, { email: ada.email })]) {
    await ask()
    assert.deepEqual(await world.leaving.keep(operator, ada.email), { accountId: ada.accountId, kept: true })
    assert.equal((await storedOf(ada.accountId))?.deletionAt, undefined)
  }
  await until('two mails', () => mailsTo(ada.email).filter((template) => template === 'deletion-called-off').length === 2)
  assert.equal((await told(ada.accountId, 'account.deletion_cancelled')).actor, ACTOR)
  world.clock.advance(30 * DAY_MS)
  await runJob()
  assert.equal(await signsIn(ada), true)
})

test('people are found by the beginning of their address, a page at a time, and one is shown whole', async () => {
  const finding = createFinding({ ...world, leftBy: world.leaving.leftBy })
  const emails = ['a', 'b', 'c'].map((letter) => `find-${letter}@example.org`)
  const made = []
  for (const email of [...emails, 'find@example.org', 'fine@example.org']) made.push(await world.person({ email, name: `Ada ${email[5]}` }))
  await assert.rejects(finding.list(person, {}), /operators/)
  await assert.rejects(finding.view(person, { email: 'find@example.org' }), /operators/)
  const found = async (email: string): Promise<string[]> => (await finding.list(operator, { email })).items.map((item) => item.email)
  assert.deepEqual(await found('FIND-'), emails)
  assert.deepEqual(await found('find-b@example.org'), ['find-b@example.org'])
  assert.deepEqual(await found('find'), [...emails, 'find@example.org'])
  for (const odd of ['nobody-', 'f%nd', 'find-\u00e4', '\ud800', 'find-\0']) assert.deepEqual(await found(odd), [])
  const paged: string[] = []
  let after: string | undefined
  do {
    const page = await finding.list(operator, { email: 'fin', limit: 2, ...(after === undefined ? {} : { after }) })
    assert.ok(page.items.length <= 2)
    paged.push(...page.items.map((item) => item.email))
    after = page.next
  } while (after !== undefined)
  assert.deepEqual(paged, [...emails, 'find@example.org', 'fine@example.org'])
  assert.ok((await finding.list(operator, {})).items.length > 5, 'everybody')
  await assert.rejects(finding.list(operator, { after: 'nonsense' }), ({ status }: { status: number }) => status < 500)

  const [{ accountId, email } = { accountId: '', email: '' }] = made
  await world.leaving.suspend(operator, email, true)
  await world.leaving.end(operator, { email })
  await told(accountId, 'account.deletion_requested')
  const now = world.clock.now()
  world.engine.sessionList.push({ id: 'secret', accountId, signedInAt: now, lastUsedAt: now, device: 'Firefox on Linux' })
  const view = await finding.view(operator, { accountId })
  assert.deepEqual(view, await finding.view(operator, { email }))
  assert.equal(await finding.view(operator, { accountId: 'nobody' }), undefined)
  assert.equal(await finding.view(operator, { email: 'nobody' }), undefined)
  assert.deepEqual(view?.deletion, { at: now + 14 * DAY_MS, requestedAt: now, byOperator: true, begun: false })
  assert.deepEqual([view?.blockedAt, view?.hasPassword, view?.passkeys, view?.authenticatorApp], [now, true, 0, false])
  assert.deepEqual(view?.sessions, [{ device: 'Firefox on Linux', signedInAt: now, lastUsedAt: now }])
  assert.deepEqual(
    view?.events.slice(0, 2).map(({ type, actor }) => [type, actor]),
    [
      ['account.deletion_requested', ACTOR],
      ['account.suspended', ACTOR],
    ],
  )
  assert.doesNotMatch(JSON.stringify(view), /argon2|secret/)
})
