// Whom another system knows asks here for a mail, or signs up: that system is asked before the mail says that nobody has the address, and nobody is kept waiting.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import type { Account } from '../../src/auth/accounts/schemas.ts'
import type { AuthDefinition } from '../../src/auth/contract.ts'
import type { AuthHooks } from '../../src/auth/hooks/contract.ts'
import type { LegacyFindHook, LegacyFound, LegacyQuestion } from '../../src/auth/moving/contract.ts'
import { type AccountsWorld, call, openAccounts, tokenIn } from '../support/accounts.ts'

const OLD_ID = '4c973896-5761-41fc-8217-07c5d13a004b'
const ADA = 'ada@example.org'
const NEW_PASSWORD = 'nine folded squares'
const MINUTE = 60_000

interface Old {
  readonly world: AccountsWorld
  readonly asked: LegacyQuestion[]
  account(email?: string): Promise<Account | undefined>
  /** The templates of all mails to an address. */
  templates(email?: string): Promise<readonly string[]>
}

interface Settings {
  readonly person?: Partial<LegacyFound>
  readonly find?: LegacyFindHook
  readonly hooks?: AuthHooks
  readonly methods?: AuthDefinition['methods']
}

async function opened(t: TestContext, { person = {}, find, hooks, methods = {} }: Settings = {}): Promise<Old> {
  const asked: LegacyQuestion[] = []
  const ada = { id: OLD_ID, email: ADA, emailVerified: true, name: 'Ada Lovelace', roles: ['editor'], ...person }
  const world = await openAccounts({
    definition: {
      methods: { emailCode: true, magicLink: true, ...methods },
      legacyFind: (context, question) => {
        asked.push(question)
        if (find !== undefined) return find(context, question)
        return 'email' in question && question.email === ADA ? ada : undefined
      },
    },
    ...(hooks === undefined ? {} : { hooks }),
  })
  t.after(() => world.stop())
  return {
    world,
    asked,
    account: async (email = ADA) => (await world.database.collection(accountsCollection).getByKey(call, 'email', { email }))?.value,
    async templates(email = ADA) {
      await world.settled()
      return world.mails.filter(({ to }) => to === email).map(({ template }) => template)
    },
  }
}

const WAYS = ['reset', 'sign-in', 'passkey', 'sign-up'] as const
type Way = (typeof WAYS)[number]

async function askBy(way: Way, { accounts, byMail }: AccountsWorld, email = ADA): Promise<void> {
  const asker = { email, client: 'c' }
  if (way === 'reset') return byMail.recovery.ask(call, asker)
  if (way === 'passkey') return byMail.lostPasskeys.ask(call, asker)
  if (way === 'sign-in') return byMail.signIns.ask(call, { ...asker, browser: 'b', interaction: 'u1' })
  return accounts.signUp(call, { ...asker, name: 'Ada', password: NEW_PASSWORD })
}

test('requirement 71: a new password by mail is one for the account of there', async (t) => {
  const old = await opened(t)
  const { world } = old
  await askBy('reset', world)
  const token = tokenIn(await world.mailTo(ADA, 'reset-password'))
  assert.ok(await world.byMail.recovery.reset(call, { token, password: NEW_PASSWORD }))
  const signedIn = await world.accounts.signIn(call, { email: ADA, password: NEW_PASSWORD, client: 'c' })
  assert.equal(signedIn?.accountId, OLD_ID)
  const account = (await old.account()) ?? assert.fail()
  assert.deepEqual([account.name, account.roles], ['Ada Lovelace', ['editor']])
  assert.deepEqual(old.asked, [{ email: ADA }])
  await askBy('reset', world)
  assert.deepEqual(await old.templates(), ['reset-password', 'password-changed', 'reset-password'])
  assert.equal(old.asked.length, 1, 'who is here is not asked about')
})

test('requirement 71: so is a sign-in by a mailed code or link, and codes that were tried meanwhile count', async (t) => {
  const old = await opened(t)
  const { byMail, mailTo } = old.world
  await askBy('sign-in', old.world)
  const place = { browser: 'b', interaction: 'u1' }
  const { code = '' } = (await mailTo(ADA, 'sign-in-code-or-link')).data
  for (const typed of ['00000000', '00000001'])
    assert.equal(await byMail.signIns.redeemCode(call, { typed, client: 'c', ...place }), 'wrong')
  const signedIn = await byMail.signIns.redeemCode(call, { typed: code, client: 'c', ...place })
  assert.equal(typeof signedIn === 'object' && signedIn.accountId, OLD_ID)

  const tried = await opened(t, {
    find: async (_context, question) => {
      for (const typed of ['1', '2', '3', '4', '5']) await tried.world.byMail.signIns.redeemCode(call, { typed, client: 'c', ...place })
      return 'email' in question ? { id: OLD_ID, email: question.email, emailVerified: true } : undefined
    },
  })
  await askBy('sign-in', tried.world)
  const { code: late = '' } = (await tried.world.mailTo(ADA, 'sign-in-code-or-link')).data
  assert.equal(await tried.world.byMail.signIns.redeemCode(call, { typed: late, client: 'c', ...place }), 'ended')
})

test('requirement 71: a mail that was asked for once more since is not made anybody else by the one of before', async (t) => {
  let goOn: (() => void) | undefined
  const old = await opened(t, {
    find: async (_context, question) => {
      if (!('email' in question) || question.email !== ADA) return undefined
      await new Promise<void>((resolve) => (goOn = resolve))
      return { id: OLD_ID, email: ADA, emailVerified: true }
    },
  })
  const place = { browser: 'b', interaction: 'u1' }
  const eve = await old.world.person({ email: 'eve@example.org' })
  await askBy('sign-in', old.world)
  while (goOn === undefined) await new Promise((resolve) => setTimeout(resolve, 5))
  await askBy('sign-in', old.world, eve.email)
  goOn()
  const { code = '' } = (await old.world.mailTo(eve.email, 'sign-in-code-or-link')).data
  await old.world.settled()
  const signedIn = await old.world.byMail.signIns.redeemCode(call, { typed: code, client: 'c', ...place })
  assert.equal(typeof signedIn === 'object' && signedIn.accountId, eve.accountId)
  assert.ok(!(await old.templates()).includes('sign-in-code-or-link'))
})

test('requirement 71: whoever signs up here reads that there is an account, and no second one can come of it', async (t) => {
  const old = await opened(t)
  await askBy('sign-up', old.world)
  assert.deepEqual(await old.templates(), ['already-registered'])
  assert.equal((await old.account())?.id, OLD_ID)
  await askBy('sign-up', old.world, 'new@example.org')
  const token = tokenIn(await old.world.mailTo('new@example.org', 'confirm-address'))
  assert.ok(await old.world.accounts.confirm(call, { token, client: 'c', password: NEW_PASSWORD }), 'others do as ever')
})

test('a lost passkey is replaced by the mailbox, where there is nothing else', async (t) => {
  const old = await opened(t, { methods: { password: false, emailCode: false, magicLink: false } })
  await askBy('passkey', old.world)
  const token = tokenIn(await old.world.mailTo(ADA, 'new-passkey'))
  assert.equal((await old.world.byMail.lostPasskeys.pending(call, token))?.accountId, OLD_ID)
})

test('requirement 69: nobody waits for the other system, and what comes is said in the mail alone', async (t) => {
  for (const way of WAYS) {
    let answer: (() => void) | undefined
    const old = await opened(t, {
      find: async () => {
        await new Promise<void>((resolve) => (answer = resolve))
        return undefined
      },
    })
    // Comes back although there is no answer.
    assert.equal(await askBy(way, old.world), undefined, way)
    while (answer === undefined) await new Promise((resolve) => setTimeout(resolve, 5))
    answer()
    assert.deepEqual(await old.templates(), [way === 'sign-up' ? 'confirm-address' : 'no-account'], way)
  }
})

test('requirement 71: while the other system fails, the mail waits, nothing is made, and who is here gets theirs as ever', async (t) => {
  for (const way of WAYS) {
    let isDown = true
    const old = await opened(t, {
      find: (_context, question) => {
        if (isDown) throw new Error('down')
        return 'email' in question && question.email === ADA ? { id: OLD_ID, email: ADA, emailVerified: true } : undefined
      },
    })
    const { world } = old
    await askBy(way, world)
    assert.deepEqual(await old.templates(), [], way)
    assert.equal(await old.account(), undefined)
    assert.match(world.log.join(''), /auth\.hook_failed.*legacyFind/)
    isDown = false
    await world.failedJobs.shift()?.()
    const [template] = await old.templates()
    assert.equal(
      template,
      { reset: 'reset-password', 'sign-in': 'sign-in-code-or-link', passkey: 'new-passkey', 'sign-up': 'already-registered' }[way],
    )
    isDown = true
    await askBy('reset', world)
    assert.equal((await old.templates()).at(-1), 'reset-password', 'by now they are here')
    await askBy(way, world, 'late@example.org')
    await world.settled()
    isDown = false
    world.clock.advance(15 * MINUTE)
    await world.failedJobs.shift()?.()
    assert.deepEqual(await old.templates('late@example.org'), [], 'when it would lead nowhere it is not sent')
  }
})

test('who is switched off there reads so, and nothing of it is kept; whose address nobody has confirmed there is nobody', async (t) => {
  for (const way of WAYS) {
    const blocked = await opened(t, { person: { suspended: true } })
    await askBy(way, blocked.world)
    assert.deepEqual(await blocked.templates(), ['account-blocked'], way)
    assert.equal(blocked.world.mails[0]?.data['name'], 'Ada Lovelace')
    assert.equal(await blocked.account(), undefined)
    const unconfirmed = await opened(t, { person: { emailVerified: false } })
    await askBy(way, unconfirmed.world)
    assert.deepEqual(await unconfirmed.templates(), [way === 'sign-up' ? 'confirm-address' : 'no-account'], way)
    assert.equal(await unconfirmed.account(), undefined)
  }
})

test('whom the app keeps out reads what everybody reads', async (t) => {
  const old = await opened(t, { hooks: { beforeSignUp: () => ({ refuse: { message: 'Please write to the office.' } }) } })
  await askBy('reset', old.world)
  assert.deepEqual(await old.templates(), ['no-account'])
  assert.equal(await old.account(), undefined)
})

const AFTER = 'after@example.org'

/** Has moved in by a file, and goes on under another address. */
async function leftMailbox({ world: { byMail, running, mailTo } }: Old, id = OLD_ID): Promise<string> {
  const row = { id, email: ADA, emailVerified: true, name: 'Ada Lovelace', legacyPassword: true }
  const [made] = await running.moving.moveIn(call, [row], { from: 'old' })
  assert.ok(made?.outcome === 'made')
  const { accountId } = made
  await byMail.addresses.ask(call, { accountId, email: AFTER, client: 'c' })
  assert.ok(await byMail.addresses.confirm(call, { accountId, token: tokenIn(await mailTo(AFTER, 'confirm-new-address')), by: {} }))
  return accountId
}

test('requirement 71: the mailbox that somebody has left here is theirs no more, though the other system says so', async (t) => {
  const old = await opened(t)
  const { mailTo, accounts } = old.world
  const accountId = await leftMailbox(old)
  const [of, before] = await Promise.all([old.templates(AFTER), old.templates()])
  for (const way of ['reset', 'sign-in', 'sign-up'] as const) await askBy(way, old.world)
  assert.deepEqual((await old.templates()).slice(before.length), ['no-account', 'no-account', 'confirm-address'])
  assert.deepEqual(await old.templates(AFTER), of, 'nothing goes to the address of now')
  const token = tokenIn(await mailTo(ADA, 'confirm-address'))
  assert.ok(await accounts.confirm(call, { token, client: 'c', password: NEW_PASSWORD }), 'whoever has the mailbox by now is somebody else')
  assert.notEqual((await old.account())?.id, accountId)
  assert.equal((await old.account(AFTER))?.id, accountId)
})

test('requirement 71: nor does whoever has it by now read that somebody is blocked there, or who', async (t) => {
  for (const id of [OLD_ID, '42']) {
    const old = await opened(t, { person: { suspended: true, id } })
    const accountId = await leftMailbox(old, id)
    await old.templates()
    const before = old.world.mails.length
    for (const way of ['reset', 'sign-up'] as const) await askBy(way, old.world)
    assert.deepEqual((await old.templates()).slice(-2), ['no-account', 'confirm-address'], id)
    assert.doesNotMatch(JSON.stringify(old.world.mails.slice(before)), /Lovelace/, id)
    // Nor after the end of the account here.
    await old.world.leaving.requestDeletion(call, { accountId })
    old.world.clock.advance(14 * 24 * 60 * MINUTE)
    for (const job of old.world.leaving.jobs) await job.handle({ call, jobId: 'erase', attempt: 1 }, {})
    assert.equal(await old.account(AFTER), undefined)
    await askBy('reset', old.world)
    assert.equal((await old.templates()).at(-1), 'no-account', id)
  }
})

test('no more is asked of the other system than mails would be sent', async (t) => {
  const old = await opened(t, { find: () => undefined })
  for (let round = 0; round < 6; round += 1) await askBy('reset', old.world)
  assert.equal((await old.templates()).length, 3)
  assert.equal(old.asked.length, 3)
})
