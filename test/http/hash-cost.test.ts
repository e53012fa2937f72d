// Another cost of hashing is set, on data that is there: people sign in as before, their hashes become ones of the new cost, and the clock does not tell who
// has a hash of which.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import { hashShapesCollection } from '../../src/auth/moving/repository.ts'
import type { HashCost } from '../../src/auth/passwords/cost.ts'
import { type AccountsWorld, call, openAccounts } from '../support/accounts.ts'

const FIRST: HashCost = { memoryKiB: 64, passes: 1 }
const DEARER: HashCost = { memoryKiB: 128, passes: 2 }
const ADDRESSES = Array.from({ length: 200 }, (_, index) => `nobody-${index}@example.org`)

interface House {
  /** The platform on the same data, with this cost; the one before is stopped. */
  open(cost: HashCost): Promise<AccountsWorld>
}

async function houseOf(t: TestContext): Promise<House> {
  const folder = await mkdtemp(join(tmpdir(), 'ninefold-cost-'))
  let world: AccountsWorld | undefined
  t.after(async () => {
    await world?.stop()
    await rm(folder, { recursive: true, force: true })
  })
  return {
    async open(cost) {
      await world?.stop()
      world = undefined
      world = await openAccounts({ durableFile: join(folder, 'main.db'), passwords: cost })
      return world
    },
  }
}

const mark = ({ memoryKiB, passes }: HashCost): string => `$argon2id$v=19$m=${memoryKiB},t=${passes},p=1$`
const shape = ({ memoryKiB, passes }: HashCost): string => `argon2id,${memoryKiB},${passes},1`
const costOf = (phc: string | undefined): string => /^.*p=1\$/.exec(phc ?? '')?.[0] ?? 'none'
const hashOf = async ({ database }: AccountsWorld, id: string): Promise<string> =>
  (await database.collection(accountsCollection).get(call, id))?.value.password ?? ''
const shapesOf = async ({ database }: AccountsWorld): Promise<string[]> =>
  (await database.collection(hashShapesCollection).list(call, { index: 'all', limit: 100 })).items.map(({ value }) => value.id)

/** What refused sign-ins at these addresses are compared with. */
async function comparedWith(t: TestContext, world: AccountsWorld, emails: readonly string[]): Promise<string[]> {
  const { passwords } = world.running.shared
  const verify = t.mock.method(passwords, 'verify')
  for (const email of emails) {
    world.clock.advance(3_700_000)
    assert.equal(await world.accounts.signIn(call, { email, password: 'not the password', client: email }), undefined)
  }
  const compared = verify.mock.calls.map(({ arguments: [, , phc] }) => costOf(phc))
  verify.mock.restore()
  assert.equal(compared.length, emails.length, 'each address costs one hash')
  return compared
}

for (const [way, before, after] of [
  ['more', FIRST, DEARER],
  ['less', DEARER, FIRST],
] as const) {
  test(`requirement 69: a hash that was made when the cost was another is one of today after a sign-in, where ${way} is set now`, async (t) => {
    const house = await houseOf(t)
    const person = await (await house.open(before)).person()
    const world = await house.open(after)
    const { accountId, email, password } = person
    const old = await hashOf(world, accountId)
    assert.equal(costOf(old), mark(before))
    assert.equal(await world.accounts.signIn(call, { email, password: 'not the password', client: 'c' }), undefined)
    assert.equal(await hashOf(world, accountId), old, 'a wrong password renews nothing')
    const signedIn = await world.accounts.signIn(call, { email, password, client: 'c' })
    const renewed = await hashOf(world, accountId)
    assert.equal(costOf(renewed), mark(after))
    assert.equal((await world.accounts.find(call, accountId))?.credential, signedIn?.credential, 'the sign-in counts')
    assert.ok(await world.accounts.signIn(call, { email, password, client: 'c' }))
    assert.equal(await hashOf(world, accountId), renewed, 'once is enough')
  })
}

test('requirement 69: while there are hashes of two costs, addresses that nobody has are compared with both', async (t) => {
  const house = await houseOf(t)
  const first = await house.open(FIRST)
  const { email } = await first.person()
  const few = ADDRESSES.slice(0, 20)
  assert.deepEqual(new Set(await comparedWith(t, first, few)), new Set([mark(FIRST)]), 'nobody has any other')
  const second = await house.open(DEARER)
  const unknown = await comparedWith(t, second, few)
  assert.deepEqual(new Set(unknown), new Set([mark(FIRST), mark(DEARER)]))
  assert.deepEqual(await comparedWith(t, second, [email]), [mark(FIRST)])
  assert.deepEqual(await comparedWith(t, second, few), unknown, 'always the same for one address')
  const { decoyFor } = second.running.shared.passwords
  const share = ADDRESSES.filter((address) => costOf(decoyFor(address)) === mark(FIRST)).length / ADDRESSES.length
  assert.ok(share > 0.3 && share < 0.7, `${share} of them with the one of before`)
})

test('requirement 69: when the cost is changed, and changed back, no address moves but to the new one', async (t) => {
  const house = await houseOf(t)
  const inUse = async (cost: HashCost): Promise<string[]> => {
    const { passwords } = (await house.open(cost)).running.shared
    return ADDRESSES.map((address) => costOf(passwords.decoyFor(address)))
  }
  await inUse(FIRST)
  const two = await inUse(DEARER)
  assert.deepEqual(await inUse(FIRST), two, 'whoever moves where an account stays is known for nobody')
  const third: HashCost = { memoryKiB: 64, passes: 3 }
  const three = await inUse(third)
  for (const [index, one] of three.entries()) assert.ok(one === two[index] || one === mark(third), `${ADDRESSES[index]} moved`)
  assert.deepEqual(new Set(three), new Set([FIRST, DEARER, third].map(mark)))
  assert.deepEqual(await inUse(FIRST), three)
})

test('the cost that is set is kept before anybody can have a hash of it, once', async (t) => {
  const house = await houseOf(t)
  assert.deepEqual(await shapesOf(await house.open(FIRST)), [shape(FIRST)])
  const again = await house.open(FIRST)
  assert.deepEqual(await shapesOf(again), [shape(FIRST)])
  const kept = await again.database.collection(hashShapesCollection).get(call, shape(FIRST))
  assert.equal(costOf(kept?.value.decoy), mark(FIRST))
  const { decoyFor } = again.running.shared.passwords
  assert.equal(new Set(ADDRESSES.map(decoyFor)).size, 1, 'the cost that is set has one share, not two')
})

test('hashes of a version that kept no cost are found when another one is set', async (t) => {
  const house = await houseOf(t)
  const first = await house.open(FIRST)
  await first.person()
  await first.database.collection(hashShapesCollection).delete(call, shape(FIRST))
  const second = await house.open(DEARER)
  assert.deepEqual((await shapesOf(second)).toSorted(), [shape(DEARER), shape(FIRST)].toSorted())
  assert.equal(new Set(ADDRESSES.map((address) => costOf(second.running.shared.passwords.decoyFor(address)))).size, 2)
  const kept = await second.database.collection(hashShapesCollection).get(call, shape(FIRST))
  assert.equal(costOf(kept?.value.decoy), mark(FIRST))
  for (const { value } of (await second.database.collection(accountsCollection).list(call, { index: 'email', limit: 10 })).items)
    assert.notEqual(value.password, kept?.value.decoy, 'no hash of a person is kept beside the account')
})

test('requirement 69: of two sign-ins that renew a hash at once both count', async (t) => {
  const house = await houseOf(t)
  const { accountId, email, password } = await (await house.open(FIRST)).person()
  const world = await house.open(DEARER)
  const { passwords } = world.running.shared
  const { hash } = passwords
  let others: ReturnType<typeof world.accounts.signIn> | undefined
  t.mock.method(passwords, 'hash', async (...given: Parameters<typeof hash>) => {
    if (others === undefined) await (others = world.accounts.signIn(call, { email, password, client: 'c' }))
    return hash(...given)
  })
  const first = await world.accounts.signIn(call, { email, password, client: 'c' })
  const current = (await world.accounts.find(call, accountId))?.credential
  assert.deepEqual([first?.credential, (await others)?.credential], [current, current])
})

test('another hash of the same password ends nothing: not what browsers are known by, nor what was proved halfway; another password ends both', async (t) => {
  const house = await houseOf(t)
  const { accountId, email, password } = await (await house.open(FIRST)).person()
  const third: HashCost = { memoryKiB: 64, passes: 3 }
  let credential: string | undefined
  let known: string | undefined
  for (const [index, cost] of [DEARER, third, FIRST].entries()) {
    const world = await house.open(cost)
    const { accounts, shared } = world.running
    const before = await hashOf(world, accountId)
    credential ??= (await accounts.find(call, accountId))?.credential
    known ??= await world.deviceOf(accountId)
    const signedIn = await accounts.signIn(call, { email, password, client: 'c' })
    assert.notEqual(await hashOf(world, accountId), before)
    assert.equal((await accounts.find(call, accountId))?.credential, credential)
    assert.equal(signedIn?.credential, credential)
    assert.ok(await shared.devices.recognise(call, email, known), 'the other browser')
    if (index === 0) continue
    // A way in is taken away, between two times.
    const { value } = (await world.database.collection(accountsCollection).get(call, accountId)) ?? assert.fail()
    await world.database.collection(accountsCollection).update(call, accountId, { set: { waysVersion: (value.waysVersion ?? 0) + 1 } })
    assert.equal(await shared.devices.recognise(call, email, known), undefined)
    assert.notEqual((await accounts.find(call, accountId))?.credential, credential)
    credential = undefined
    known = undefined
  }
  const world = await house.open(DEARER)
  const { accounts, shared } = world.running
  await accounts.signIn(call, { email, password, client: 'c' })
  const kept = await world.deviceOf(accountId)
  assert.ok(await accounts.changePassword(call, { accountId, sessionId: 's', current: password, next: 'four quiet river stones' }))
  assert.equal(await shared.devices.recognise(call, email, kept), undefined)
})

test('while an account is taken back from somebody its hash stays, and the sign-in counts afterwards', async (t) => {
  const house = await houseOf(t)
  const { accountId, email, password } = await (await house.open(FIRST)).person()
  const world = await house.open(DEARER)
  const before = await hashOf(world, accountId)
  const accounts = world.database.collection(accountsCollection)
  await accounts.update(call, accountId, { set: { reclaimedSince: 1 } })
  const signedIn = await world.accounts.signIn(call, { email, password, client: 'c' })
  assert.equal(await hashOf(world, accountId), before)
  await accounts.update(call, accountId, { set: { reclaimedSince: undefined, waysVersion: 1 } })
  assert.equal((await world.accounts.find(call, accountId))?.credential, signedIn?.credential)
})

test('a password that is changed while its hash is renewed stays changed', async (t) => {
  const house = await houseOf(t)
  const { accountId, email, password } = await (await house.open(FIRST)).person()
  const world = await house.open(DEARER)
  const { passwords, repository } = world.running.shared
  const before = await hashOf(world, accountId)
  const chosen = await passwords.hash(call, 'another one, chosen meanwhile')
  const { hash } = passwords
  t.mock.method(passwords, 'hash', async (...given: Parameters<typeof hash>) => {
    const made = await hash(...given)
    assert.ok(await repository.updatePassword(call, accountId, { before, after: chosen }))
    return made
  })
  await world.accounts.signIn(call, { email, password, client: 'c' })
  assert.equal(await hashOf(world, accountId), chosen)
})
