// Nobody can tell by the clock whether an address has an account. Hashes of a tenth of the usual cost make this test stricter, not weaker: a real one
// takes longer and varies more, and would hide what the rest of the work gives away. NINEFOLD_TEST_REAL_HASHES=1 runs it with the real parameters.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import { type AccountsWorld, call, openAccounts } from '../support/accounts.ts'
import { SIGN_IN } from '../support/arriving.ts'
import { assertAlike, interleaved } from '../support/rank.ts'

const real = process.env['NINEFOLD_TEST_REAL_HASHES'] === '1'
// With 1000 pairs the figure strays from 0.5 by 0.013 (one standard deviation) when there is no difference at all.
const PAIRS = real ? 500 : 1000
const KNOWN = 20
const MOST = 0.55

let world: AccountsWorld
const known: string[] = []

before(async () => {
  world = await openAccounts({ definition: { methods: { emailCode: true } }, passwords: real ? {} : { memoryKiB: 4096, passes: 1 } })
  const accounts = world.database.collection(accountsCollection)
  for (let index = 0; index < KNOWN; index += 1) {
    const { email, accountId } = await world.person({ email: `known-${index}@example.org` })
    known.push(email)
    // Every other one has no password: that must not be told by the clock either.
    if (index % 2 === 1) await accounts.update(call, accountId, { set: { password: undefined } })
  }
})

after(() => world.stop())

const knownAddress = (round: number): string => known[round % KNOWN] ?? ''
const unknownAddress = (round: number): string => `other-${round % KNOWN}@example.org`

/** Fresh limits for each try: what is measured is the work, not the waiting that both get alike. */
function later(): void {
  world.clock.advance(3_700_000)
}

let visitors = 0

/** Each asks with a name of its own: the first of two with one name would pay for the counts that are made for it. */
async function compare(t: { diagnostic(words: string): void }, ask: (email: string, visitor: string) => Promise<unknown>): Promise<void> {
  const run = (address: (round: number) => string) => async (round: number) => {
    visitors += 1
    return ask(address(round), `v${100_000 + visitors}`)
  }
  const runs = { left: run(knownAddress), right: run(unknownAddress) }
  await interleaved(100, runs)
  await assertAlike(t, MOST, () => interleaved(PAIRS, runs))
}

test('requirement 69: a refused sign-in takes as long for a known address as for an unknown one', async (t) => {
  await compare(t, async (email, visitor) => {
    later()
    assert.equal(await world.accounts.signIn(call, { email, password: 'not the password', client: visitor }), undefined)
  })
})

test('requirement 69: a sign-up takes as long for a known address as for an unknown one', async (t) => {
  await compare(t, async (email, visitor) => {
    later()
    await world.accounts.signUp(call, { name: 'Grace', email, password: 'a long enough one', client: visitor })
  })
})

test('the pages answer in the same time too', async (t) => {
  world.engine.current = SIGN_IN
  await compare(t, async (email, visitor) => {
    later()
    const answer = await world.visit({
      path: '/interaction/u1/sign-in',
      form: { email, password: 'not the password' },
      client: visitor,
    })
    assert.equal(answer.status, 422)
  })
})

// Through the pages, as whoever asks measures it: of the service alone, the greeting by name that a known person's mail has could be told, a microsecond or two.
test('asking for a new password takes as long for a known address as for an unknown one', async (t) => {
  await compare(t, async (email, visitor) => {
    later()
    const answer = await world.visit({ path: '/forgot-password', form: { email }, client: visitor })
    assert.equal(answer.status, 303)
  })
})

test('asking to sign in by mail takes as long for a known address as for an unknown one', async (t) => {
  await compare(t, async (email, visitor) => {
    later()
    const answer = await world.visit({ path: '/interaction/u1/email', form: { email }, client: visitor })
    assert.equal(answer.status, 303)
  })
})
