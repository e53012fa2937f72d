// Hashes that nobody can compute: they moved in when nobody looked closely. No password fits them, so they answer like a wrong one, and a mail helps their owner.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import { authErrors } from '../../src/auth/errors.ts'
import { NOT_COMPUTABLE } from '../../src/auth/passwords/process.ts'
import { type AccountsWorld, call, openAccounts, tokenIn } from '../support/accounts.ts'
import { SIGN_IN } from '../support/arriving.ts'

let world: AccountsWorld

before(async () => {
  world = await openAccounts()
})

after(() => world.stop())

const SALT = 'AAAAAAAAAAAAAAAAAAAAAA'
const RESULT = 'A'.repeat(43)
const BROKEN: Readonly<Record<string, string>> = {
  'too little memory for its lanes': `$argon2id$v=19$m=8,t=1,p=16$${SALT}$${RESULT}`,
  'a cost that its block size does not allow': `$scrypt$ln=16,r=1,p=1$${SALT}$${RESULT}`,
  'an unknown form': '$2x$10$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
}

let counter = 0

/** Somebody whose stored hash is this. */
async function personWith(password: string): Promise<{ readonly accountId: string; readonly email: string }> {
  const { accountId, email } = await world.person({ email: `moved-${(counter += 1)}@example.org` })
  assert.ok(await world.database.collection(accountsCollection).update(call, accountId, { set: { password } }))
  return { accountId, email }
}

const typed = async (email: string, password: string) => {
  world.engine.current = SIGN_IN
  const { status, text } = await world.visit({ path: '/interaction/u1/sign-in', client: email, form: { email, password } })
  return { status, text: text.replaceAll(email, 'somebody') }
}
const toldOf = (accountId: string): string[] =>
  world.log.filter((line) => line.includes('auth.hash_not_computable') && line.includes(accountId))

for (const [what, hash] of Object.entries(BROKEN)) {
  test(`requirement 69: a hash with ${what} answers as a wrong password does, and its owner comes in by a mail`, async () => {
    const { accountId, email } = await personWith(hash)
    const owner = await typed(email, 'as it was there')
    assert.deepEqual(owner, await typed(`nobody-${counter}@example.org`, 'as it was there'))
    assert.notEqual(owner.status, 503)
    assert.equal(await world.accounts.signIn(call, { email, password: 'another guess', client: 'c' }), undefined)
    const told = toldOf(accountId)
    assert.equal(told.length, 1, 'the operator hears of it once')
    assert.ok(!told[0]?.includes(hash), 'and not of the hash')
    await world.visit({ path: '/forgot-password', client: email, form: { email } })
    const token = tokenIn(await world.mailTo(email, 'reset-password'))
    assert.equal((await world.visit({ path: '/reset-password', form: { token, password: 'a brand new passphrase' } })).status, 303)
    assert.ok(await world.accounts.signIn(call, { email, password: 'a brand new passphrase', client: 'c' }))
  })
}

test('a hash that could be computed, and was not, is no wrong password', async (t) => {
  const { accountId, email, password } = await world.person({ email: `busy-${(counter += 1)}@example.org` })
  const before = toldOf(accountId).length
  for (const error of [authErrors.busy(), authErrors.unavailable(), authErrors.unavailable({ cause: NOT_COMPUTABLE })]) {
    const verify = t.mock.method(world.running.shared.passwords, 'verify', () => Promise.reject(error))
    await assert.rejects(world.accounts.signIn(call, { email, password, client: 'c' }), error)
    verify.mock.restore()
  }
  assert.ok(await world.accounts.signIn(call, { email, password, client: 'c' }))
  assert.equal(toldOf(accountId).length, before)
})
