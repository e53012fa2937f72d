// The first proof of a mailbox by signing in: with a mailed code or link, or by the password of another system. Whoever had the account before is out of it.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import { type Account, credentialOf } from '../../src/auth/accounts/schemas.ts'
import { passkeysCollection } from '../../src/auth/passkeys/repository.ts'
import type { Passkey } from '../../src/auth/passkeys/schemas.ts'
import { codesCollection, totpCollection } from '../../src/auth/second-factors/repository.ts'
import { identitiesCollection, identityId } from '../../src/auth/upstream/repository.ts'
import { type AccountsWorld, call, openAccounts, tokenIn, type Visited, WENT_ON } from '../support/accounts.ts'
import { SIGN_IN } from '../support/arriving.ts'
import { until } from '../support/until.ts'

const PASSWORD = 'as it was there'
const cookies = { '__Host-Http-here': 'x'.repeat(43) }

let world: AccountsWorld
let count = 0
before(async () => {
  world = await openAccounts({
    definition: {
      methods: { emailCode: true, magicLink: true },
      legacySignIn: async (_context, typed) => (typed.password === PASSWORD ? { emailVerified: true } : undefined),
    },
  })
})
after(() => world.stop())

/** Has moved in without having confirmed the address; `of the file` has come along, and somebody is in by that who has added what keeps others out. */
async function taken(row: Record<string, unknown> = {}): Promise<Account> {
  const email = `taken-${(count += 1)}@example.org`
  const identities = [{ issuer: 'https://up.example', subject: `of the file ${count}`, label: 'of the file' }]
  const [made] = await world.running.moving.moveIn(call, [{ email, name: 'Ada', identities, ...row }], { from: 'elsewhere' })
  const accountId = made !== undefined && 'accountId' in made ? made.accountId : assert.fail(JSON.stringify(made))
  world.clock.advance(60_000)
  await add(accountId, 'of somebody')
  const now = world.clock.now()
  await world.database.collection(totpCollection).insert(call, { id: accountId, key: 'sealed', lastStep: 1, createdAt: now })
  await world.database.collection(codesCollection).insert(call, { id: accountId, unused: ['hash'], createdAt: now })
  return stored(accountId)
}

async function add(accountId: string, label: string): Promise<void> {
  const key = { issuer: 'https://up.example', subject: `${label} ${accountId}` }
  const identity = { id: identityId(key), accountId, ...key, label, linkedAt: world.clock.now() }
  await world.database.collection(identitiesCollection).insert(call, identity)
}

const stored = async (accountId: string): Promise<Account> =>
  (await world.database.collection(accountsCollection).get(call, accountId))?.value ?? assert.fail()

const passkeyOf = (accountId: string, createdAt: number): Passkey => ({
  id: `key of ${accountId}`,
  accountId,
  credentialId: 'key',
  publicKey: 'key',
  counter: 0,
  transports: [],
  name: 'Key',
  backupEligible: false,
  backedUp: false,
  aaguid: '',
  createdAt,
})

async function waysOf(accountId: string): Promise<(string | undefined)[]> {
  const { unusedCodes, totpSince } = await world.running.secondFactors.state(call, accountId)
  const identities = (
    await world.database.collection(identitiesCollection).list(call, { index: 'account', where: { accountId }, limit: 9 })
  ).items
  return [
    ...identities.map(({ value }) => value.label),
    ...(totpSince === undefined ? [] : ['app']),
    ...(unusedCodes === 0 ? [] : ['codes']),
  ]
}

async function visit(uid: string, path: string, form?: Record<string, string>): Promise<Visited> {
  world.engine.current = { ...SIGN_IN, uid }
  return world.visit({ path: `/interaction/${uid}${path}`, cookies, client: uid, ...(form === undefined ? {} : { form }) })
}

async function asked(uid: string, email: string): Promise<{ readonly code: string; readonly token: string }> {
  await visit(uid, '/email', { email })
  const sent = await world.mailTo(email, 'sign-in-code-or-link')
  return { code: sent.data['code'] ?? '', token: tokenIn(sent) }
}

const isIn = ({ headers }: Visited): boolean => headers?.['location'] === WENT_ON
const toldOf = async (accountId: string): Promise<string[]> =>
  (await world.securityEvents.list(call, accountId, { limit: 20 })).items.map(({ type }) => type)

async function assertIsTheirs({ id, createdAt }: Account, ways: readonly string[]): Promise<void> {
  const account = await stored(id)
  assert.ok((account.emailVerifiedAt ?? 0) > createdAt, 'the address is confirmed')
  assert.deepEqual(await waysOf(id), ways)
  assert.deepEqual([account.reclaimedSince, account.awaitsLegacyPassword], [undefined, undefined])
  assert.equal(account.waysVersion, 2)
  const [ended, in_] = [`revokeAccount ${id} except none`, `finishSignIn ${id}`].map((words) =>
    world.engine.asked.findIndex((one) => one.startsWith(words)),
  )
  assert.ok(ended !== undefined && in_ !== undefined && ended >= 0 && ended < in_, 'all access ends before its owner is in')
  const before = world.engine.asked.length
  await world.endAccess({ accountId: id, until: world.clock.now(), ifLeft: true })
  assert.deepEqual(world.engine.asked.slice(before), [], 'and the job of the write, which comes later, ends nothing')
  await until('the event', async () => (await toldOf(id)).includes('account.ways_removed'))
}

for (const way of ['code', 'link'] as const)
  test(`requirement 69: a mailed ${way} confirms an address that nobody had confirmed, and nothing that was there before stays`, async () => {
    const { hash } = world.running.shared.passwords
    const account = await taken({ passwordHash: await hash(call, PASSWORD) })
    const uid = `first-${way}`
    const { code, token } = await asked(uid, account.email)
    const began = performance.now()
    assert.ok(isIn(await visit(uid, `/email/${way}`, way === 'code' ? { code } : { token })))
    const restOfSecond = 1000 - (world.clock.now() % 1000)
    assert.ok(performance.now() - began > restOfSecond - 5, 'tokens of this second have ended, so its owner gets those of the next')
    await assertIsTheirs(account, [])
    assert.equal((await stored(account.id)).password, undefined, 'whoever made the account knows the password')
    assert.equal(isIn(await visit(uid, '/sign-in', { email: account.email, password: PASSWORD })), false)
    assert.equal(isIn(await visit(uid, `/email/${way}`, way === 'code' ? { code } : { token })), false, 'it is good once')
  })

test('of many at once with the code that proves the address first, one gets in, by what the account has afterwards', async () => {
  const account = await taken()
  const { signIns, reclaiming } = world.byMail
  const place = { browser: 'a browser', interaction: 'many at once' }
  await signIns.ask(call, { ...place, email: account.email, client: 'many at once' })
  const { data } = await world.mailTo(account.email, 'sign-in-code-or-link')
  const tries = Array.from({ length: 4 }, () => signIns.redeemCode(call, { ...place, typed: data['code'] ?? '', client: 'many at once' }))
  const [signedIn, ...others] = (await Promise.all(tries)).filter((one) => typeof one === 'object')
  assert.ok(signedIn?.endsOthers === true && others.length === 0)
  assert.equal((await stored(account.id)).reclaimedSince, 0)
  await reclaiming.finish(call, account.id)
  assert.equal(signedIn.credential, credentialOf(await stored(account.id)))
})

test('when the process dies after the proof, the job ends what others have opened, and takes what they add meanwhile', async () => {
  const account = await taken()
  const place = { browser: 'a browser', interaction: 'dies' }
  await world.byMail.signIns.ask(call, { ...place, email: account.email, client: 'dies' })
  const { data } = await world.mailTo(account.email, 'sign-in-code-or-link')
  await world.byMail.signIns.redeemCode(call, { ...place, typed: data['code'] ?? '', client: 'dies' })
  world.clock.advance(5)
  await add(account.id, 'at the last moment')
  const before = world.engine.asked.length
  await world.endAccess({ accountId: account.id, until: world.clock.now(), ifLeft: true })
  assert.deepEqual(world.engine.asked.slice(before), [`revokeAccount ${account.id} except none`])
  assert.deepEqual(await waysOf(account.id), [])
  assert.equal((await stored(account.id)).reclaimedSince, undefined)
})

test('a mailed code leaves everything to whoever had confirmed the address, and a block where it is', async () => {
  const account = await taken({ emailVerified: true })
  const { code } = await asked('confirmed', account.email)
  assert.ok(isIn(await visit('confirmed', '/email/code', { code })))
  assert.equal((await waysOf(account.id)).length, 4)
  assert.equal(world.engine.asked.includes(`revokeAccount ${account.id} except none`), false)
  const blocked = await taken()
  const early = await asked('blocked', blocked.email)
  await world.leaving.suspend(call, blocked.email, true)
  assert.equal(isIn(await visit('blocked', '/email/code', { code: early.code })), false)
  assert.equal((await stored(blocked.id)).emailVerifiedAt, undefined)
})

test('requirement 69: the password of another system, which knows the address for theirs, takes what was added here; what the file brought stays', async () => {
  const account = await taken({ legacyPassword: true })
  assert.equal(isIn(await visit('legacy', '/sign-in', { email: account.email, password: 'a guess' })), false)
  assert.deepEqual(await waysOf(account.id), ['of the file', 'of somebody', 'app', 'codes'])
  assert.ok(isIn(await visit('legacy', '/sign-in', { email: account.email, password: PASSWORD })))
  await assertIsTheirs(account, ['of the file'])
  const signedIn = await world.accounts.signIn(call, { email: account.email, password: PASSWORD, client: 'again' })
  assert.deepEqual(signedIn, { accountId: account.id, credential: credentialOf(await stored(account.id)) })
})

test('the password of another system takes nothing where the address was confirmed there when the file was written', async () => {
  const account = await taken({ legacyPassword: true, emailVerified: true })
  assert.ok(isIn(await visit('legacy-confirmed', '/sign-in', { email: account.email, password: PASSWORD })))
  assert.equal((await waysOf(account.id)).length, 4)
  assert.equal(world.engine.asked.includes(`revokeAccount ${account.id} except none`), false)
})

const session = (accountId: string): void => {
  const now = world.clock.now()
  world.engine.sessionList.splice(0)
  world.engine.sessionList.push({ id: 'here', accountId, signedInAt: now, lastUsedAt: now, device: 'Firefox on Linux' })
  world.engine.signedInAs = accountId
}

test('whoever is in by an imported identity is offered nothing that opens nothing, and told what comes first', async () => {
  const account = await taken()
  session(account.id)
  const { text } = await world.visit({ path: '/account' })
  const [passwordSection = '', passkeySection = ''] = ['password', 'passkeys'].map(
    (id) => new RegExp(`<section class="sheet" id="${id}".*?</section>`, 's').exec(text)?.[0] ?? '',
  )
  for (const section of [passwordSection, passkeySection]) {
    assert.match(section, /Nobody has confirmed the address/)
    assert.match(section, /href="\/forgot-password"/)
    assert.doesNotMatch(section, /<form|passkeys\/add/)
  }
  const chosen = await world.visit({ path: '/account/password', form: { current: '', password: 'a brand new passphrase' } })
  assert.match(chosen.text, /Please confirm your address by mail first/)
  assert.doesNotMatch(chosen.text, /marked field/)
  const choice = { accountId: account.id, sessionId: 'here', next: 'a brand new passphrase', credential: credentialOf(account) }
  await assert.rejects(world.accounts.choosePassword(call, choice), { code: 'auth.bad_details' })
  assert.equal(chosen.status, 422)
  assert.equal((await stored(account.id)).password, undefined)
  assert.equal((await world.visit({ path: '/account/passkeys/add' })).headers?.['location'], '/account#passkeys')
  const added = world.running.passkeys.add(
    call,
    { ...account, accountId: account.id, credential: credentialOf(account) },
    { place: { browser: 'b', purpose: 'p' } as never, answer: '{}', name: 'Key', client: 'c', by: { client: 'c', device: 'd' } },
  )
  await assert.rejects(added, { code: 'auth.bad_details' })
  session((await taken({ emailVerified: true })).id)
  assert.doesNotMatch((await world.visit({ path: '/account' })).text, /Nobody has confirmed the address/)
})

test('a passkey or a password of an address that nobody has confirmed is no other way in, so the one that works stays', async (t) => {
  const upstreams = [{ kind: 'openid', id: 'up', name: 'Up', issuer: 'https://up.example', clientId: 'us' }] as const
  for (const emailVerified of [false, true]) {
    const own = await openAccounts({ definition: { upstreams }, upstreamSecrets: { up: 's'.repeat(32) } })
    t.after(() => own.stop())
    const row = { email: 'in@example.org', emailVerified, identities: [{ issuer: 'https://up.example', subject: '1' }] }
    const passwordHash = await own.running.shared.passwords.hash(call, PASSWORD)
    const [made] = await own.running.moving.moveIn(call, [{ ...row, passwordHash }], { from: 'x' })
    const accountId = made !== undefined && 'accountId' in made ? made.accountId : assert.fail(JSON.stringify(made))
    const now = own.clock.now()
    await own.database.collection(passkeysCollection).insert(call, passkeyOf(accountId, now))
    own.engine.sessionList.push({ id: 'here', accountId, signedInAt: now, lastUsedAt: now, device: 'Firefox on Linux' })
    own.engine.signedInAs = accountId
    const [identity] = await own.running.upstreams.identities(call, accountId)
    const path = `/account/identities/${identity?.id ?? assert.fail()}/unlink`
    const gone = await own.visit({ path, form: {} })
    assert.equal(gone.headers?.['location'], `/account?done=identity-${emailVerified ? 'unlinked' : 'last'}`)
  }
})

test('a role that asks for two factors offers no passkey that cannot be used, neither to prove nor to add', async (t) => {
  const definition = { roles: { editor: { permissions: [] } }, secondFactor: { roles: ['editor'] } }
  for (const emailVerified of [false, true]) {
    const own = await openAccounts({ definition })
    t.after(() => own.stop())
    const row = { email: 'forced@example.org', emailVerified, roles: ['editor'] }
    const [made] = await own.running.moving.moveIn(call, [row], { from: 'x' })
    const accountId = made !== undefined && 'accountId' in made ? made.accountId : assert.fail(JSON.stringify(made))
    const next = () => own.running.rules.nextStep(call, { accountId, proofs: ['upstream'], wanted: 1 })
    assert.deepEqual(await next(), { kind: 'enrol', totp: true, passkey: emailVerified })
    await own.database.collection(passkeysCollection).insert(call, passkeyOf(accountId, own.clock.now()))
    const prove = { kind: 'prove', totp: false, recovery: false, passkey: true }
    assert.deepEqual(await next(), emailVerified ? prove : { kind: 'enrol', totp: true, passkey: false })
  }
})
