// People who have asked for the end of their account and move with the others: the end comes along, and so does the way to call it off.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import type { Account } from '../../src/auth/accounts/schemas.ts'
import type { PersonRow } from '../../src/auth/moving/contract.ts'
import { securityEventOf } from '../../src/auth/security-events/security-event.ts'
import { type AccountsWorld, call, openAccounts } from '../support/accounts.ts'
import { until } from '../support/until.ts'

const DAY = 24 * 3_600_000
let here: AccountsWorld
let there: AccountsWorld

before(async () => {
  here = await openAccounts()
  there = await openAccounts()
})
after(async () => {
  await here.stop()
  await there.stop()
})

const accountsOf = ({ database }: AccountsWorld) => database.collection(accountsCollection)
const stored = async (world: AccountsWorld, id: string): Promise<Account | undefined> => (await accountsOf(world).get(call, id))?.value
const rowsOf = async (world: AccountsWorld): Promise<readonly PersonRow[]> =>
  (await world.running.moving.moveOut(call, { withPasswords: true })).items
const moveIn = (rows: readonly unknown[]) => there.running.moving.moveIn(call, rows, { from: 'ninefold' })
const erase = async (world: AccountsWorld): Promise<void> => {
  for (const job of world.leaving.jobs) await job.handle({ call, jobId: 'erase', attempt: 1 }, {})
}

/** Somebody in the days of grace, in the other platform by now. */
async function mover(name: string): Promise<{ accountId: string; email: string; password: string; deletionAt: number }> {
  const person = await here.person({ email: `${name}@example.org` })
  await here.leaving.requestDeletion(call, { accountId: person.accountId })
  const { deletionAt } = (await stored(here, person.accountId)) ?? assert.fail()
  assert.ok(deletionAt !== undefined)
  const row = (await rowsOf(here)).find(({ email }) => email === person.email)
  assert.equal(row?.deletionAt, new Date(deletionAt).toISOString())
  assert.deepEqual(await moveIn([row]), [{ outcome: 'made', accountId: person.accountId }])
  return { ...person, deletionAt }
}

test('whoever has asked to be deleted is deleted on that day, wherever they are by then', async () => {
  const { accountId, deletionAt } = await mover('leaver')
  assert.deepEqual(
    (await rowsOf(there)).map((row) => row.deletionAt),
    [new Date(deletionAt).toISOString()],
    'and goes on to a third',
  )
  there.clock.advance(14 * DAY - 1)
  await erase(there)
  assert.ok(await stored(there, accountId))
  there.clock.advance(1)
  await erase(there)
  assert.equal(await stored(there, accountId), undefined)
})

test('signing in calls it off there as it would have here', async () => {
  const { accountId, email, password } = await mover('stayer')
  there.clock.advance(DAY)
  assert.ok(await there.accounts.signIn(call, { email, password, client: 'c' }))
  // The engine tells of it, which is not here.
  await there.database.commit(call, [], [securityEventOf({ type: 'sign_in.succeeded', accountId })])
  await until('the end to be called off', async () => (await stored(there, accountId))?.deletionAt === undefined)
  there.clock.advance(30 * DAY)
  await erase(there)
  assert.equal((await stored(there, accountId))?.deletion, undefined)
})

test('one that an operator has asked for comes there though the account is blocked', async () => {
  const { accountId, email } = await here.person({ email: 'asked-for@example.org' })
  await here.leaving.suspend(call, email, true)
  await here.leaving.end(call, { email })
  const row = (await rowsOf(here)).find((one) => one.email === email)
  assert.deepEqual(await moveIn([row]), [{ outcome: 'made', accountId }])
  // As much time as there was at home.
  there.clock.advance(Date.parse(String(row?.deletionAt)) - there.clock.now() - 1)
  await erase(there)
  assert.equal((await stored(there, accountId))?.deletion?.byOperator, true)
  there.clock.advance(1)
  await erase(there)
  assert.equal(await stored(there, accountId), undefined)
})

test('blocked, it waits there as it would have here', async () => {
  const row = { email: 'blocked-leaver@example.org', suspended: true, deletionAt: new Date(there.clock.now() + DAY).toISOString() }
  const [made] = await moveIn([row])
  const accountId = made !== undefined && 'accountId' in made ? made.accountId : assert.fail()
  there.clock.advance(2 * DAY)
  await erase(there)
  assert.ok(await stored(there, accountId))
  await there.leaving.suspend(call, row.email, false)
  assert.equal((await stored(there, accountId))?.deletionAt, there.clock.now() + 14 * DAY)
})

test('an end that has passed on the way comes with the next run; what is no such moment is refused', async () => {
  const now = there.clock.now()
  const [late] = await moveIn([{ email: 'late-leaver@example.org', deletionAt: now - 3 * DAY }])
  const accountId = late !== undefined && 'accountId' in late ? late.accountId : assert.fail()
  await erase(there)
  assert.equal(await stored(there, accountId), undefined)
  const wrong = ['soon', '', Math.floor(now / 1000), now + 400 * DAY, now - 400 * DAY, '0001-01-01']
  const outcomes = await moveIn(wrong.map((deletionAt, index) => ({ email: `wrong-${index}@example.org`, deletionAt })))
  for (const outcome of outcomes)
    assert.match(JSON.stringify(outcome), /refused.*deletionAt: this is no moment of the last or the next year/)
})

test('whose removal has begun is not moved', async () => {
  const { accountId, email } = await here.person({ email: 'half-gone@example.org' })
  const now = here.clock.now()
  await accountsOf(here).update(call, accountId, {
    set: { suspendedAt: now, deletionAt: now, deletion: { requestedAt: now, addresses: [email], begun: true } },
  })
  const rows = await rowsOf(here)
  assert.ok(rows.length > 0)
  assert.equal(
    rows.find((row) => row.email === email),
    undefined,
  )
})
