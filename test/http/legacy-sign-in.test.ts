// Whom another system knows comes in by its password, within the rules that the app has for everybody: domains, its hook, and an end that was asked for here.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import type { AuthDefinition } from '../../src/auth/contract.ts'
import type { AuthHooks } from '../../src/auth/hooks/contract.ts'
import type { LegacyPerson, PersonRow } from '../../src/auth/moving/contract.ts'
import { endedCollection } from '../../src/auth/moving/ended.ts'
import { callIn } from '#kernel/call.ts'
import { type AccountsWorld, call, openAccounts, tokenIn } from '../support/accounts.ts'
import { SIGN_IN } from '../support/arriving.ts'

const DAY = 24 * 3_600_000
const PASSWORD = 'as it was there'

interface Old {
  readonly world: AccountsWorld
  /** What the other system was asked. */
  readonly asked: { readonly email: string; readonly password: string }[]
  tryIn(email: string, password?: string): ReturnType<AccountsWorld['accounts']['signIn']>
  stored(email: string): Promise<{ readonly id: string; readonly name: string; readonly language?: string | undefined } | undefined>
  /** By the owner, and until the days of grace are over. */
  endAccount(accountId: string): Promise<void>
}

async function opened(
  t: TestContext,
  { signUp, hooks, person = {} }: { signUp?: AuthDefinition['signUp']; hooks?: AuthHooks; person?: Partial<LegacyPerson> } = {},
): Promise<Old> {
  const asked: { email: string; password: string }[] = []
  const world = await openAccounts({
    definition: {
      ...(signUp === undefined ? {} : { signUp }),
      legacySignIn: async (_context, typed) => {
        asked.push(typed)
        return typed.password === PASSWORD ? { emailVerified: true, name: 'Eve', ...person } : undefined
      },
    },
    ...(hooks === undefined ? {} : { hooks }),
  })
  t.after(() => world.stop())
  let tries = 0
  return {
    world,
    asked,
    tryIn: (email, password = PASSWORD) => world.accounts.signIn(call, { email, password, client: `client ${(tries += 1)}` }),
    stored: async (email) => (await world.database.collection(accountsCollection).getByKey(call, 'email', { email }))?.value,
    async endAccount(accountId) {
      await world.leaving.requestDeletion(call, { accountId })
      world.clock.advance(14 * DAY)
      for (const job of world.leaving.jobs) await job.handle({ call, jobId: 'erase', attempt: 1 }, {})
      assert.equal(await world.database.collection(accountsCollection).get(call, accountId), undefined)
    },
  }
}

test('an address of a domain that the app does not take is answered as a wrong password is, and its password stays here', async (t) => {
  for (const domains of [{ block: ['rival.example'] }, { only: ['example.org'] }]) {
    const old = await opened(t, { signUp: { domains } })
    assert.equal(await old.tryIn('eve@rival.example'), undefined)
    assert.equal(await old.stored('eve@rival.example'), undefined)
    // The clock: as somebody else's address, it has the other system asked about nobody.
    assert.equal(old.asked.length, 1)
    assert.match(old.asked[0]?.email ?? '', /@nobody\.invalid$/)
    assert.notEqual(old.asked[0]?.password, PASSWORD)
    assert.ok(await old.tryIn('eve@example.org'), 'others come in')
  }
})

test('moving in is no sign-up: it needs no invitation, and goes on where nobody signs up', async (t) => {
  for (const mode of ['off', 'invitation'] as const) {
    const old = await opened(t, { signUp: { mode } })
    assert.ok(await old.tryIn('eve@example.org'), mode)
    assert.equal((await old.stored('eve@example.org'))?.name, 'Eve')
  }
})

test('the hook of the app is asked about whoever moves in, gives the name, and keeps people out', async (t) => {
  const drafts: unknown[] = []
  let answer: 'name' | 'refuse' | 'field' | 'fail' = 'refuse'
  const old = await opened(t, {
    hooks: {
      beforeSignUp: (_context, draft) => {
        drafts.push(draft)
        if (answer === 'fail') throw new Error('down')
        if (answer === 'name') return { name: 'Eve of before' }
        return { refuse: { message: 'Please write to the office.', ...(answer === 'field' ? { field: 'email' as const } : {}) } }
      },
    },
  })
  for (const way of ['refuse', 'field'] as const) {
    answer = way
    await assert.rejects(old.tryIn('eve@example.org'), { code: 'auth.sign_in_refused', detail: 'Please write to the office.' }, way)
  }
  answer = 'fail'
  await assert.rejects(old.tryIn('eve@example.org'), { code: 'auth.unavailable' })
  assert.equal(await old.stored('eve@example.org'), undefined)
  const before = drafts.length
  assert.equal(await old.tryIn('eve@example.org', 'a guess'), undefined, 'who does not know the password hears nothing of the app')
  assert.equal(drafts.length, before)
  answer = 'name'
  assert.ok(await old.tryIn('Mallory@example.org'))
  assert.deepEqual(drafts.at(-1), { email: 'mallory@example.org', name: 'Eve' })
  assert.equal((await old.stored('mallory@example.org'))?.name, 'Eve of before')
})

test('the page says that the app keeps somebody out, in its words', async (t) => {
  const old = await opened(t, { hooks: { beforeSignUp: () => ({ refuse: { message: 'Please write to the office.' } }) } })
  old.world.engine.current = SIGN_IN
  const { status, text } = await old.world.visit({
    path: '/interaction/u1/sign-in',
    form: { email: 'eve@example.org', password: PASSWORD },
    cookies: { '__Host-Http-here': 'x'.repeat(43) },
  })
  assert.equal(status, 403)
  assert.match(text, /You cannot sign in here\. Please write to the office\./)
})

test('whoever has ended the account is not brought back by the other system, by none of the addresses', async (t) => {
  const old = await opened(t)
  const person = (await old.tryIn('eve@example.org')) ?? assert.fail()
  await old.endAccount(person.accountId)
  const before = old.asked.length
  assert.equal(await old.tryIn('EVE@example.org'), undefined)
  assert.equal(old.asked.length, before + 1, 'as for everybody whom nobody here knows')
  assert.equal(await old.stored('eve@example.org'), undefined)
  // They may have a new one, as anybody may.
  await old.world.settled()
  old.world.mails.splice(0)
  const again = await old.world.person({ email: 'eve@example.org' })
  assert.notEqual(again.accountId, person.accountId)
  await old.endAccount(again.accountId)
  assert.equal(await old.tryIn('eve@example.org'), undefined)
  old.world.clock.advance(366 * DAY)
  assert.ok(await old.tryIn('eve@example.org'), 'after a year nothing is known of them any more')
})

test('nor under another address, where the other system says who it is', async (t) => {
  const old = await opened(t, { person: { id: '4c973896-5761-41fc-8217-07c5d13a004b' } })
  const person = (await old.tryIn('before@example.org')) ?? assert.fail()
  assert.equal(person.accountId, '4c973896-5761-41fc-8217-07c5d13a004b')
  const accounts = old.world.database.collection(accountsCollection)
  await accounts.update(call, person.accountId, { set: { email: 'after@example.org' } })
  await old.endAccount(person.accountId)
  for (const email of ['before@example.org', 'after@example.org', 'third@example.org'])
    assert.equal(await old.tryIn(email), undefined, email)
})

interface Before {
  readonly row: PersonRow
  readonly person?: Partial<LegacyPerson>
}

/** Has come by a file, and has another address by now, since longer than the old one can be brought back. */
async function movedOn(t: TestContext, { row, person = {} }: Before): Promise<Old & { readonly accountId: string }> {
  const old = await opened(t, { person })
  const { world } = old
  const [moved] = await world.running.moving.moveIn(call, [row], { from: 'old' })
  assert.equal(moved?.outcome, 'made')
  const accountId = (await old.tryIn(row.email))?.accountId ?? assert.fail('does not come in')
  const now = world.clock.now()
  world.engine.sessionList.push({ id: 'here', accountId, signedInAt: now, lastUsedAt: now, device: 'Firefox on Linux' })
  world.engine.signedInAs = accountId
  await world.visit({ path: '/account/email', form: { email: 'after@example.org' } })
  const token = tokenIn(await world.mailTo('after@example.org', 'confirm-new-address'))
  assert.equal((await world.visit({ path: '/account/email/confirm', form: { token } })).status, 303)
  world.engine.sessionList.splice(0)
  world.clock.advance(8 * DAY)
  return { ...old, accountId }
}

const OF_BEFORE = { id: '42', email: 'before@example.org', emailVerified: true, legacyPassword: true, roles: ['editor'] }

test('nor by an address of earlier times, or an id that is too short to be kept, whatever the other system says', async (t) => {
  for (const person of [{ id: '42' }, {}]) {
    const old = await movedOn(t, { row: OF_BEFORE, person })
    const there = await old.world.database.collection(accountsCollection).get(call, old.accountId)
    assert.doesNotMatch(JSON.stringify(there?.value.legacyMarks), /"42"|before@/)
    await old.endAccount(old.accountId)
    for (const email of ['before@example.org', 'after@example.org']) assert.equal(await old.tryIn(email), undefined, email)
    // There the address may have become another one, too.
    if (person.id === '42') assert.equal(await old.tryIn('third@example.org'), undefined)
    else assert.ok(await old.tryIn('third@example.org'), 'others come in')
  }
})

test('nor is whoever is here under another address made a second time, blocked or not', async (t) => {
  const old = await movedOn(t, { row: OF_BEFORE, person: { id: '42', roles: ['editor'] } })
  for (const suspended of [false, true]) {
    await old.world.leaving.suspend(call, 'after@example.org', suspended)
    for (const email of ['before@example.org', 'third@example.org']) assert.equal(await old.tryIn(email), undefined, email)
  }
  assert.equal(await old.stored('before@example.org'), undefined)
})

/** By the row alone: nobody has come in yet. */
async function awaited(
  t: TestContext,
  { row = OF_BEFORE, person = {} }: Partial<Before> = {},
): Promise<Old & { readonly accountId: string }> {
  const old = await opened(t, { person })
  const [moved] = await old.world.running.moving.moveIn(call, [row], { from: 'old' })
  return { ...old, accountId: moved?.outcome === 'made' ? moved.accountId : assert.fail(JSON.stringify(moved)) }
}

/** By the account page, after a sign-in by a mailed code. */
async function moveTo({ byMail, mailTo }: AccountsWorld, accountId: string, email: string): Promise<void> {
  await byMail.addresses.ask(call, { accountId, email, client: 'c' })
  const token = tokenIn(await mailTo(email, 'confirm-new-address'))
  assert.ok(await byMail.addresses.confirm(call, { accountId, token, by: {} }))
}

test('requirement 71: who has changed the address here is opened by no password of whoever has the new one in the other system', async (t) => {
  for (const person of [{ id: 'the-id-of-somebody-else' }, {}]) {
    const old = await awaited(t, { person })
    const accounts = old.world.database.collection(accountsCollection)
    await moveTo(old.world, old.accountId, 'recycled@example.org')
    assert.equal((await accounts.get(call, old.accountId))?.value.awaitsLegacyPassword, undefined)
    // As an earlier version has left it.
    await accounts.update(call, old.accountId, { set: { awaitsLegacyPassword: true } })
    assert.equal(await old.tryIn('recycled@example.org'), undefined)
    assert.match(old.asked.at(-1)?.email ?? '', /@nobody\.invalid$/)
    assert.equal((await accounts.get(call, old.accountId))?.value.password, undefined)
  }
})

test('requirement 71: an address that is of another id in the other system by now opens nothing, and the log says so', async (t) => {
  const kept = { ...OF_BEFORE, id: '4c973896-5761-41fc-8217-07c5d13a004b' }
  for (const [row, id] of [
    [OF_BEFORE, '43'],
    [OF_BEFORE, kept.id],
    [kept, '42'],
    [kept, '4c973896-5761-41fc-8217-07c5d13a004c'],
  ] as const) {
    const old = await awaited(t, { row, person: { id } })
    assert.equal(await old.tryIn(row.email), undefined, `${row.id} ${id}`)
    assert.equal((await old.world.database.collection(accountsCollection).get(call, old.accountId))?.value.password, undefined)
    assert.match(old.world.log.join(''), /auth\.legacy_refused.*moved in with another one/)
  }
})

test('the same id opens it, and so does an answer or a file without any', async (t) => {
  const { id: _, ...nameless } = OF_BEFORE
  const kept = { ...OF_BEFORE, id: '4c973896-5761-41fc-8217-07c5d13a004b' }
  for (const [row, person] of [
    [OF_BEFORE, { id: '42' }],
    [OF_BEFORE, {}],
    [kept, { id: kept.id }],
    [nameless, { id: '42' }],
    [nameless, { id: kept.id }],
  ] as const) {
    const old = await awaited(t, { row, person })
    assert.equal((await old.tryIn(row.email))?.accountId, old.accountId, JSON.stringify([row, person]))
  }
})

test('requirement 71: with the password come the identities that the other system tells of, and none that is connected with somebody else here', async (t) => {
  const identities = [
    { issuer: 'https://club.example', subject: 'ada' },
    { issuer: 'https://guild.example', subject: 'ada' },
  ]
  const rows = [OF_BEFORE, { ...OF_BEFORE, emailVerified: false }]
  for (const row of rows) {
    const old = await awaited(t, { row, person: { identities } })
    const taken = { email: 'eve@example.org', identities: identities.slice(1) }
    assert.equal((await old.world.running.moving.moveIn(call, [taken], { from: 'old' }))[0]?.outcome, 'made')
    assert.equal((await old.tryIn(row.email))?.accountId, old.accountId)
    const linked = await old.world.running.upstreams.identities(call, old.accountId)
    assert.deepEqual(
      linked.map(({ issuer, subject }) => [issuer, subject]),
      [['https://club.example', 'ada']],
    )
    assert.match(old.world.log.join(''), /auth\.legacy_refused.*guild\.example is connected with another account/)
    // Nor does that of somebody else keep those out whom nobody here knows.
    assert.ok(await old.tryIn('third@example.org'))
  }
})

test('requirement 71: nor where the address is changed while the other system is asked', async (t) => {
  const changes: { now?: () => Promise<void> } = {}
  const world = await openAccounts({
    definition: {
      legacySignIn: async (_context, { email }) => {
        if (email !== OF_BEFORE.email) return undefined
        await changes.now?.()
        return { emailVerified: true }
      },
    },
  })
  t.after(() => world.stop())
  const [moved] = await world.running.moving.moveIn(call, [OF_BEFORE], { from: 'old' })
  const accountId = moved?.outcome === 'made' ? moved.accountId : assert.fail()
  const accounts = world.database.collection(accountsCollection)
  for (const set of [{ email: 'after@example.org' }, { email: OF_BEFORE.email, waysVersion: 1 }]) {
    changes.now = async () => {
      await accounts.update(call, accountId, { set })
    }
    assert.equal(await world.accounts.signIn(call, { email: OF_BEFORE.email, password: PASSWORD, client: 'c' }), undefined)
    assert.equal((await accounts.get(call, accountId))?.value.password, undefined, JSON.stringify(set))
    await accounts.update(call, accountId, { set: { email: OF_BEFORE.email } })
  }
})

test('an id of a file that says nothing of the other system is none of that system', async (t) => {
  const old = await opened(t, { person: { id: '42' } })
  await old.world.running.moving.moveIn(call, [{ id: '42', email: 'of-the-file@example.org' }], { from: 'old' })
  assert.ok(await old.tryIn('somebody-else@example.org'))
})

test('what is kept of them is two keyed hashes, and nothing where no other system is asked', async (t) => {
  const old = await opened(t)
  const person = (await old.tryIn('eve@example.org')) ?? assert.fail()
  await old.endAccount(person.accountId)
  const { ended } = old.world.running.shared
  const has = (accountId: string, email: string): Promise<boolean> => ended.has(call, { accountId, addresses: [email] })
  assert.deepEqual([await has(person.accountId, ''), await has('', 'eve@example.org'), await has('', '')], [true, true, false])
  const plain = await openAccounts()
  t.after(() => plain.stop())
  const ada = await plain.person()
  await plain.leaving.requestDeletion(call, { accountId: ada.accountId })
  plain.clock.advance(14 * DAY)
  for (const job of plain.leaving.jobs) await job.handle({ call, jobId: 'erase', attempt: 1 }, {})
  assert.equal(await plain.running.shared.ended.has(call, { accountId: ada.accountId, addresses: [ada.email] }), false)
  assert.ok(endedCollection.expiry === 'expiresAt', 'it goes by itself')
})

test('a file brings nobody of a domain that the app does not take, and says so', async (t) => {
  const { world, stored } = await opened(t, { signUp: { domains: { block: ['*.rival.example', 'rival.example'] } } })
  const rows = [{ email: 'eve@rival.example' }, { email: 'eve@mail.rival.example' }, { email: 'ada@example.org' }]
  for (const dryRun of [true, false]) {
    const outcomes = await world.running.moving.moveIn(call, rows, { from: 'elsewhere', dryRun })
    assert.deepEqual(
      outcomes.map(({ outcome }) => outcome),
      ['refused', 'refused', 'made'],
    )
    assert.match(JSON.stringify(outcomes[0]), /no addresses of this domain/)
  }
  assert.equal(await stored('eve@rival.example'), undefined)
})

test('whoever moves in has the language that the other system knows, else what they read as they came', async (t) => {
  for (const [known, kept] of [
    [undefined, 'de'],
    ['FR_ca', 'fr-CA'],
    ['no language', 'de'],
  ] as const) {
    const old = await opened(t, { person: known === undefined ? {} : { language: known } })
    const account = await old.world.accounts.signIn(callIn(call, 'de'), { email: 'eve@example.org', password: PASSWORD, client: 'c' })
    assert.equal((await old.stored('eve@example.org'))?.language, kept, known)
    assert.ok(account)
  }
})

test('requirement 71: two sign-ins of one person sent at once both come in, and a wrong password does not', async (t) => {
  const failures = async ({ world }: Old): Promise<number> => {
    await world.settled()
    return world.log.filter((line) => line.includes('auth.sign_in_refused')).length
  }
  const fresh = async (): Promise<Old> => opened(t, { person: { id: '42' } })
  const ways = [
    fresh,
    async () => awaited(t, { person: { id: '42' } }),
    async () => awaited(t, { row: { ...OF_BEFORE, emailVerified: false } }),
  ]
  for (const [way, open] of ways.entries()) {
    const old = await open()
    const both = await Promise.all([1, 2, 3].map(() => old.tryIn(OF_BEFORE.email)))
    const { id } = (await old.stored(OF_BEFORE.email)) ?? assert.fail()
    assert.deepEqual(
      both.map((one) => one?.accountId),
      [id, id, id],
      `way ${way}`,
    )
    assert.equal(await failures(old), 0)
    assert.equal(await old.tryIn(OF_BEFORE.email, 'a guess'), undefined)
    assert.equal(await failures(old), 1)
  }
})

test('requirement 71: whoever has the address by the time that the other system answers is opened by their own password alone', async (t) => {
  for (const own of ['somebody else set this', undefined]) {
    const taking: { now?: () => Promise<unknown> } = {}
    const world = await openAccounts({
      definition: {
        legacySignIn: async (_context, { email }) => {
          if (email !== OF_BEFORE.email) return undefined
          await taking.now?.()
          return { emailVerified: true }
        },
      },
    })
    t.after(() => world.stop())
    taking.now = () =>
      own === undefined
        ? world.running.moving.moveIn(call, [{ email: OF_BEFORE.email, emailVerified: true }], { from: 'old' })
        : world.person({ email: OF_BEFORE.email, password: own })
    assert.equal(await world.accounts.signIn(call, { email: OF_BEFORE.email, password: PASSWORD, client: 'c' }), undefined)
    delete taking.now
    assert.equal(
      (await world.accounts.signIn(call, { email: OF_BEFORE.email, password: own ?? PASSWORD, client: 'd' })) !== undefined,
      own !== undefined,
    )
  }
})
