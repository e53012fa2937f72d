// A new password by mail: for whoever has the mailbox, once, without telling anybody else anything.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sha256 } from '#kernel/keyring.ts'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import { resetsCollection } from '../../src/auth/recovery/repository.ts'
import { passkeysCollection } from '../../src/auth/passkeys/repository.ts'
import { codesCollection, totpCollection } from '../../src/auth/second-factors/repository.ts'
import { identitiesCollection } from '../../src/auth/upstream/repository.ts'
import type { StoredEvent } from '../../src/database/contract.ts'
import { type AccountsWorld, call, cookiesAfter, openAccounts, type SentMail, tokenIn, type Visited } from '../support/accounts.ts'
import { until } from '../support/until.ts'

let world: AccountsWorld
const jobs: StoredEvent['data'][] = []

before(async () => {
  world = await openAccounts()
  world.database.subscribe({
    consumer: 'test-jobs',
    topics: ['jobs.requested'],
    handle: async (events) => void jobs.push(...events.map(({ data }) => data)),
  })
})

after(() => world.stop())

const NEXT = 'four quiet river stones'

/** Asks for a mail and waits for it. */
async function ask(email: string, client = email): Promise<SentMail> {
  const known = world.mails.length
  const asked = await world.visit({ path: '/forgot-password', form: { email }, client })
  assert.equal(asked.headers?.['location'], '/forgot-password/sent')
  // One that tells of an earlier change may still be on its way.
  return until(`a mail to ${email}`, () =>
    world.mails.slice(known).find(({ to, template }) => to === email && template !== 'password-changed'),
  )
}

async function signsIn(email: string, password: string): Promise<boolean> {
  world.clock.advance(3_700_000)
  return (await world.accounts.signIn(call, { email, password, client: `c-${world.clock.now()}` })) !== undefined
}

test('requirement 70: looking at the link uses nothing up, the button does, once; requirement 32: and everything that was open ends', async () => {
  const { email, accountId, password } = await world.person({ email: 'forgot@example.org' })
  const sent = await ask(email)
  assert.equal(sent.template, 'reset-password')
  const token = tokenIn(sent)
  const path = `/reset-password?token=${token}`
  for (let look = 0; look < 3; look += 1) {
    const shown = await world.visit({ path })
    assert.equal(shown.status, 200)
    assert.match(shown.text, /name="password"/)
  }
  assert.equal(await signsIn(email, password), true, 'looking has changed nothing')
  const again = tokenIn(await ask(email))
  const kept = JSON.stringify(await world.database.collection(resetsCollection).get(call, sha256(again)))
  assert.ok(kept.includes(email) && !kept.includes(again), 'what is stored of it opens nothing')
  const weak = await world.visit({ path: '/reset-password', form: { token: again, password: 'short' } })
  assert.equal(weak.status, 422)
  const asked = world.engine.asked.length
  const done = await world.visit({ path: '/reset-password', form: { token: again, password: NEXT } })
  assert.equal(done.headers?.['location'], '/reset-password/done')
  assert.equal(done.csrfRenewed, false, 'or a second press would be refused')
  assert.deepEqual(world.engine.asked.slice(asked), [`revokeAccount ${accountId} except none`], 'nobody was signed in, all sessions ended')
  assert.equal((await world.visit({ path: '/reset-password', form: { token: again, password: 'another good one' } })).status, 410)
  assert.equal((await world.visit({ path: `/reset-password?token=${again}` })).status, 410)
  assert.equal(await signsIn(email, password), false)
  assert.equal(await signsIn(email, NEXT), true)
  await world.mailTo(email, 'password-changed')
  await until('the job that ends access', () =>
    jobs.some((job) => JSON.stringify(job).startsWith(`{"name":"auth.end_access","input":{"accountId":"${accountId}","until":`)),
  )
  await until('the event', async () =>
    (await world.securityEvents.list(call, accountId, { limit: 9 })).items.some(({ type }) => type === 'password.reset'),
  )
})

test('requirement 70: of many at once with one link one wins, and the password is that one', async () => {
  const { email } = await world.person({ email: 'race@example.org' })
  const token = tokenIn(await ask(email))
  const choices = Array.from({ length: 20 }, (_, index) => `number ${index} of twenty stones`)
  const answers = await Promise.all(choices.map((password) => world.visit({ path: '/reset-password', form: { token, password } })))
  const winners = choices.filter((_, index) => answers[index]?.status === 303)
  assert.equal(winners.length, 1)
  for (const [index, answer] of answers.entries()) if (choices[index] !== winners[0]) assert.equal(answer.status, 410)
  assert.equal(await signsIn(email, winners[0] ?? ''), true)
})

test('requirement 70: a link is dead after 15 minutes, after another change of the password, and for whoever is suspended', async () => {
  const { email, accountId, password } = await world.person({ email: 'dead@example.org' })
  const late = tokenIn(await ask(email))
  world.clock.advance(15 * 60_000)
  assert.equal((await world.visit({ path: '/reset-password', form: { token: late, password: NEXT } })).status, 410)
  const overtaken = tokenIn(await ask(email))
  assert.equal(
    typeof (await world.accounts.changePassword(call, { accountId, sessionId: 'here', current: password, next: 'changed on the page' })),
    'string',
  )
  assert.equal((await world.visit({ path: `/reset-password?token=${overtaken}` })).status, 410)
  assert.equal((await world.visit({ path: '/reset-password', form: { token: overtaken, password: NEXT } })).status, 410)
  for (const token of ['', 'x'.repeat(43), sha256(late)])
    assert.equal((await world.visit({ path: `/reset-password?token=${token}` })).status, 410)
  assert.equal(await signsIn(email, 'changed on the page'), true, 'and nothing was changed by any of them')
})

test('whoever moved in with an address that was not confirmed gets in by its mailbox, and nobody by what was there before', async () => {
  const email = 'moved-in@example.org'
  const identities = [{ issuer: 'https://i.example', subject: 'somebody' }]
  await world.running.moving.moveIn(call, [{ email, identities }], { from: 'elsewhere' })
  const { accountId, email: linked } = await world.person({ email: 'moved-in-before@example.org' })
  const find = async (address: string) =>
    (await world.database.collection(accountsCollection).getByKey(call, 'email', { email: address }))?.value
  const moved = (await find(email))?.id ?? ''
  const ways = async (id: string): Promise<number> => {
    const theirs = { index: 'account', where: { accountId: id }, limit: 9 } as const
    const found = await Promise.all([
      world.database.collection(identitiesCollection).list(call, theirs),
      world.database.collection(passkeysCollection).list(call, theirs),
    ])
    const single = [
      await world.database.collection(totpCollection).get(call, id),
      await world.database.collection(codesCollection).get(call, id),
    ]
    return [...found.flatMap<unknown>(({ items }) => items), ...single].filter((one) => one !== undefined).length
  }
  const flags = { counter: 0, transports: [], name: 'k', backupEligible: false, backedUp: false, aaguid: '', createdAt: 1 }
  for (const id of [moved, accountId])
    await world.database.collection(passkeysCollection).insert(call, { ...flags, id, accountId: id, credentialId: id, publicKey: '' })
  const addTotp = async (id: string): Promise<unknown> =>
    await world.database.collection(totpCollection).insert(call, { id, key: 'sealed', lastStep: 0, createdAt: 1 })
  const { revokeAccount } = world.engine
  for (const id of [moved, accountId]) {
    await addTotp(id)
    await world.database.collection(codesCollection).insert(call, { id, unused: ['hash'], createdAt: 1 })
  }
  assert.deepEqual([await ways(moved), await ways(accountId)], [4, 3])
  for (const address of [email, linked]) {
    const form = { token: tokenIn(await ask(address)), password: NEXT }
    if (address === email) {
      world.engine.revokeAccount = async (...args) => {
        await addTotp(moved)
        await revokeAccount(...args)
      }
    }
    assert.equal((await world.visit({ path: '/reset-password', form })).status, 303)
    world.engine.revokeAccount = revokeAccount
    assert.equal(await signsIn(address, NEXT), true, address)
  }
  assert.equal((await find(email))?.emailVerifiedAt !== undefined, true)
  assert.deepEqual([await ways(moved), await ways(accountId)], [0, 3], 'of a confirmed address everything stays')
  await addTotp(moved)
  await world.endAccess({ accountId: moved })
  assert.equal(await ways(moved), 1, 'what its owner sets afterwards stays')
})

test('that a mail is on its way is said where it was asked for, while its link is good, and by no link', async () => {
  const email = 'mailed@example.org'
  const asking = [
    { ask: '/forgot-password', page: '/forgot-password/sent', form: { email } },
    { ask: '/sign-up', page: '/check-mail', form: { email, name: 'Ada', password: NEXT } },
  ]
  for (const base of ['', '/interaction/u1'])
    for (const { ask: path, page, form } of asking) {
      const asked = await world.visit({ path: `${base}${path}`, form, client: `${base}${path}` })
      const there = `${base}${page}`
      assert.equal(asked.headers?.['location'], there)
      const cookies = cookiesAfter(asked)
      world.clock.advance(15 * 60_000 - 1)
      assert.equal((await world.visit({ path: there, cookies })).status, 200)
      world.clock.advance(1)
      for (const led of [await world.visit({ path: there, cookies }), await world.visit({ path: there })])
        assert.deepEqual([led.status, led.headers?.['location'], led.text], [303, `${base}${path}`, ''])
    }
})

test('a tab that waits for its mail says so after others have done something in the same browser, up to five of them', async () => {
  const cookies: Record<string, string> = { '__Host-Http-here': 'h'.repeat(43) }
  const send = async (path: string, form: Readonly<Record<string, string>>): Promise<Visited> => {
    const sent = await world.visit({ path, form, cookies, client: path })
    assert.equal(sent.status, 303, sent.text)
    Object.assign(cookies, cookiesAfter(sent))
    return sent
  }
  const waits = async (path: string): Promise<boolean> => (await world.visit({ path, cookies })).status === 200
  const email = 'tabs@example.org'
  await send('/sign-up', { email, name: 'Ada', password: NEXT })
  await send('/interaction/u1/forgot-password', { email: 'ada@example.org' })
  const confirmed = await send('/confirm', { token: tokenIn(await world.mailTo(email)) })
  assert.match(confirmed.cookies.join(), /__Host-Http-done=[\w-]+; Path=\/; Max-Age=900;/, 'for as long as the tab that waits longest')
  const pages = ['/check-mail', '/interaction/u1/forgot-password/sent', '/confirmed']
  for (const page of pages) assert.equal(await waits(page), true, page)
  for (const base of ['/interaction/u2', '/interaction/u3', '/interaction/u3']) await send(`${base}/forgot-password`, { email })
  for (const page of pages) assert.equal(await waits(page), true, `${page}: the same once more is one tab`)
  await send('/forgot-password', { email })
  assert.deepEqual(await Promise.all([...pages, '/forgot-password/sent'].map(waits)), [false, true, true, true])
  world.clock.advance(2 * 60_000)
  assert.deepEqual(await Promise.all(pages.map(waits)), [false, true, false])
})

test('requirement 69: an address without an account gets the same answers, and a mail that says so', async () => {
  const { email } = await world.person({ email: 'known@example.org' })
  const pagesFor = async (address: string): Promise<Visited[]> => {
    const asked = await world.visit({ path: '/forgot-password', form: { email: address } })
    return [asked, await world.visit({ path: '/forgot-password/sent', cookies: cookiesAfter(asked) })]
  }
  const [known, unknown] = [await pagesFor(email), await pagesFor('nobody@example.org')]
  assert.match(known[1]?.text ?? '', /If this address has an account/)
  assert.deepEqual(
    known.map(({ status, headers, text }) => ({ status, headers, text })),
    unknown.map(({ status, headers, text }) => ({ status, headers, text })),
  )
  await world.mailTo('nobody@example.org', 'no-account')
  const typed = await world.visit({ path: '/forgot-password', form: { email: 'no address' } })
  assert.equal(typed.status, 422)
  assert.match(typed.text, /value="no address"/)
})

test('strangers cannot fill the mailbox, one of them cannot keep the owner from asking, and all cannot in a known browser', async () => {
  const { email, accountId } = await world.person({ email: 'flooded@example.org' })
  await world.settled()
  const before = world.mails.length
  const asks = async (client: string): Promise<number> => {
    assert.equal((await world.visit({ path: '/forgot-password', form: { email }, client })).status, 303)
    await world.settled()
    return world.mails.length - before
  }
  for (let index = 0; index < 5; index += 1) await asks('stranger')
  assert.equal(await asks('stranger'), 3)
  assert.equal(await asks('another place of the owner'), 4, 'what one stranger asked for in vain counts for nobody else')
  for (let index = 0; index < 12; index += 1) await asks(`stranger-${index}`)
  assert.equal(await asks('one more'), 12)
  const cookies = { '__Host-Http-known-device': await world.deviceOf(accountId) }
  await world.visit({ path: '/forgot-password', form: { email }, client: 'own', cookies })
  await until('the mail that the owner asked for', () => world.mails.length - before === 13)
})

test('strangers who go from one form to the next fill no mailbox either, and reach no known browser', async (t) => {
  const whole = await openAccounts({ definition: { methods: { emailCode: true, magicLink: true }, organisations: {} } })
  t.after(() => whole.stop())
  const { email, accountId } = await whole.person({ email: 'flooded-by-all@example.org' })
  const { accountId: strangerId } = await whole.person({ email: 'stranger@example.org' })
  const { recovery, signIns, lostPasskeys, addresses } = whole.byMail
  const { organisations, invitations } = whole.organisations
  const { id: organisationId } = await organisations.create(call, { name: 'Acme', accountId: strangerId })
  await whole.settled()
  const before = whole.mails.length
  const sent = async (): Promise<number> => {
    await whole.settled()
    return whole.mails.slice(before).filter(({ to }) => to === email).length
  }
  for (let index = 0; index < 6 * 3; index += 1) {
    const client = `stranger-${index % 6}`
    const place = { browser: `b${index}`, interaction: `i${index}` }
    await signIns.ask(call, { email, client, ...place })
    await recovery.ask(call, { email, client })
    await lostPasskeys.ask(call, { email, client })
    await addresses.ask(call, { accountId: strangerId, email, client })
    await whole.accounts.signUp(call, { name: 'Eve', email, password: NEXT, client })
    await invitations.invite(call, { accountId: strangerId, organisationId, client }, { email, roles: [] }).catch(() => undefined)
  }
  const most = await sent()
  assert.ok(most >= 18 && most <= 20, `${most} mails`)
  const device = await whole.deviceOf(accountId)
  await recovery.ask(call, { email, client: 'own', device })
  await signIns.ask(call, { email, client: 'own', device, browser: 'own', interaction: 'own' })
  assert.equal(await sent(), most + 2, 'the owner is mailed in a known browser')
  whole.clock.advance(16 * 60_000)
  await recovery.ask(call, { email, client: 'new browser of the owner' })
  assert.equal(await sent(), most + 3, 'and elsewhere after a quarter of an hour')
})

test('a thief whose browser was known is a stranger after a new password, and its owner where it was changed is not', async () => {
  const { email, accountId, password } = await world.person({ email: 'stolen@example.org' })
  const signIn = async (typed: string, device?: string) => {
    const known = device === undefined ? {} : { device }
    return await world.accounts.signIn(call, { email, password: typed, client: `c-${world.clock.now()}`, ...known })
  }
  const closeDoors = async (): Promise<void> => {
    // Strangers close the door of the address.
    world.clock.advance(3_700_000)
    for (let tries = 0; tries < 9; tries += 1) await signIn('wrong').catch(() => undefined)
    await assert.rejects(signIn(password), /wait/)
  }
  const thiefs = await world.deviceOf(accountId)
  await closeDoors()
  assert.ok(await signIn(password, thiefs), 'known as long as nothing has changed')
  world.clock.advance(3_700_000)
  const changed = await world.accounts.changePassword(call, { accountId, sessionId: 'here', current: password, next: NEXT })
  await closeDoors()
  await assert.rejects(signIn(NEXT, thiefs), /wait/)
  assert.ok(await signIn(NEXT, changed), 'known where the password was changed')
  const owners = await world.deviceOf(accountId)
  await world.visit({ path: '/reset-password', form: { token: tokenIn(await ask(email)), password: 'another new password' } })
  await closeDoors()
  for (const device of [thiefs, owners, changed ?? '']) await assert.rejects(signIn('another new password', device), /wait/)
})

test('comes back to the authorization that it began in', async () => {
  const { email } = await world.person({ email: 'midway@example.org' })
  assert.match((await world.visit({ path: '/interaction/u7/forgot-password' })).text, /action="\/interaction\/u7\/forgot-password"/)
  await world.visit({ path: '/interaction/u7/forgot-password', form: { email } })
  const sent = await until('the mail', () => world.mails.find(({ to, template }) => to === email && template === 'reset-password'))
  const done = await world.visit({ path: '/reset-password', form: { token: tokenIn(sent), password: NEXT } })
  assert.equal(done.headers?.['location'], '/reset-password/done?interaction=u7')
  assert.match(
    (await world.visit({ path: '/reset-password/done?interaction=u7', cookies: cookiesAfter(done) })).text,
    /href="\/interaction\/u7"/,
  )
})
