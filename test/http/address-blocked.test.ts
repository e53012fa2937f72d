// The way back to an address while an operator has blocked the account, as they are told to when it was stolen.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import type { Account } from '../../src/auth/accounts/schemas.ts'
import { createAddressRepository } from '../../src/auth/address/repository.ts'
import { createAddresses } from '../../src/auth/address/service.ts'
import { type AccountsWorld, call, openAccounts, tokenIn } from '../support/accounts.ts'

const DAY = 24 * 3_600_000

let world: AccountsWorld
before(async () => {
  world = await openAccounts()
})
after(() => world.stop())

interface Stolen {
  readonly accountId: string
  readonly email: string
  readonly thief: string
  readonly password: string
  /** What the mail to its owner leads to. */
  readonly back: string
}

/** Somebody's account whose address a thief has changed. */
async function stolen(name: string): Promise<Stolen> {
  const owner = await world.person({ email: `${name}@example.org` })
  const now = world.clock.now()
  world.engine.sessionList.splice(0)
  world.engine.sessionList.push({ id: 'here', accountId: owner.accountId, signedInAt: now, lastUsedAt: now, device: 'Firefox on Linux' })
  world.engine.signedInAs = owner.accountId
  const thief = `${name}-thief@example.org`
  await world.visit({ path: '/account/email', form: { email: thief } })
  await world.visit({ path: '/account/email/confirm', form: { token: tokenIn(await world.mailTo(thief, 'confirm-new-address')) } })
  return { ...owner, thief, back: tokenIn(await world.mailTo(owner.email, 'address-changed')) }
}

const stored = async ({ accountId }: Stolen): Promise<Account> =>
  (await world.database.collection(accountsCollection).get(call, accountId))?.value ?? assert.fail('the account is gone')
const look = (token: string, language = 'en') =>
  world.visit({ path: `/restore-address?token=${token}`, headers: { 'accept-language': language } })
const undo = (token: string, language = 'en') =>
  world.visit({ path: '/restore-address', form: { token }, headers: { 'accept-language': language } })

async function signsIn(email: string, password: string): Promise<boolean> {
  world.clock.advance(3_700_000)
  return (await world.accounts.signIn(call, { email, password, client: `c-${world.clock.now()}` })) !== undefined
}

async function reset(email: string): Promise<string> {
  await world.visit({ path: '/forgot-password', form: { email }, client: `reset ${email} ${world.clock.now()}` })
  return email
}

test('the owner of a blocked account takes the address back, and comes in when an operator lets them in, not before', async () => {
  const account = await stolen('blocked')
  await world.leaving.suspend(call, account.thief, true)
  const { suspendedAt } = await stored(account)
  assert.ok(suspendedAt !== undefined)
  assert.match((await look(account.back)).text, /blocked@example\.org/)
  const { status, text } = await undo(account.back)
  assert.equal(status, 200)
  assert.match(text, /The account is blocked, so nobody can sign in yet/)
  assert.doesNotMatch(text, /forgot-password/, 'which would lead to nothing')
  const after = await stored(account)
  assert.deepEqual([after.email, after.password, after.suspendedAt], [account.email, undefined, suspendedAt])
  assert.equal(world.engine.asked.at(-1), `revokeAccount ${account.accountId} except none`)
  assert.equal((await undo(account.back)).status, 410, 'once')
  await reset(account.email)
  await world.mailTo(account.email, 'account-blocked')
  for (const email of [account.email, account.thief]) assert.equal(await signsIn(email, account.password), false, email)
  world.clock.advance(30 * DAY)
  assert.equal(await world.leaving.suspend(call, account.thief, false), undefined, 'the thief has no account here')
  assert.deepEqual(await world.leaving.suspend(call, account.email, false), { accountId: account.accountId, suspended: false })
  await reset(account.email)
  const token = tokenIn(await world.mailTo(account.email, 'reset-password'))
  await world.visit({ path: '/reset-password', form: { token, password: 'a brand new passphrase' } })
  assert.equal(await signsIn(account.email, 'a brand new passphrase'), true)
  assert.equal(await signsIn(account.thief, account.password), false)
})

test('the page says so in German as well', async () => {
  const account = await stolen('gesperrt')
  await world.leaving.suspend(call, account.thief, true)
  assert.match((await undo(account.back, 'de')).text, /Das Konto ist gesperrt, deshalb kann sich noch niemand anmelden/)
})

test('blocked or let in while the link is being followed, the account stays as the operator wants it', async () => {
  for (const suspended of [true, false]) {
    const account = await stolen(suspended ? 'just-blocked' : 'just-let-in')
    if (!suspended) await world.leaving.suspend(call, account.thief, true)
    let times = 0
    // After the account was read, and before the change is written.
    const removals = async (): Promise<[]> => {
      times += 1
      if (times === 1) await world.leaving.suspend(call, account.thief, suspended)
      return []
    }
    const { repository: accounts, admission } = world.running.shared
    const repository = createAddressRepository(world.database, { removals })
    const limits = { mayMail: async () => true }
    const addresses = createAddresses({ repository, accounts, admission, limits, clock: world.clock, origin: '' })
    const { accountId, email: own } = account
    assert.deepEqual(await addresses.undo(call, account.back), { accountId, email: own, offered: false, suspended })
    const { email, suspendedAt } = await stored(account)
    assert.deepEqual([times, email, suspendedAt !== undefined], [2, account.email, suspended])
  }
})

test('an end that has begun is for good: there is nothing to come back to', async () => {
  const account = await stolen('going')
  const accounts = world.database.collection(accountsCollection)
  const now = world.clock.now()
  await accounts.update(call, account.accountId, {
    set: { suspendedAt: now, deletionAt: now, deletion: { requestedAt: now, addresses: [], begun: true } },
  })
  assert.equal((await look(account.back)).status, 410)
  assert.equal((await undo(account.back)).status, 410)
  assert.equal((await stored(account)).email, account.thief)
})

test('an end that a thief has asked for is called off while the account is blocked', async () => {
  const account = await stolen('asked')
  await world.leaving.requestDeletion(call, { accountId: account.accountId })
  await world.leaving.suspend(call, account.thief, true)
  assert.equal((await undo(account.back)).status, 200)
  const { deletionAt, deletion, suspendedAt } = await stored(account)
  assert.deepEqual([deletionAt, deletion], [undefined, undefined])
  assert.ok(suspendedAt !== undefined)
})
