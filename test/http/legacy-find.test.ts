// Whom another system knows comes by a provider that is linked there, not by its password: they move in with all that is theirs, and never beside themselves.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import type { Account } from '../../src/auth/accounts/schemas.ts'
import type { AuthDefinition } from '../../src/auth/contract.ts'
import type { AuthHooks } from '../../src/auth/hooks/contract.ts'
import type { LegacyFindHook, LegacyFound, LegacyHook, LegacyQuestion } from '../../src/auth/moving/contract.ts'
import { hashShapesCollection } from '../../src/auth/moving/repository.ts'
import { type AccountsWorld, call, openAccounts, tokenIn, type Visited } from '../support/accounts.ts'
import { SIGN_IN } from '../support/arriving.ts'
import { startUpstream, CLIENT_ID, type Upstream } from '../support/upstream.ts'
import { isIn, locationOf, TravellingBrowser } from '../support/upstream-browser.ts'

const OLD_ID = '4c973896-5761-41fc-8217-07c5d13a004b'
const PASSWORD = 'as it was there'
const DAY = 24 * 3_600_000

interface Settings {
  readonly find?: LegacyFindHook
  readonly person?: Partial<LegacyFound>
  readonly definition?: AuthDefinition
  readonly hooks?: AuthHooks
  readonly signUp?: boolean
  readonly password?: LegacyHook
}

interface Old {
  readonly world: AccountsWorld
  readonly club: Upstream
  readonly ada: LegacyFound
  /** What the other system was asked about. */
  readonly asked: LegacyQuestion[]
  /** In a browser of their own. */
  come(claims?: Upstream['claims']): Promise<Visited>
  account(email?: string): Promise<Account | undefined>
  identitiesOf(accountId: string): Promise<readonly string[]>
}

async function opened(t: TestContext, settings: Settings = {}): Promise<Old> {
  const { person = {}, definition = {}, hooks, signUp, password } = settings
  const club = await startUpstream()
  t.after(() => club.stop())
  const identities = [{ issuer: club.issuer, subject: 'club-ada', label: 'Ada at the club' }]
  const ada: LegacyFound = { id: OLD_ID, email: 'ada@example.org', emailVerified: true, name: 'Ada Lovelace', identities, ...person }
  const asked: LegacyQuestion[] = []
  const find: LegacyFindHook = (_context, question) => {
    const knows = 'email' in question ? question.email === ada.email : question.subject === 'club-ada'
    return knows ? ada : undefined
  }
  const world = await openAccounts({
    definition: {
      upstreams: [
        { kind: 'openid', id: 'club', name: 'Club', issuer: club.issuer, clientId: CLIENT_ID, ...(signUp === false ? { signUp } : {}) },
      ],
      ...(password === undefined ? {} : { legacySignIn: password }),
      ...definition,
      legacyFind: (context, question) => {
        asked.push(question)
        return (settings.find ?? find)(context, question)
      },
    },
    upstreamSecrets: { club: club.secret },
    ...(hooks === undefined ? {} : { hooks }),
  })
  t.after(() => world.stop())
  world.engine.current = SIGN_IN
  return {
    world,
    club,
    ada,
    asked,
    async come(claims = { sub: 'club-ada', email: 'ada@club.example', email_verified: true, name: 'Ada' }) {
      club.claims = claims
      return (await new TravellingBrowser(world).travelTo('club', club)).back
    },
    account: async (email = 'ada@example.org') =>
      (await world.database.collection(accountsCollection).getByKey(call, 'email', { email }))?.value,
    identitiesOf: async (accountId) => (await world.running.upstreams.identities(call, accountId)).map(({ subject }) => subject),
  }
}

const signIn = ({ world }: Old, password: string) => world.accounts.signIn(call, { email: 'ada@example.org', password, client: 'c' })

test('requirement 71: who comes first by an identity of the other system has the account of there, and its password goes on', async (t) => {
  const old = await opened(t, {
    person: { roles: ['editor'], groups: ['staff'] },
    password: (_context, { email, password }) =>
      email === 'ada@example.org' && password === PASSWORD ? { emailVerified: true, id: OLD_ID } : undefined,
  })
  assert.ok(isIn(await old.come()))
  assert.deepEqual(old.asked, [{ issuer: old.club.issuer, subject: 'club-ada' }])
  assert.equal(old.world.engine.signedInAs, OLD_ID)
  const account = (await old.account()) ?? assert.fail()
  assert.deepEqual([account.id, account.name, account.roles, account.groups], [OLD_ID, 'Ada Lovelace', ['editor'], ['staff']])
  assert.ok(account.emailVerifiedAt)
  assert.deepEqual(await old.identitiesOf(OLD_ID), ['club-ada'])
  assert.equal((await signIn(old, PASSWORD))?.accountId, OLD_ID, 'the password of there')
  // From then on they are known here.
  assert.ok(isIn(await old.come()))
  assert.equal(old.asked.length, 1)
})

test('a hash of the other system comes with them, and costs nobody else the clock', async (t) => {
  const passwordHash = '$2b$10$Z6hUTEEeoJXN5/AmSm/4.eZ75RYgFVriQM9LPhNEC7kbAbS/VAaJ2'
  const old = await opened(t, { person: { passwordHash } })
  assert.ok(isIn(await old.come()))
  const account = (await old.account()) ?? assert.fail()
  assert.deepEqual([account.password, account.awaitsLegacyPassword], [passwordHash, undefined])
  const shapes = await old.world.database.collection(hashShapesCollection).list(call, { index: 'all', limit: 100 })
  assert.ok(shapes.items.some(({ value }) => value.decoy.startsWith('$2b$10$')))
})

test('requirement 71: by the address only where both sides have confirmed it, and then the provider is linked', async (t) => {
  const stranger = { sub: 'new-at-the-club', email: 'ada@example.org', name: 'Ada' }
  const old = await opened(t)
  assert.equal(locationOf(await old.come({ ...stranger, email_verified: false })), '/interaction/u1/choose')
  assert.equal(await old.account(), undefined)
  assert.ok(isIn(await old.come({ ...stranger, email_verified: true })))
  assert.deepEqual(old.asked.at(-1), { email: 'ada@example.org' })
  assert.deepEqual((await old.identitiesOf(OLD_ID)).toSorted(), ['club-ada', 'new-at-the-club'])
  const unconfirmed = await opened(t, { person: { emailVerified: false } })
  assert.equal(locationOf(await unconfirmed.come({ ...stranger, email_verified: true })), '/interaction/u1/welcome')
  assert.equal(await unconfirmed.account(), undefined)
  // By the identity: that it is the mailbox of Ada nobody says, or the provider does.
  assert.equal(locationOf(await unconfirmed.come()), '/interaction/u1/choose')
  assert.equal(await unconfirmed.account(), undefined)
  assert.ok(isIn(await unconfirmed.come({ sub: 'club-ada', email: 'ada@example.org', email_verified: true })))
  assert.equal((await unconfirmed.account())?.id, OLD_ID)
})

test('whom the other system does not know makes an account, as ever', async (t) => {
  const old = await opened(t)
  old.club.claims = { sub: 'eve', email: 'eve@example.org', email_verified: true }
  const browser = new TravellingBrowser(old.world)
  assert.ok(isIn(await browser.joinFrom('club', old.club)))
  assert.notEqual((await old.account('eve@example.org'))?.id, undefined)
})

test('requirement 71: a system that fails, is late or answers with nonsense lets nobody in, makes nothing, and is said in plain words', async (t) => {
  const answers: Readonly<Record<string, LegacyFindHook>> = {
    down: () => {
      throw new Error('down')
    },
    late: () => new Promise(() => {}),
    nonsense: () => ({ email: 'ada@example.org', emailVerified: true, admin: true }) as LegacyFound,
    'no address': () => ({ email: 'nothing', emailVerified: true }),
    'another identity': () => ({
      email: 'ada@example.org',
      emailVerified: true,
      identities: [{ issuer: 'https://other.example', subject: 'club-ada' }],
    }),
    'no identity': () => ({ email: 'ada@example.org', emailVerified: true }),
    'a broken hash': (_context, question) => ({
      email: 'ada@example.org',
      emailVerified: true,
      passwordHash: '$9$x',
      identities: 'subject' in question ? [question] : [],
    }),
    'another address': (_context, question) => ('email' in question ? { email: 'eve@example.org', emailVerified: true } : undefined),
  }
  for (const [what, find] of Object.entries(answers)) {
    const old = await opened(t, { find })
    const { status, text } = await old.come()
    assert.equal(status, 503, what)
    assert.match(text, /not possible just now|Please try again/i, what)
    assert.match(old.world.log.join(''), /auth\.hook_failed.*legacyFind|auth\.legacy_refused/, what)
    for (const email of ['ada@example.org', 'ada@club.example', 'eve@example.org']) assert.equal(await old.account(email), undefined, what)
  }
})

test('nor does the page of a new account make one while it fails, or beside what the other system knows by then', async (t) => {
  let mode: 'unknown' | 'down' | 'known' = 'unknown'
  const old = await opened(t, {
    find: (_context, question) => {
      if (mode === 'down') throw new Error('down')
      if (mode === 'unknown' || 'email' in question) return undefined
      return { id: OLD_ID, email: 'ada@example.org', emailVerified: true, identities: [question] }
    },
  })
  old.club.claims = { sub: 'club-ada', email: 'ada@club.example', email_verified: true }
  const browser = new TravellingBrowser(old.world)
  assert.equal(locationOf((await browser.travelTo('club', old.club)).back), '/interaction/u1/welcome')
  mode = 'down'
  assert.equal((await browser.visit('/interaction/u1/welcome', { name: 'Ada' })).status, 503)
  mode = 'known'
  assert.equal(locationOf(await browser.visit('/interaction/u1/welcome', { name: 'Ada' })), '/interaction/u1')
  assert.equal(await old.account('ada@club.example'), undefined)
  assert.equal((await old.account())?.id, OLD_ID)
})

test('who is switched off there stays out, and nothing of it is kept', async (t) => {
  const old = await opened(t, { person: { suspended: true } })
  for (const claims of [undefined, { sub: 'x', email: 'ada@example.org', email_verified: true }]) {
    const { status, text } = await old.come(claims)
    assert.equal(status, 422)
    assert.match(text, /With this account of Club you cannot come in here/)
  }
  assert.equal(await old.account(), undefined)
})

test('requirement 71: an address that is of another account here gives nothing away, and no second account is made', async (t) => {
  let isThere = false
  const old = await opened(t, {
    find: (_context, question) =>
      isThere && 'subject' in question ? { id: OLD_ID, email: 'ada@example.org', emailVerified: true, identities: [question] } : undefined,
  })
  const { accountId } = await old.world.person({ email: 'ada@example.org' })
  isThere = true
  assert.equal(locationOf(await old.come()), '/interaction/u1/choose')
  assert.deepEqual(await old.identitiesOf(accountId), [])
  assert.match(old.world.log.join(''), /auth\.legacy_refused.*another id than the account here/)
  assert.equal(await old.account('ada@club.example'), undefined)
})

test('requirement 71: an account here that came by another id is of somebody else, though the address is the same', async (t) => {
  const row = { id: '42', email: 'ada@example.org', emailVerified: true }
  const waiting = { ...row, legacyPassword: true }
  for (const [moved, id, isTheirs] of [
    [row, '43', false],
    // Of which system that id is, the file does not say.
    [row, '42', false],
    [row, undefined, false],
    [waiting, '43', false],
    [waiting, '42', true],
    [waiting, undefined, true],
  ] as const) {
    const { id: _, ...nameless } = { id: OLD_ID, email: 'ada@example.org', emailVerified: true }
    const old = await opened(t, {
      find: (_context, question) =>
        'subject' in question ? { ...nameless, ...(id === undefined ? {} : { id }), identities: [question] } : undefined,
    })
    await old.world.running.moving.moveIn(call, [moved], { from: 'file' })
    const back = await old.come()
    assert.equal(isIn(back), isTheirs, JSON.stringify([moved, id]))
    if (!isTheirs) assert.equal(locationOf(back), '/interaction/u1/choose')
  }
})

test('requirement 71: so is one that came by the password and another id, while one without any goes on', async (t) => {
  for (const [before, isTheirs] of [
    ['42', false],
    ['43', true],
    [undefined, true],
  ] as const) {
    const old = await opened(t, {
      person: { id: '43' },
      password: () => ({ emailVerified: true, ...(before === undefined ? {} : { id: before }) }),
    })
    assert.ok(await signIn(old, PASSWORD))
    assert.equal(isIn(await old.come()), isTheirs, before)
  }
})

test('who has moved in without their identities comes by them, until a way in was taken away here', async (t) => {
  for (const row of [
    { id: OLD_ID, email: 'ada@example.org', emailVerified: true },
    { id: OLD_ID, email: 'ada@example.org' },
  ]) {
    const old = await opened(t)
    await old.world.running.moving.moveIn(call, [row], { from: 'file' })
    const accounts = old.world.database.collection(accountsCollection)
    await accounts.update(call, OLD_ID, { set: { waysVersion: 1 } })
    assert.equal(locationOf(await old.come()), '/interaction/u1/choose')
    assert.deepEqual(await old.identitiesOf(OLD_ID), [])
    await accounts.update(call, OLD_ID, { set: { waysVersion: undefined } })
    assert.ok(isIn(await old.come()))
    assert.equal(old.world.engine.signedInAs, OLD_ID)
  }
})

test("who has moved in and lacks a role or a group here, or one more identity that is somebody else's by now, comes in at once, and without them", async (t) => {
  const other = { issuer: 'https://guild.example', subject: 'shared' }
  const old = await opened(t, {
    find: (_context, question) =>
      'subject' in question
        ? {
            id: OLD_ID,
            email: 'ada@example.org',
            emailVerified: true,
            roles: ['editor', 'author'],
            groups: ['staff'],
            identities: [question, other],
          }
        : undefined,
  })
  const row = { email: 'ada@example.org', emailVerified: true, name: 'Ada Lovelace' }
  const { moving } = old.world.running
  await moving.moveIn(call, [{ id: 'an-id-of-eve-12345', email: 'eve@example.org', identities: [other] }], { from: 'file' })
  await moving.moveIn(call, [{ ...row, id: OLD_ID, roles: ['author'] }], { from: 'file' })
  assert.ok(isIn(await old.come()))
  assert.equal(old.world.engine.signedInAs, OLD_ID)
  assert.deepEqual(await old.identitiesOf(OLD_ID), ['club-ada'])
  assert.deepEqual(await old.identitiesOf('an-id-of-eve-12345'), ['shared'])
  const account = await old.account()
  assert.deepEqual([account?.roles, account?.groups], [['author'], []], 'an operator may have taken them away')
  for (const words of [
    /roles that they do not have here: editor \(/,
    /groups that they are not in here: staff/,
    /guild\.example is connected/,
  ])
    assert.match(old.world.log.join(''), words)
})

test('an identity that somebody here has stays theirs, and does not keep the others of the account out', async (t) => {
  const other = { issuer: 'https://guild.example', subject: 'shared' }
  const old = await opened(t)
  const find: LegacyFound = { ...old.ada, identities: [...(old.ada.identities ?? []), other] }
  const again = await opened(t, {
    find: (_context, question) => ('subject' in question ? { ...find, identities: [question, other] } : undefined),
  })
  await again.world.running.moving.moveIn(call, [{ id: 'an-id-of-eve-12345', email: 'eve@example.org', identities: [other] }], {
    from: 'file',
  })
  assert.ok(isIn(await again.come()))
  assert.deepEqual(await again.identitiesOf(OLD_ID), ['club-ada'])
  assert.deepEqual(await again.identitiesOf('an-id-of-eve-12345'), ['shared'])
})

test('requirement 71: whoever has a mailbox that somebody has left here makes an account by a provider as anybody', async (t) => {
  for (const suspended of [false, true]) {
    const old = await opened(t, { person: { identities: [], ...(suspended ? { suspended } : {}) } })
    const { world, club } = old
    const row = { id: OLD_ID, email: 'ada@example.org', emailVerified: true, legacyPassword: true }
    await world.running.moving.moveIn(call, [row], { from: 'old' })
    const { byMail, mailTo } = world
    await byMail.addresses.ask(call, { accountId: OLD_ID, email: 'after@example.org', client: 'c' })
    const token = tokenIn(await mailTo('after@example.org', 'confirm-new-address'))
    assert.ok(await byMail.addresses.confirm(call, { accountId: OLD_ID, token, by: {} }))
    club.claims = { sub: 'club-eve', email: 'ada@example.org', email_verified: true, name: 'Eve' }
    assert.ok(isIn(await new TravellingBrowser(world).joinFrom('club', club)), String(suspended))
    const eve = (await old.account()) ?? assert.fail()
    assert.notEqual(eve.id, OLD_ID)
    assert.equal(world.engine.signedInAs, eve.id)
    assert.deepEqual(await old.identitiesOf(OLD_ID), [])
    assert.equal((await old.account('after@example.org'))?.id, OLD_ID)
  }
})

test('two who come at once are one', async (t) => {
  const old = await opened(t)
  old.club.claims = { sub: 'club-ada', email: 'ada@club.example', email_verified: true }
  const browsers = [1, 2, 3].map(() => new TravellingBrowser(old.world))
  const backs = await Promise.all(browsers.map(async (browser) => (await browser.travelTo('club', old.club)).back))
  assert.deepEqual(backs.map(isIn), [true, true, true])
  assert.deepEqual(await old.identitiesOf(OLD_ID), ['club-ada'])
})

test('the rules of those who move in: domains and the hook of the app hold, invitations and closed doors do not', async (t) => {
  for (const mode of ['off', 'invitation'] as const)
    assert.ok(isIn(await (await opened(t, { definition: { signUp: { mode } } })).come()), mode)
  const domain = await opened(t, { definition: { signUp: { domains: { block: ['example.org'] } } } })
  const { status, text } = await domain.come()
  assert.equal(status, 422)
  assert.match(text, /No account here belongs to this account of Club/)
  assert.equal(await domain.account(), undefined)
  const hooks: AuthHooks = { beforeSignUp: () => ({ refuse: { message: 'Please write to the office.' } }) }
  const refused = await (await opened(t, { hooks })).come()
  assert.equal(refused.status, 403)
  assert.match(refused.text, /You cannot sign in here\. Please write to the office\./)
})

test('a provider for those alone who have linked it lets in who has linked it there', async (t) => {
  const old = await opened(t, { signUp: false })
  assert.equal((await old.come({ sub: 'x', email: 'ada@example.org', email_verified: true })).status, 422)
  assert.equal(await old.account(), undefined)
  assert.ok(isIn(await old.come()))
})

test('whoever has ended the account here is not brought back by an identity', async (t) => {
  const old = await opened(t)
  const { world } = old
  await old.come()
  await world.leaving.requestDeletion(call, { accountId: OLD_ID })
  world.clock.advance(14 * DAY)
  for (const job of world.leaving.jobs) await job.handle({ call, jobId: 'erase', attempt: 1 }, {})
  assert.equal(await old.account(), undefined)
  assert.equal(locationOf(await old.come()), '/interaction/u1/welcome', 'as anybody')
  assert.equal(await old.account(), undefined)
})
