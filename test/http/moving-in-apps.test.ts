// Whoever had an authenticator app in the other system goes on with it here: two steps there are two steps here.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { generate } from 'otplib'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import type { PersonRow, RowOutcome } from '../../src/auth/moving/contract.ts'
import { converters } from '../../src/auth/moving/converters.ts'
import { passkeysCollection } from '../../src/auth/passkeys/repository.ts'
import { codesCollection, LOST, totpCollection } from '../../src/auth/second-factors/repository.ts'
import { type AccountsWorld, call, openAccounts, tokenIn } from '../support/accounts.ts'

let world: AccountsWorld
before(async () => {
  world = await openAccounts({ definition: { methods: { magicLink: true } } })
})
after(() => world.stop())

// What Keycloak shows as a QR code for the secret `abcdefghijklmnopqrst`.
const KEY = 'MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U'
const HASH = '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'
const by = { client: 'client-1', device: 'Firefox on Linux' }

const moveIn = async (row: object, dryRun = false): Promise<RowOutcome> =>
  (await world.running.moving.moveIn(call, [row], { from: 'keycloak', dryRun }))[0] ?? assert.fail('no outcome')
const made = async (row: PersonRow): Promise<string> => {
  const outcome = await moveIn(row)
  return outcome.outcome === 'made' ? outcome.accountId : assert.fail(JSON.stringify(outcome))
}
const code = (): Promise<string> => generate({ secret: KEY, epoch: Math.floor(world.clock.now() / 1000) })
const proves = async (accountId: string): Promise<boolean> =>
  world.running.secondFactors.proveTotp(call, { accountId, code: await code(), client: `client of ${accountId}`, by })
const hasApp = (accountId: string): Promise<boolean> => world.running.secondFactors.hasTotp(call, accountId)

test('the app of Keycloak goes on counting, each code once, and is asked for at the sign-in', async () => {
  const credentials = [
    {
      type: 'otp',
      secretData: '{"value":"abcdefghijklmnopqrst"}',
      credentialData: '{"subType":"totp","digits":6,"period":30,"counter":0,"algorithm":"HmacSHA1"}',
    },
  ]
  const user = { username: 'ada@example.org', email: 'ada@example.org', emailVerified: true, credentials }
  const converted = converters.keycloak(user, { issuers: {} })
  assert.ok(typeof converted === 'object')
  assert.deepEqual(converted.left, [])
  const accountId = await made({ ...converted.row, email: 'ada@example.org', passwordHash: HASH })
  const next = await world.running.rules.nextStep(call, { accountId, proofs: ['password'], wanted: 1 })
  assert.deepEqual([next?.kind, next !== undefined && 'totp' in next && next.totp], ['prove', true])
  assert.equal(await proves(accountId), true)
  assert.equal(await proves(accountId), false)
  const stored = (await world.database.collection(totpCollection).get(call, accountId))?.value
  assert.doesNotMatch(JSON.stringify(stored), new RegExp(KEY), 'sealed')
})

test('the app comes by a later file, once, and not to whoever has done without it here', async () => {
  const row = { email: 'later@example.org', emailVerified: true, passwordHash: HASH }
  const accountId = await made(row)
  assert.equal(await hasApp(accountId), false)
  assert.equal((await moveIn({ ...row, totpKey: KEY }, true)).outcome, 'completed')
  assert.equal(await hasApp(accountId), false, 'a dry run writes nothing')
  const outcomes = await Promise.all(Array.from({ length: 4 }, () => moveIn({ ...row, totpKey: KEY })))
  assert.deepEqual(outcomes.map(({ outcome }) => outcome).toSorted(), ['completed', 'present', 'present', 'present'])
  assert.equal(await proves(accountId), true)
  assert.equal(await world.running.secondFactors.disable(call, { accountId, by }), true)
  const again = await moveIn({ ...row, totpKey: KEY })
  assert.equal(again.outcome, 'present')
  assert.match('left' in again ? (again.left ?? '') : '', /the authenticator app was not taken: ways to sign in were taken away/)
  assert.equal(await hasApp(accountId), false)
})

test('where nobody has confirmed the address, the app goes with the first proof of the mailbox, as all that came along', async () => {
  const accountId = await made({ email: 'unsure@example.org', totpKey: KEY, passwordHash: HASH })
  assert.equal(await hasApp(accountId), true)
  await world.byMail.recovery.ask(call, { email: 'unsure@example.org', client: 'c' })
  const token = tokenIn(await world.mailTo('unsure@example.org', 'reset-password'))
  assert.ok(await world.byMail.recovery.reset(call, { token, password: 'nine folded squares', by }))
  assert.equal(await hasApp(accountId), false)
})

test('what is no key keeps the row out, and says so', async () => {
  for (const totpKey of ['', 'short', KEY.slice(0, 20), KEY.toLowerCase(), `${KEY}1`, 'A'.repeat(27), 'A'.repeat(120)]) {
    const outcome = await moveIn({ email: 'odd@example.org', totpKey })
    assert.equal(outcome.outcome, 'refused', totpKey)
    assert.match('reason' in outcome ? outcome.reason : '', /^totpKey: this is no key/)
    assert.doesNotMatch(JSON.stringify(outcome), /MFRGG/)
  }
  assert.equal(await world.database.collection(accountsCollection).getByKey(call, 'email', { email: 'odd@example.org' }), undefined)
})

/** As `users export` writes it and `users import` reads it. */
async function movedOut(email: string, withPasswords = true): Promise<PersonRow> {
  const { items } = await world.running.moving.moveOut(call, { withPasswords })
  return items.find((row) => row.email === email) ?? assert.fail(`${email} is not among them`)
}
async function through(there: AccountsWorld, row: PersonRow, dryRun = false): Promise<RowOutcome> {
  const converted = converters.ninefold(JSON.parse(JSON.stringify(row)), { issuers: {} })
  assert.ok(typeof converted === 'object')
  assert.deepEqual(converted.left, [])
  return (await there.running.moving.moveIn(call, [converted.row], { from: 'ninefold', dryRun }))[0] ?? assert.fail('no outcome')
}

test('from one platform to another the app goes along, and the sign-in there asks for its code', async (t) => {
  const there = await openAccounts()
  t.after(() => there.stop())
  const { accountId, email, password } = await world.person({ email: 'both@example.org' })
  const { secondFactors } = world.running
  const enrolment = await secondFactors.enrolment(call, { accountId, browser: 'b' })
  const codeOf = (own: AccountsWorld) => generate({ secret: enrolment.key, epoch: Math.floor(own.clock.now() / 1000) })
  const { credential } = (await world.accounts.find(call, accountId)) ?? assert.fail()
  const typed = { sealed: enrolment.sealed, code: await codeOf(world) }
  assert.ok(typeof (await secondFactors.enable(call, { accountId, browser: 'b', credential, by }, typed)) === 'object')
  const passkey = { credentialId: 'k', publicKey: 'k', counter: 0, transports: [], name: 'Key', aaguid: '' }
  await world.database
    .collection(passkeysCollection)
    .insert(call, { ...passkey, id: `key of ${accountId}`, accountId, backupEligible: false, backedUp: false, createdAt: 1 })

  const row = await movedOut(email)
  assert.equal(row.totpKey, enrolment.key)
  assert.deepEqual(row.staysBehind, ['recovery-codes', 'passkeys'])
  const left =
    'the second step of there (recovery codes) did not come along; one authenticator app did; the passkeys of there did not come along: their owner adds one anew'
  assert.deepEqual(await through(there, row, true), { outcome: 'made', accountId, left })
  assert.deepEqual(await through(there, row), { outcome: 'made', accountId, left })
  assert.deepEqual(await through(there, row), { outcome: 'present', accountId, left })
  assert.ok(await there.accounts.signIn(call, { email, password, client: 'c' }))
  const next = await there.running.rules.nextStep(call, { accountId, proofs: ['password'], wanted: 1 })
  assert.deepEqual([next?.kind, next !== undefined && 'totp' in next && next.totp], ['prove', true])
  assert.equal(await there.running.secondFactors.proveTotp(call, { accountId, code: await codeOf(there), client: 'c', by }), true)
})

test('an app that is not in the row is named in it, and the report of the import says that there is one step less', async (t) => {
  const there = await openAccounts()
  t.after(() => there.stop())
  const email = 'bare@example.org'
  const accountId = await made({ email, emailVerified: true, passwordHash: HASH, totpKey: KEY })
  const whole = await movedOut(email)
  assert.deepEqual([whole.totpKey, whole.staysBehind], [KEY, undefined])
  const bare = await movedOut(email, false)
  assert.doesNotMatch(JSON.stringify(bare), new RegExp(KEY))
  const left = 'the second step of there (authenticator app) did not come along: there is none here until its owner sets one up anew'
  assert.deepEqual(await through(there, bare), { outcome: 'made', accountId, left })
  await world.database.collection(totpCollection).update(call, accountId, { set: { key: LOST } })
  assert.deepEqual((await movedOut(email)).staysBehind, ['authenticator-app'], 'what it shares with us went with the master key')
  await world.database.collection(codesCollection).insert(call, { id: accountId, unused: [], createdAt: 1 })
  assert.deepEqual((await movedOut(email)).staysBehind, ['authenticator-app'], 'all codes are used')
})
