// People move in with the hashes of other systems, sign in with the passwords that they have, and move out again whole.
import assert from 'node:assert/strict'
import { argon2Sync, pbkdf2Sync } from 'node:crypto'
import { after, before, test } from 'node:test'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import type { PersonRow, RowOutcome } from '../../src/auth/moving/contract.ts'
import { hashShapesCollection } from '../../src/auth/moving/repository.ts'
import { SECURITY_EVENT } from '../../src/auth/security-events/security-event.ts'
import { identitiesCollection } from '../../src/auth/upstream/repository.ts'
import { type AccountsWorld, call, openAccounts, tokenIn, WENT_ON } from '../support/accounts.ts'
import { SIGN_IN } from '../support/arriving.ts'
import { until } from '../support/until.ts'
import { CLIENT_ID, startUpstream, type Upstream } from '../support/upstream.ts'
import { locationOf, TravellingBrowser } from '../support/upstream-browser.ts'

let world: AccountsWorld
/** Where some people sign in, before and after they move. */
let club: Upstream
let withClub: Pick<NonNullable<Parameters<typeof openAccounts>[0]>, 'definition' | 'upstreamSecrets'>

before(async () => {
  club = await startUpstream()
  withClub = {
    definition: { upstreams: [{ kind: 'openid', id: 'club', name: 'The Club', issuer: club.issuer, clientId: CLIENT_ID }] },
    upstreamSecrets: { club: club.secret },
  }
  world = await openAccounts(withClub)
})

after(async () => {
  await world.stop()
  await club.stop()
})

const moveIn = (rows: readonly unknown[], dryRun = false): Promise<readonly RowOutcome[]> =>
  world.running.moving.moveIn(call, rows, { from: 'elsewhere', dryRun })
const stored = async (email: string) => (await world.database.collection(accountsCollection).getByKey(call, 'email', { email }))?.value
const signIn = (email: string, password: string) => world.accounts.signIn(call, { email, password, client: `client of ${email}` })
const everybody = async (withPasswords = true, from = world): Promise<PersonRow[]> => {
  const found: PersonRow[] = []
  let after: string | undefined
  do {
    const page = await from.running.moving.moveOut(call, { withPasswords, ...(after === undefined ? {} : { after }) })
    found.push(...page.items)
    after = page.next
  } while (after !== undefined)
  return found
}

const bare = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '')
const salt = Buffer.from('a salt of before')
const PASSWORD = 'as it was there'

/** By OpenSSL, which is not what checks them here. */
function argon2(kind: 'argon2d' | 'argon2i' | 'argon2id'): string {
  const hash = argon2Sync(kind, { message: PASSWORD, nonce: salt, parallelism: 2, tagLength: 32, memory: 256, passes: 3 })
  return `$${kind}$v=19$m=256,t=3,p=2$${bare(salt)}$${bare(hash)}`
}
const pbkdf2 = (digest: string): string => `$pbkdf2-${digest}$i=1000$${bare(salt)}$${bare(pbkdf2Sync(PASSWORD, salt, 1000, 32, digest))}`

/** Every form of docs/moving-in.md. Those with a password of their own are of the documentation of their kind; see foreign.test.ts. */
const HASHES: Readonly<Record<string, readonly [password: string, hash: string]>> = {
  bcrypt: ['U*U', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
  'bcrypt-2b': ['U*U', '$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
  'bcrypt-2y': ['U*U', '$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
  argon2d: [PASSWORD, argon2('argon2d')],
  argon2i: [PASSWORD, argon2('argon2i')],
  argon2id: [PASSWORD, argon2('argon2id')],
  scrypt: [
    'pleaseletmein',
    '$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw',
  ],
  'pbkdf2-sha1': ['password', '$pbkdf2-sha1$i=4096$c2FsdA$SwB5AbdlSJq+rUnZJvch0GWkKcE'],
  'pbkdf2-sha256': [PASSWORD, pbkdf2('sha256')],
  'pbkdf2-sha384': [PASSWORD, pbkdf2('sha384')],
  'pbkdf2-sha512': [PASSWORD, pbkdf2('sha512')],
  firebase: [
    'user1password',
    '$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==',
  ],
}

for (const [kind, [password, passwordHash]] of Object.entries(HASHES)) {
  test(`requirement 69: a hash of another system (${kind}) lets its owner in once, and is one of ours from then on`, async () => {
    const email = `${kind}@example.org`
    const [outcome] = await moveIn([{ email, passwordHash, emailVerified: true }])
    assert.equal(outcome?.outcome, 'made')
    assert.equal(await signIn(email, `${password}!`), undefined)
    assert.equal((await stored(email))?.password, passwordHash, 'a wrong password renews nothing')
    const signedIn = await signIn(email, password)
    assert.ok(signedIn)
    // Of the cost that this world has set.
    assert.match((await stored(email))?.password ?? '', /^\$argon2id\$v=19\$m=64,t=1,p=1\$/)
    assert.equal((await world.accounts.find(call, signedIn.accountId))?.credential, signedIn.credential)
    assert.ok(await signIn(email, password))
    assert.equal(await signIn(email, `${password}!`), undefined)
  })
}

test('rows that are refused say why, and keep no good one out', async () => {
  await moveIn([{ email: 'there@example.org' }])
  const rows = [
    {
      email: 'first@example.org',
      emailVerified: true,
      roles: ['editor'],
      groups: ['staff'],
      createdAt: '2020-01-02T03:04:05Z',
      language: 'de',
    },
    { email: 'no address' },
    { email: 'hash@example.org', passwordHash: '5f4dcc3b5aa765d61d8327deb882cf99' },
    { email: 'role@example.org', roles: ['Not A Role', 'editor'] },
    { email: 'when@example.org', createdAt: 'soon' },
    { email: 'more@example.org', admin: true },
    { name: 'nobody' },
    null,
    { email: 'THERE@example.org', id: 'another-id-of-somebody' },
    { email: 'last@example.org', name: 'L\u202east', language: 'de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7,fr;q=0.6' },
    { email: 'other@example.org', language: ' de_AT ' },
    { email: 'loud@example.org', language: 'PT-br' },
    { email: 'odd@example.org', language: 'de-a' },
    { email: 'csv@example.org', createdAt: '1588000000000' },
    { email: 'many-roles@example.org', roles: Array.from({ length: 20 }, (_, index) => `${'x'.repeat(60)}${index}`) },
  ]
  const outcomes = await moveIn(rows)
  assert.deepEqual(
    outcomes.map(({ outcome }) => outcome).join(),
    'made,refused,refused,made,refused,refused,refused,refused,refused,made,made,made,made,made,made',
  )
  const reasons = outcomes.map((one) => ('reason' in one ? one.reason : one.left)).join('\n')
  for (const word of [
    /no address/,
    /no known form/,
    /"Not A Role" is no name of a role or a group here and was left out/,
    /no moment/,
    /Unknown field/,
    /email/,
    /somebody here has this address/,
  ])
    assert.match(reasons, word)
  assert.doesNotMatch(reasons, /5f4dcc/, 'a hash is not quoted')
  for (const email of ['hash@example.org', 'when@example.org', 'more@example.org']) assert.equal(await stored(email), undefined)
  assert.deepEqual((await stored('role@example.org'))?.roles, ['editor'], 'an odd role leaves nobody behind, and grants nothing')
  const first = await stored('first@example.org')
  assert.equal(first?.createdAt, Date.parse('2020-01-02T03:04:05Z'))
  assert.deepEqual([first.roles, first.groups, first.language], [['editor'], ['staff'], 'de'])
  assert.equal((await stored('csv@example.org'))?.createdAt, 1588000000000, 'CSV has no numbers')
  assert.deepEqual((await stored('many-roles@example.org'))?.roles, undefined, 'of too many, none is chosen')
  assert.equal((await stored('last@example.org'))?.language, undefined, 'what is no language tag neither')
  assert.equal((await stored('other@example.org'))?.language, 'de-AT')
  assert.equal((await stored('loud@example.org'))?.language, 'pt-BR', 'as everybody else writes it')
  assert.equal((await stored('odd@example.org'))?.language, undefined)
  assert.equal((await stored('last@example.org'))?.name, 'last', 'a name that cannot be shown is no reason to leave somebody behind')
})

test('moving in again changes nothing, and one person is made once, however many ask at once', async () => {
  const row = { id: 'an-id-from-elsewhere', email: 'again@example.org', name: 'First', passwordHash: HASHES['bcrypt']?.[1] }
  const short = { id: 'diary', email: 'short@example.org' }
  const [made, shortMade] = await moveIn([row, short])
  assert.deepEqual(made, { outcome: 'made', accountId: row.id }, 'who knows people by their id goes on to')
  assert.ok(
    shortMade !== undefined && 'accountId' in shortMade && shortMade.accountId !== 'diary',
    'requirement 23: no id of a client becomes that of a person',
  )
  const again = await moveIn([{ ...row, name: 'Second' }, short])
  assert.deepEqual(
    again.map(({ outcome }) => outcome),
    ['present', 'present'],
  )
  assert.equal((await stored(row.email))?.name, 'First')
  const many = await Promise.all(Array.from({ length: 10 }, () => moveIn([{ id: 'the-same-id-for-all', email: 'many@example.org' }])))
  const outcomes = many.flat().map(({ outcome }) => outcome)
  assert.equal(outcomes.filter((outcome) => outcome === 'made').length, 1)
  assert.equal(outcomes.filter((outcome) => outcome === 'present').length, 9)
})

test('a dry run says the same and writes nothing', async () => {
  const rows = [
    { email: 'dry@example.org', passwordHash: '$2b$06$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW' },
    { email: 'bad' },
    { email: 'there@example.org', id: 'x' },
  ]
  assert.deepEqual(
    (await moveIn(rows, true)).map(({ outcome }) => outcome),
    ['made', 'refused', 'refused'],
  )
  assert.equal(await stored('dry@example.org'), undefined)
  assert.equal(await world.database.collection(hashShapesCollection).get(call, 'bcrypt,6'), undefined)
})

/** Who is signed in after a visit to the provider. */
async function throughClub(into: AccountsWorld, subject: string): Promise<string | undefined> {
  // Neither the address nor a name leads to anybody: the subject alone does.
  club.claims = { sub: subject, email: 'of-the-club@example.org', email_verified: false }
  into.engine.current = SIGN_IN
  into.engine.signedInAs = undefined
  const { back } = await new TravellingBrowser(into).travelTo('club', club)
  return locationOf(back) === WENT_ON ? into.engine.signedInAs : undefined
}

const identitiesOf = async ({ database }: AccountsWorld, accountId: string) =>
  (await database.collection(identitiesCollection).list(call, { index: 'account', where: { accountId }, limit: 5 })).items
    .map(({ value: { issuer, subject, label } }) => ({ issuer, subject, ...(label === undefined ? {} : { label }) }))
    .toSorted((a, b) => a.subject.localeCompare(b.subject))

test("requirement 71: linked identities come along, open the account from then on, and stay one person's", async () => {
  const identities = [
    { issuer: 'https://accounts.google.com', subject: '42', label: 'ada@gmail.com' },
    { issuer: club.issuer, subject: 'of-the-file' },
  ]
  assert.equal(await throughClub(world, 'of-the-file'), undefined)
  const [made] = await moveIn([{ email: 'linked@example.org', emailVerified: true, identities }])
  assert.ok(made !== undefined && 'accountId' in made)
  for (const identity of identities) {
    const [taken] = await moveIn([{ email: 'thief@example.org', identities: [identity] }])
    assert.match(JSON.stringify(taken), /connected with another account/)
  }
  assert.equal(await stored('thief@example.org'), undefined)
  assert.deepEqual(await identitiesOf(world, made.accountId), identities)
  assert.equal(await throughClub(world, 'of-the-file'), made.accountId)
  assert.equal(await throughClub(world, 'of-nobody'), undefined)
})

test('whoever has not confirmed the address there cannot sign in here, nor can the suspended', async () => {
  const [password, passwordHash] = HASHES['bcrypt'] ?? []
  await moveIn([
    { email: 'unconfirmed@example.org', passwordHash },
    { email: 'suspended@example.org', passwordHash, emailVerified: true, suspended: true },
  ])
  assert.equal(await signIn('unconfirmed@example.org', password ?? ''), undefined)
  assert.equal(await signIn('suspended@example.org', password ?? ''), undefined)
})

test('moving out gives everybody, with all that moving in takes, and is recorded', async () => {
  await moveIn(Array.from({ length: 150 }, (_, index) => ({ email: `crowd-${index}@example.org`, emailVerified: index % 2 === 0 })))
  const told: unknown[] = []
  const untold = world.database.subscribe({
    consumer: 'test-exports',
    topics: [SECURITY_EVENT],
    beginAtEnd: true,
    handle: async (events) => void told.push(...events.map(({ data }) => data)),
  })
  await world.database.subscribed(call)
  const rows = await everybody()
  await until('the export is told', () => told.some((one) => JSON.stringify(one).includes('accounts.exported')))
  untold()
  const emails = rows.map(({ email }) => email)
  assert.equal(new Set(emails).size, emails.length)
  const rowOf = (name: string) => rows.find(({ email }) => email === `${name}@example.org`)
  const { id, createdAt, ...linked } = rowOf('linked') ?? assert.fail('who has linked identities is missing')
  assert.ok(id !== '' && createdAt !== '')
  const identities = [
    { issuer: 'https://accounts.google.com', subject: '42', label: 'ada@gmail.com' },
    { issuer: club.issuer, subject: 'of-the-file' },
  ]
  assert.deepEqual(
    { ...linked, identities: linked.identities?.toSorted((a, b) => a.subject.localeCompare(b.subject)) },
    { email: 'linked@example.org', emailVerified: true, name: 'linked', identities },
  )
  assert.deepEqual(rowOf('first'), {
    id: (await stored('first@example.org'))?.id,
    email: 'first@example.org',
    emailVerified: true,
    name: 'first',
    language: 'de',
    createdAt: '2020-01-02T03:04:05.000Z',
    roles: ['editor'],
    groups: ['staff'],
  })
  assert.equal(rowOf('suspended')?.suspended, true)
  assert.deepEqual([rowOf('unconfirmed')?.emailVerified, rowOf('unconfirmed')?.passwordHash], [false, HASHES['bcrypt']?.[1]])
  assert.equal(emails.filter((email) => email.startsWith('crowd-')).length, 150)
  const second = await openAccounts()
  try {
    for (let start = 0; start < rows.length; start += 200) {
      const outcomes = await second.running.moving.moveIn(call, rows.slice(start, start + 200), { from: 'ninefold' })
      assert.deepEqual(
        outcomes.filter(({ outcome }) => outcome !== 'made'),
        [],
      )
    }
    assert.deepEqual(await everybody(true, second), rows)
    const [password = ''] = HASHES['bcrypt'] ?? []
    assert.ok(
      await second.accounts.signIn(call, { email: 'bcrypt@example.org', password, client: 'c' }),
      'with the password that they have',
    )
  } finally {
    await second.stop()
  }
  assert.ok((await everybody(false)).every((row) => row.passwordHash === undefined))
  await world.settled()
  assert.doesNotMatch(world.log.join(''), /\$argon2|\$2a\$/, 'no hash is in the log')
})

test('nobody but an operator moves people', async () => {
  const as = {
    ...call,
    principal: { kind: 'user', accountId: 'a', roles: [], groups: [], sessionId: 's', clientId: 'c', firstParty: true, scopes: [] },
  } as const
  await assert.rejects(world.running.moving.moveIn(as, [], { from: 'x' }), { status: 403 })
  await assert.rejects(world.running.moving.moveOut(as, { withPasswords: true }), { status: 403 })
})

test('people of another system come in by the password that they have there, once, and are here from then on', async () => {
  const asked: { email: string; password: string }[] = []
  let fails = false
  const there = new Map([
    [
      'old@example.org',
      { name: 'Old Friend', emailVerified: true, roles: ['editor'], identities: [{ issuer: club.issuer, subject: '7', label: 'Friend' }] },
    ],
    ['half@example.org', { emailVerified: true }],
    ['unsure@example.org', { emailVerified: false }],
  ])
  const old = await openAccounts({
    ...withClub,
    definition: {
      ...withClub.definition,
      legacySignIn: async (_context, typed) => {
        asked.push(typed)
        if (fails) throw new Error('down')
        return typed.password === 'as it was there' ? there.get(typed.email) : undefined
      },
    },
  })
  const tryIn = (email: string, password = 'as it was there') =>
    old.accounts.signIn(call, { email, password, client: `${email} ${asked.length}` })
  const find = async (email: string) => (await old.database.collection(accountsCollection).getByKey(call, 'email', { email }))?.value
  try {
    assert.equal(await tryIn('old@example.org', 'wrong'), undefined)
    assert.equal(await find('old@example.org'), undefined)
    assert.ok(await tryIn('OLD@example.org'))
    const account = await find('old@example.org')
    assert.match(account?.password ?? '', /^\$argon2id\$/)
    assert.deepEqual([account?.name, account?.roles], ['Old Friend', ['editor']])
    assert.deepEqual(await identitiesOf(old, account?.id ?? ''), [{ issuer: club.issuer, subject: '7', label: 'Friend' }])
    assert.equal(await throughClub(old, '7'), account?.id)
    assert.equal(await throughClub(old, '8'), undefined)
    const before = asked.length
    assert.ok(await tryIn('old@example.org'))
    assert.equal(asked.length, before, 'the other system is not asked again')
    // What its owner mistypes here stays here: the other system is asked about nobody.
    assert.equal(await tryIn('old@example.org', 'mistyped'), undefined)
    assert.match(asked.at(-1)?.email ?? '', /@nobody\.invalid$/)
    assert.notEqual(asked.at(-1)?.password, 'mistyped')
    assert.equal(await tryIn('unsure@example.org'), undefined, 'a mailbox that is not certainly theirs opens nothing')
    assert.equal(await find('unsure@example.org'), undefined)
    await old.running.moving.moveIn(
      call,
      [
        { email: 'half@example.org', legacyPassword: true, roles: ['author'], identities: [{ issuer: club.issuer, subject: '9' }] },
        { email: 'other@example.org' },
      ],
      { from: 'x' },
    )
    assert.equal(await tryIn('half@example.org', 'wrong'), undefined)
    assert.ok(await tryIn('half@example.org'))
    const half = await find('half@example.org')
    assert.deepEqual([half?.roles, half?.awaitsLegacyPassword], [['author'], undefined])
    assert.ok(half?.emailVerifiedAt !== undefined && half.password !== undefined)
    assert.equal(await throughClub(old, '9'), half.id, 'what came by file stays when the password comes')
    fails = true
    for (const email of ['new@example.org', 'other@example.org']) await assert.rejects(tryIn(email), { code: 'auth.unavailable' }, email)
    assert.ok(await tryIn('old@example.org'), 'whoever is here needs it no more')
    assert.doesNotMatch(old.log.join(''), /as it was there|mistyped/)
  } finally {
    await old.stop()
  }
})

test('the password that somebody had elsewhere is over with the first one here', async (t) => {
  const old = await openAccounts({
    definition: { legacySignIn: async (_context, { password }) => (password === 'as it was there' ? { emailVerified: true } : undefined) },
  })
  t.after(() => old.stop())
  const accounts = old.database.collection(accountsCollection)
  const find = async (email: string) => (await accounts.getByKey(call, 'email', { email }))?.value ?? assert.fail(email)
  const tryIn = (email: string) => old.accounts.signIn(call, { email, password: 'as it was there', client: `${email} ${old.clock.now()}` })
  const people = ['reset@example.org', 'first@example.org', 'restored@example.org']
  await old.running.moving.moveIn(
    call,
    people.map((email) => ({ email, emailVerified: true, legacyPassword: true })),
    { from: 'x' },
  )
  const [reset = '', first = '', restored = ''] = people
  await old.visit({ path: '/forgot-password', form: { email: reset } })
  const link = tokenIn(await old.mailTo(reset, 'reset-password'))
  await old.visit({ path: '/reset-password', form: { token: link, password: 'a brand new passphrase' } })
  const signedIn = (accountId: string): void => {
    const now = old.clock.now()
    old.engine.sessionList.splice(0)
    old.engine.sessionList.push({ id: 'here', accountId, signedInAt: now, lastUsedAt: now, device: 'Firefox on Linux' })
    old.engine.signedInAs = accountId
  }
  signedIn((await find(first)).id)
  await old.visit({ path: '/account/password', form: { current: '', password: 'a brand new passphrase' } })
  signedIn((await find(restored)).id)
  await old.visit({ path: '/account/email', form: { email: 'thief@example.org' } })
  await old.visit({
    path: '/account/email/confirm',
    form: { token: tokenIn(await old.mailTo('thief@example.org', 'confirm-new-address')) },
  })
  await old.visit({ path: '/restore-address', form: { token: tokenIn(await old.mailTo(restored, 'address-changed')) } })
  // As if each were without a password once more.
  for (const email of people) await accounts.update(call, (await find(email)).id, { set: { password: undefined } })
  for (const email of people) {
    assert.equal((await find(email)).awaitsLegacyPassword, undefined, email)
    assert.equal(await tryIn(email), undefined, email)
  }
})

test('guesses count while the other system is down or nobody waits for the answer, for who is here and for who is not', async () => {
  const gone: boolean[] = []
  let fails = true
  let caller = new AbortController()
  const old = await openAccounts({
    definition: {
      legacySignIn: async ({ call: { signal } }) => {
        caller.abort()
        gone.push(signal.aborted)
        if (fails) throw new Error('down')
        return undefined
      },
    },
  })
  try {
    const guess = (email: string, from: string, own = call) => old.accounts.signIn(own, { email, password: 'a guess', client: from })
    for (const email of [(await old.person({ email: 'here@example.org' })).email, 'away@example.org']) {
      for (let tries = 0; tries < 4; tries += 1)
        await assert.rejects(guess(email, `${email} ${tries}`), { code: 'auth.unavailable' }, `${email} ${tries}`)
      await assert.rejects(guess(email, `${email} again`), { code: 'auth.too_many_tries' }, email)
    }
    fails = false
    const { email } = await old.person({ email: 'impatient@example.org' })
    gone.splice(0)
    for (let tries = 0; tries < 4; tries += 1) {
      caller = new AbortController()
      await guess(email, `${email} ${tries}`, { ...call, signal: caller.signal }).catch(() => undefined)
    }
    assert.deepEqual(gone, [false, false, false, false])
    await assert.rejects(guess(email, `${email} again`), { code: 'auth.too_many_tries' })
  } finally {
    await old.stop()
  }
})

test('an address that nobody has takes as long as one with a hash of another system, and always the same', async () => {
  const { passwords } = world.running.shared
  const shapes = await world.database.collection(hashShapesCollection).list(call, { index: 'all', limit: 100 })
  assert.ok(shapes.items.some(({ value }) => value.id === 'bcrypt,5'))
  const second = await openAccounts()
  try {
    second.running.shared.passwords.useDecoys({ hashes: shapes.items.map(({ value }) => value.decoy), key: Buffer.alloc(32, 1) })
    // The one of the cost that is set here stands for itself.
    const decoys = shapes.items.map(({ value }) => value.decoy).filter((decoy) => !decoy.startsWith('$argon2id$v=19$m=64,'))
    const given = Array.from({ length: 200 }, (_, index) => second.running.shared.passwords.decoyFor(`p${index}@example.org`))
    for (const decoy of decoys) assert.ok(given.includes(decoy), 'each cost has its share')
    assert.ok(
      given.some((decoy) => decoy?.startsWith('$argon2id$v=19$m=64,') === true),
      'and ours has one',
    )
    assert.deepEqual(
      given,
      Array.from({ length: 200 }, (_, index) => second.running.shared.passwords.decoyFor(`p${index}@example.org`)),
    )
  } finally {
    await second.stop()
  }
  assert.equal(passwords.decoyFor('a@example.org'), passwords.decoyFor('a@example.org'))
})
