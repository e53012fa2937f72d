// Another address for an account: proved by the new mailbox, confirmed where its owner is signed in, told to the old mailbox, which can take it back.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import { sha256 } from '#kernel/keyring.ts'
import { addressChangesCollection, createAddressRepository } from '../../src/auth/address/repository.ts'
import { createAddresses } from '../../src/auth/address/service.ts'
import { mailRequest } from '../../src/jobs/mail/schemas.ts'
import { renderMail } from '../../src/jobs/mail/templates.ts'
import { passkeysCollection } from '../../src/auth/passkeys/repository.ts'
import { type AccountsWorld, call, openAccounts, type SentMail, tokenIn, type Visited } from '../support/accounts.ts'
import { until } from '../support/until.ts'

let world: AccountsWorld
/** What the job was asked for that ends access. */
const requested: Record<string, unknown>[] = []

before(async () => {
  world = await openAccounts()
  world.database.subscribe({
    consumer: 'test-end-access',
    topics: ['jobs.requested'],
    async handle(events) {
      const jobs = events.map(({ data }) => data as { name: string; input: Record<string, string> })
      requested.push(...jobs.filter(({ name }) => name === 'auth.end_access').map(({ input }) => input))
    },
  })
})

after(() => world.stop())

interface Person {
  readonly accountId: string
  readonly email: string
  readonly password: string
}

function signIn(accountId: string | undefined, ago = 0): void {
  const now = world.clock.now()
  world.engine.sessionList.splice(0)
  if (accountId !== undefined)
    world.engine.sessionList.push({ id: 'here', accountId, signedInAt: now - ago, lastUsedAt: now, device: 'Firefox on Linux' })
  world.engine.signedInAs = accountId
}

async function person(email: string): Promise<Person> {
  const made = await world.person({ email })
  signIn(made.accountId)
  return made
}

const mailTo = (email: string, template: string): Promise<SentMail> =>
  until(`${template} to ${email}`, () => world.mails.findLast((one) => one.to === email && one.template === template))
const emailOf = async ({ accountId }: Person): Promise<string | undefined> => (await world.accounts.find(call, accountId))?.email
const ask = (email: string): Promise<Visited> => world.visit({ path: '/account/email', form: { email }, client: email })
const confirm = (token: string): Promise<Visited> => world.visit({ path: '/account/email/confirm', form: { token } })
const undo = (token: string): Promise<Visited> => world.visit({ path: '/restore-address', form: { token } })

async function moved(owner: Person, to: string): Promise<string> {
  signIn(owner.accountId)
  await ask(to)
  assert.equal((await confirm(tokenIn(await mailTo(to, 'confirm-new-address')))).headers?.['location'], '/account?done=email')
  return to
}

async function signsIn(email: string, password: string): Promise<boolean> {
  world.clock.advance(3_700_000)
  return (await world.accounts.signIn(call, { email, password, client: `c-${world.clock.now()}` })) !== undefined
}

test('requirement 70: a new address is confirmed by a button, once, in the account that asked, and the old mailbox is told', async () => {
  const owner = await person('old@example.org')
  assert.match(String((await ask('new@example.org')).headers?.['location']), /done=email-asked/)
  const token = tokenIn(await mailTo('new@example.org', 'confirm-new-address'))
  const kept = JSON.stringify(await world.database.collection(addressChangesCollection).get(call, sha256(token)))
  assert.ok(kept.includes('new@example.org') && !kept.includes(token), 'what is stored of it opens nothing')
  for (let look = 0; look < 3; look += 1) {
    const shown = await world.visit({ path: `/account/email/confirm?token=${token}` })
    assert.match(shown.text, /new@example\.org/)
  }
  assert.equal(await emailOf(owner), 'old@example.org', 'looking has changed nothing')
  signIn(undefined)
  assert.match(String((await confirm(token)).headers?.['location']), /^\/authorize/)
  const stranger = await person('stranger@example.org')
  assert.equal((await confirm(token)).status, 410, 'whoever gets the mail by a slip gets nothing by it')
  assert.equal(await emailOf(stranger), 'stranger@example.org')
  signIn(owner.accountId)
  const answers = await Promise.all(Array.from({ length: 10 }, () => confirm(token)))
  assert.deepEqual(
    new Set(answers.map(({ headers }) => headers?.['location'])),
    new Set(['/account?done=email']),
    'each hears that it is done',
  )
  assert.equal(await emailOf(owner), 'new@example.org')
  assert.equal((await mailTo('old@example.org', 'address-changed')).data['address'], 'new@example.org')
  assert.equal(await signsIn('new@example.org', owner.password), true)
  assert.equal(await signsIn('old@example.org', owner.password), false)
  const changes = async () =>
    (await world.securityEvents.list(call, owner.accountId, { limit: 20 })).items.filter(({ type }) => type === 'email.changed')
  await until('the event', async () => (await changes()).length > 0)
  await world.settled()
  assert.equal((await changes()).length, 1)
})

test('a link that is opened or pressed once more says what it has done, to its owner alone, while the address is that', async () => {
  const owner = await person('twice@example.org')
  await ask('twice-new@example.org')
  const token = tokenIn(await mailTo('twice-new@example.org', 'confirm-new-address'))
  const open = (): Promise<Visited> => world.visit({ path: `/account/email/confirm?token=${token}` })
  const done = '/account?done=email'
  for (let press = 0; press < 2; press += 1) assert.equal((await confirm(token)).headers?.['location'], done)
  assert.equal((await open()).headers?.['location'], done)
  await person('twice-other@example.org')
  assert.deepEqual([(await open()).status, (await confirm(token)).status], [410, 410])
  await moved(owner, 'twice-newer@example.org')
  assert.deepEqual([(await open()).status, (await confirm(token)).status], [410, 410], 'it is another one by now')
  const last = tokenIn(await mailTo('twice-newer@example.org', 'confirm-new-address'))
  assert.equal((await confirm(last)).headers?.['location'], done)
  world.clock.advance(3_700_000)
  assert.equal((await confirm(last)).status, 410, 'no longer than the link would have been good')
})

test('an address as long as any can be moves no account past the mail to the old mailbox', async () => {
  const owner = await person('brief@example.org')
  const label = 'a'.repeat(60)
  const [long, longer] = [59, 60].map((length) => `${'t'.repeat(64)}@${label}.${label}.${'b'.repeat(length)}.example`)
  assert.deepEqual([long?.length, longer?.length], [254, 255])
  assert.equal((await ask(longer ?? '')).status, 422)
  assert.equal((await ask(`${'t'.repeat(65)}@example.org`)).status, 422, 'no mail could be sent there')
  await moved(owner, long ?? '')
  const asked = mailRequest.parse(await mailTo('brief@example.org', 'address-changed'))
  for (const language of ['en', 'de']) {
    const { text } = renderMail({ ...asked, language }, 'Pixel Diary')
    assert.ok(text.includes(long ?? 'no address') && text.includes(asked.data['link'] ?? 'no link'), language)
  }
  assert.equal((await undo(asked.data['link']?.split('=')[1] ?? '')).status, 200)
  assert.equal(await emailOf(owner), 'brief@example.org')
})

test('asks for a recent sign-in; a link is dead after 15 minutes and after a change of the password', async () => {
  const owner = await person('careful@example.org')
  signIn(owner.accountId, 11 * 60_000)
  assert.match(String((await ask('elsewhere@example.org')).headers?.['location']), /^\/authorize/)
  signIn(owner.accountId)
  for (const email of ['no address', 'careful@example.org']) assert.equal((await ask(email)).status, 422)
  await ask('late@example.org')
  const late = tokenIn(await mailTo('late@example.org', 'confirm-new-address'))
  world.clock.advance(15 * 60_000)
  assert.equal((await confirm(late)).status, 410)
  signIn(owner.accountId)
  await ask('overtaken@example.org')
  const overtaken = tokenIn(await mailTo('overtaken@example.org', 'confirm-new-address'))
  await world.accounts.changePassword(call, {
    accountId: owner.accountId,
    sessionId: 'here',
    current: owner.password,
    next: 'four quiet stones',
  })
  assert.equal((await confirm(overtaken)).status, 410)
  assert.equal(await emailOf(owner), 'careful@example.org')
})

test('an address of somebody else gets the same answer, and only its owner a mail', async () => {
  const other = await person('taken@example.org')
  const owner = await person('wanting@example.org')
  const answers = [await ask('taken@example.org'), await ask('free@example.org')]
  assert.deepEqual(answers[0]?.headers, answers[1]?.headers)
  await mailTo('taken@example.org', 'already-registered')
  assert.equal(await emailOf(owner), 'wanting@example.org')
  assert.equal(await emailOf(other), 'taken@example.org')
})

test("the mail to a new address, which may be anybody's, carries no word of whoever asked", async () => {
  const { accountId } = await world.person({ email: 'wordy@example.org', name: 'Buy at evil.example' })
  signIn(accountId)
  await ask('anybody@example.org')
  const { template, data } = await mailTo('anybody@example.org', 'confirm-new-address')
  assert.deepEqual(Object.keys(data).toSorted(), ['link', 'minutes'])
  for (const language of ['en', 'de']) {
    const { subject, text, html } = renderMail({ template, data, language }, 'Pixel Diary')
    assert.doesNotMatch(`${subject}${text}${html}`, /evil/)
  }
})

test('of two who want one address one gets it', async () => {
  const first = await person('first@example.org')
  const second = await person('second@example.org')
  const links: [Person, string][] = []
  for (const owner of [first, second]) {
    signIn(owner.accountId)
    const known = world.mails.length
    await ask('wanted@example.org')
    const sent = await until('a mail', () => world.mails.slice(known).find(({ template }) => template === 'confirm-new-address'))
    links.push([owner, tokenIn(sent)])
  }
  const statuses: number[] = []
  for (const [owner, token] of links) {
    signIn(owner.accountId)
    statuses.push((await confirm(token)).status)
  }
  assert.deepEqual(statuses, [303, 410])
  assert.deepEqual([await emailOf(first), await emailOf(second)], ['wanted@example.org', 'second@example.org'])
})

test('the old mailbox takes it back: address, all access, the password; and a thief cannot undo that', async () => {
  const owner = await person('victim@example.org')
  await moved(owner, 'thief-1@example.org')
  const back = tokenIn(await mailTo('victim@example.org', 'address-changed'))
  await moved(owner, 'thief-2@example.org')
  const thiefsBack = tokenIn(await mailTo('thief-1@example.org', 'address-changed'))
  world.clock.advance(6 * 24 * 3_600_000)
  signIn(undefined)
  for (let look = 0; look < 2; look += 1)
    assert.match((await world.visit({ path: `/restore-address?token=${back}` })).text, /victim@example\.org/)
  assert.equal(await emailOf(owner), 'thief-2@example.org')
  const done = await undo(back)
  assert.equal(done.status, 200)
  assert.equal(world.engine.asked.at(-1), `revokeAccount ${owner.accountId} except none`)
  assert.equal(await emailOf(owner), 'victim@example.org')
  assert.equal(await signsIn('victim@example.org', owner.password), false, 'the thief knows the password')
  assert.equal((await undo(thiefsBack)).status, 410)
  assert.equal((await undo(back)).status, 410)
  assert.equal(await emailOf(owner), 'victim@example.org')
  await mailTo('victim@example.org', 'address-restored')
  await mailTo('thief-2@example.org', 'address-taken-back')
  await world.settled()
  assert.deepEqual(
    world.mails.filter(({ to, template }) => template === 'address-restored' && to.startsWith('thief')),
    [],
    'a thief hears of no way in',
  )
})

test('the way back is closed after seven days', async () => {
  const owner = await person('later@example.org')
  await moved(owner, 'later-2@example.org')
  const back = tokenIn(await mailTo('later@example.org', 'address-changed'))
  world.clock.advance(7 * 24 * 3_600_000)
  assert.equal((await undo(back)).status, 410)
  assert.equal(await emailOf(owner), 'later-2@example.org')
})

/** A passkey, as somebody adds one who is signed in. */
async function addWay({ accountId }: Person, id: string): Promise<void> {
  const flags = { counter: 0, transports: [], name: id, backupEligible: false, backedUp: false, aaguid: '' }
  const made = { ...flags, id, accountId, credentialId: id, publicKey: '', createdAt: world.clock.now() }
  await world.database.collection(passkeysCollection).insert(call, made)
}
const waysOf = async ({ accountId }: Person): Promise<string[]> =>
  (await world.running.passkeys.list(call, accountId)).map(({ name }) => name)

test('what a thief adds before the change or until the end of access goes, too, and what was there before stays', async () => {
  const owner = await person('robbed@example.org')
  await addWay(owner, 'mine')
  world.clock.advance(8 * 24 * 3_600_000)
  await addWay(owner, 'just before')
  await moved(owner, 'robber@example.org')
  const back = tokenIn(await mailTo('robbed@example.org', 'address-changed'))
  await addWay(owner, 'just after')
  const { revokeAccount } = world.engine
  world.engine.revokeAccount = async (...args) => {
    await addWay(owner, 'at the last moment')
    await revokeAccount(...args)
  }
  try {
    assert.equal((await undo(back)).status, 200)
  } finally {
    world.engine.revokeAccount = revokeAccount
  }
  assert.deepEqual(await waysOf(owner), ['mine'])
})

test('a crash before the end of access does not keep what a thief adds until then, and what its owner adds later stays', async () => {
  const owner = await person('crashed@example.org')
  await moved(owner, 'crasher@example.org')
  const back = tokenIn(await mailTo('crashed@example.org', 'address-changed'))
  world.clock.advance(120_000)
  await addWay(owner, 'before the way back')
  const { revokeAccount } = world.engine
  world.engine.revokeAccount = async () => {
    throw new Error('the process died')
  }
  await assert.rejects(undo(back), /the process died/)
  world.engine.revokeAccount = revokeAccount
  assert.equal(await emailOf(owner), 'crashed@example.org', 'it was stored')
  assert.deepEqual(await waysOf(owner), [], 'what was there has gone with it')
  assert.equal((await undo(back)).status, 410, 'and cannot be asked for again')
  await addWay(owner, 'by a session that is still open')
  const asked = await until('the job that the write asks for', () => requested.find(({ accountId }) => accountId === owner.accountId))
  await world.endAccess(asked)
  assert.deepEqual(await waysOf(owner), [])
  await addWay(owner, 'its owner adds')
  await world.endAccess(asked)
  assert.deepEqual(await waysOf(owner), ['its owner adds'])
})

test('a thief chooses no password while the account is taken back, and changes no address', async () => {
  const owner = await person('reset@example.org')
  await moved(owner, 'resetter@example.org')
  const back = tokenIn(await mailTo('reset@example.org', 'address-changed'))
  assert.deepEqual(await world.byMail.addresses.undo(call, back), {
    accountId: owner.accountId,
    email: 'reset@example.org',
    offered: false,
    suspended: false,
  })
  // The process died before the end of access: the session is still there.
  const choose = () => world.visit({ path: '/account/password', form: { current: '', password: 'a password of the thief' } })
  assert.equal((await choose()).status, 422)
  await ask('again@example.org')
  assert.equal((await confirm(tokenIn(await mailTo('again@example.org', 'confirm-new-address')))).status, 410)
  assert.equal(await emailOf(owner), 'reset@example.org')
  await world.endAccess({ accountId: owner.accountId, until: world.clock.now() + 1000 })
  assert.equal((await world.accounts.find(call, owner.accountId))?.hasPassword, false)
  assert.equal((await choose()).status, 303, 'a later session of its owner does')
})

test('a first password that was on its way when the account was taken back is not kept', async () => {
  const owner = await person('raced@example.org')
  await moved(owner, 'racer@example.org')
  const back = tokenIn(await mailTo('raced@example.org', 'address-changed'))
  await world.database.collection(accountsCollection).update(call, owner.accountId, { set: { password: undefined } })
  const { browserSession } = world.engine
  let looks = 0
  world.engine.browserSession = async (exchange) => {
    const session = await browserSession(exchange)
    looks += 1
    // The last look finds the session still good; all that follows comes after the account was taken back.
    if (looks === 2) {
      world.engine.browserSession = browserSession
      assert.equal((await undo(back)).status, 200)
    }
    return session
  }
  assert.equal((await world.visit({ path: '/account/password', form: { current: '', password: 'a password of the thief' } })).status, 422)
  assert.equal(looks, 2)
  assert.equal((await world.accounts.find(call, owner.accountId))?.hasPassword, false)
})

test('taking it back calls off the end that a thief has asked for, of which the old mailbox hears', async () => {
  const owner = await person('ending@example.org')
  await moved(owner, 'ender@example.org')
  const back = tokenIn(await mailTo('ending@example.org', 'address-changed'))
  assert.equal((await world.visit({ path: '/account/delete', form: { sure: 'yes' } })).headers?.['location'], '/goodbye')
  await mailTo('ending@example.org', 'deletion-requested')
  world.clock.advance(6 * 24 * 3_600_000)
  assert.equal((await undo(back)).status, 200)
  const account = (await world.database.collection(accountsCollection).get(call, owner.accountId))?.value
  assert.deepEqual([account?.email, account?.deletionAt, account?.deletion], ['ending@example.org', undefined, undefined])
  await until('the event', async () => {
    const { items } = await world.securityEvents.list(call, owner.accountId, { limit: 20 })
    return items.some(({ type }) => type === 'account.deletion_cancelled')
  })
})

test('what an account was made with is never taken for a thief, and stays its way in', async () => {
  const owner = await person('young@example.org')
  await addWay(owner, 'made with')
  world.clock.advance(120_000)
  await addWay(owner, 'of the thief')
  await moved(owner, 'younger@example.org')
  assert.equal((await undo(tokenIn(await mailTo('young@example.org', 'address-changed')))).status, 200)
  assert.deepEqual(await waysOf(owner), ['made with'])
})

test('requirement 69: taking back an address that nobody had confirmed is the first proof of its mailbox, and nothing that was there before stays', async () => {
  const identity = { issuer: 'https://up.example', subject: 'not its owner' }
  const row = { email: 'never-proved@example.org', emailVerified: false, name: 'E', createdAt: 1000, identities: [identity] }
  const [made] = await world.running.moving.moveIn(call, [row], { from: 'elsewhere' })
  const accountId = made !== undefined && 'accountId' in made ? made.accountId : assert.fail()
  const mover = { accountId, email: row.email, password: '' }
  await moved(mover, 'mover@example.org')
  const ways = () => world.running.upstreams.identities(call, accountId)
  assert.equal((await ways()).length, 1)
  assert.equal((await undo(tokenIn(await mailTo(row.email, 'address-changed')))).status, 200)
  assert.deepEqual(await ways(), [])
  const account = await world.accounts.find(call, accountId)
  assert.deepEqual([account?.email, account?.emailVerified], [row.email, true])
})

test('without passwords the way back leads to where people sign in, and neither page nor mail speaks of one', async (t) => {
  const off = await openAccounts({ definition: { methods: { password: false, emailCode: true } } })
  t.after(() => off.stop())
  const now = off.clock.now()
  const account = { id: 'robbed', email: 'robbed@example.org', name: 'R', emailVerifiedAt: now, createdAt: now }
  await off.database.collection(accountsCollection).insert(call, account)
  off.engine.sessionList.push({ id: 'here', accountId: account.id, signedInAt: now, lastUsedAt: now, device: 'Firefox on Linux' })
  off.engine.signedInAs = account.id
  await off.visit({ path: '/account/email', form: { email: 'robber@example.org' } })
  await off.visit({
    path: '/account/email/confirm',
    form: { token: tokenIn(await off.mailTo('robber@example.org', 'confirm-new-address')) },
  })
  const back = tokenIn(await off.mailTo(account.email, 'address-changed'))
  assert.doesNotMatch((await off.visit({ path: `/restore-address?token=${back}` })).text, /password/)
  const { status, text } = await off.visit({ path: '/restore-address', form: { token: back } })
  assert.equal(status, 200)
  assert.match(text, /<a class="button" href="\/account">Sign in<\/a>/)
  assert.doesNotMatch(text, /forgot-password|password/)
  await off.mailTo('robber@example.org', 'address-taken-back')
  await off.mailTo(account.email, 'address-restored')
  for (const { template, data } of off.mails)
    for (const language of ['en', 'de']) {
      const said = renderMail({ template, data, language }, 'Pixel Diary', { ways: { password: false, needsPasskey: false } })
      assert.doesNotMatch(`${said.subject}${said.text}${said.html}`, /password|Passwort/i, template)
    }
})

test('nothing is removed for an address that is somebody else by now', async () => {
  const owner = await person('given-up@example.org')
  await moved(owner, 'kept@example.org')
  const back = tokenIn(await mailTo('given-up@example.org', 'address-changed'))
  await addWay(owner, 'of its owner')
  await moved(await person('newcomer@example.org'), 'given-up@example.org')
  assert.equal((await undo(back)).status, 410)
  assert.deepEqual(await waysOf(owner), ['of its owner'])
  assert.equal(await emailOf(owner), 'kept@example.org')
})

test('a change at the same moment does not stop the way back', async () => {
  const owner = await person('contested@example.org')
  await moved(owner, 'contender@example.org')
  const back = tokenIn(await mailTo('contested@example.org', 'address-changed'))
  let times = 0
  const removals = async (): Promise<[]> => {
    times += 1
    if (times === 1) await world.database.collection(accountsCollection).update(call, owner.accountId, { set: { waysVersion: 77 } })
    return []
  }
  const { repository: accounts, admission } = world.running.shared
  const limits = { mayMail: async () => true }
  const repository = createAddressRepository(world.database, { removals })
  const addresses = createAddresses({ repository, accounts, admission, limits, clock: world.clock, origin: '' })
  assert.deepEqual(await addresses.undo(call, back), {
    accountId: owner.accountId,
    email: 'contested@example.org',
    offered: false,
    suspended: false,
  })
  assert.deepEqual([times, await emailOf(owner)], [2, 'contested@example.org'])
})
