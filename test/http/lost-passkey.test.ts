// Every passkey is lost in an app that has nothing else: the mailbox lets its owner make a new one, once, without telling anybody else anything.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { callAs } from '#kernel/call.ts'
import { updateIn } from '#kernel/collection.ts'
import { sha256 } from '#kernel/keyring.ts'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import { passkeysCollection } from '../../src/auth/passkeys/repository.ts'
import { resetsCollection } from '../../src/auth/recovery/repository.ts'
import { LOST, totpCollection } from '../../src/auth/second-factors/repository.ts'
import type { StoredEvent } from '../../src/database/contract.ts'
import { renderMail } from '../../src/jobs/mail/templates.ts'
import { type AccountsWorld, call, comparable, cookiesAfter, openAccounts, ORIGIN, tokenIn, type Visited } from '../support/accounts.ts'
import { SIGN_IN } from '../support/arriving.ts'
import { SoftAuthenticator } from '../support/authenticator.ts'
import { looked } from '../support/scenario-database.ts'
import { until } from '../support/until.ts'

const BROWSER = 'x'.repeat(43)
const here = { '__Host-Http-here': BROWSER }
const rpId = new URL(ORIGIN).hostname
const MINUTE = 60_000

let world: AccountsWorld
let count = 0
const jobs: StoredEvent['data'][] = []
const looks: string[] = []

before(async () => {
  world = await openAccounts({
    between: (engine) => looked(engine, (look) => looks.push(look)),
    definition: {
      methods: { password: false },
      organisations: {},
      secondFactor: { roles: ['admin', 'owner'] },
      roles: { admin: { permissions: [] } },
    },
  })
  world.database.subscribe({
    consumer: 'test-jobs',
    topics: ['jobs.requested'],
    handle: async (events) => void jobs.push(...events.map(({ data }) => data)),
  })
})
after(() => world.stop())

interface Known {
  readonly accountId: string
  readonly email: string
  readonly device: SoftAuthenticator
}

const made = (challenge: string, device = new SoftAuthenticator()): string => device.create({ challenge, origin: ORIGIN, rpId })

async function challengeFor(accountId: string, subject: string, browser = BROWSER): Promise<string> {
  const owner = { accountId, name: 'Ada', email: 'x@example.org' }
  const place = { purpose: 'add', browser: sha256(browser), subject: `${subject} ${accountId}` } as const
  return (await world.running.passkeys.creationOptions(call, owner, place)).challenge
}

async function person(): Promise<Known> {
  const email = `ada-${(count += 1)}@example.org`
  await world.visit({ path: '/sign-up', cookies: here, form: { name: 'Ada', email } })
  const token = tokenIn(await world.mailTo(email))
  const pending = await world.accounts.pendingSignUp(call, { token, browser: sha256(BROWSER) })
  const accountId = pending?.newcomer?.accountId ?? ''
  const device = new SoftAuthenticator()
  const answer = made(await challengeFor(accountId, 'newcomer'), device)
  assert.equal((await world.visit({ path: '/confirm', cookies: here, form: { token, answer } })).status, 303)
  return { accountId, email, device }
}

/** Asks for a mail and gives its token. */
async function ask(email: string, template = 'new-passkey'): Promise<string> {
  const known = world.mails.length
  const asked = await world.visit({ path: '/lost-passkey', form: { email }, client: `${email} ${known}` })
  assert.equal(asked.headers?.['location'], '/lost-passkey/sent')
  const sent = await until(`a mail to ${email}`, () =>
    world.mails.slice(known).find((one) => one.to === email && one.template === template),
  )
  return sent.data['link'] === undefined ? '' : tokenIn(sent)
}

const send = (token: string, answer: string, alone = false): Promise<Visited> =>
  world.visit({ path: '/new-passkey', cookies: here, form: { token, answer, ...(alone ? { alone: 'yes' } : {}) } })

const renewal = (accountId: string, browser?: string): Promise<string> => challengeFor(accountId, 'renewal', browser)

async function signsIn({ accountId }: Known, device: SoftAuthenticator): Promise<boolean> {
  const place = { purpose: 'sign-in', browser: 'any', subject: 'u1' } as const
  const { challenge } = await world.running.passkeys.requestOptions(call, place)
  const answer = device.get({ challenge, origin: ORIGIN, rpId })
  const by = { client: 'c', device: 'd' }
  return (await world.running.passkeys.prove(call, { place, answer, client: `c ${(count += 1)}`, by }))?.accountId === accountId
}

const eventsOf = async (accountId: string): Promise<string[]> =>
  (await world.securityEvents.list(call, accountId, { limit: 20 })).items.map(({ type }) => type)

test('requirement 70: looking at the link uses nothing up, a passkey does, once; requirement 32: and everything that was open ends', async () => {
  const ada = await person()
  const { accountId, email } = ada
  const token = await ask(email)
  const kept = JSON.stringify(await world.database.collection(resetsCollection).get(call, sha256(token)))
  assert.ok(kept.includes(email) && !kept.includes(token), 'what is stored of it opens nothing')
  const further = await ask(email)
  for (let look = 0; look < 3; look += 1) {
    const shown = await world.visit({ path: `/new-passkey?token=${token}`, cookies: here })
    assert.equal(shown.status, 200)
    assert.match(shown.text, /data-passkey="create"/)
    assert.ok(shown.text.includes(email))
  }
  const device = new SoftAuthenticator()
  const answer = made(await renewal(accountId), device)
  const asked = world.engine.asked.length
  const done = await send(token, answer)
  assert.equal(done.headers?.['location'], '/new-passkey/done', done.text)
  assert.equal(done.csrfRenewed, false, 'or a second press would be refused')
  assert.deepEqual(world.engine.asked.slice(asked), [`revokeAccount ${accountId} except none`], 'nobody was signed in, all sessions ended')
  assert.equal(await signsIn(ada, device), true)
  assert.equal(await signsIn(ada, ada.device), true, 'those before stay')
  for (const used of [token, further]) {
    assert.equal((await send(used, made(await renewal(accountId)))).status, 410)
    assert.equal((await world.visit({ path: `/new-passkey?token=${used}` })).status, 410)
  }
  assert.equal((await world.running.passkeys.list(call, accountId)).length, 2)
  await world.mailTo(email, 'passkey-added')
  await until('the job that ends access', () =>
    jobs.some((job) => JSON.stringify(job).startsWith(`{"name":"auth.end_access","input":{"accountId":"${accountId}","until":`)),
  )
  await until('the events', async () => (await eventsOf(accountId)).includes('passkey.reset'))
  assert.ok((await eventsOf(accountId)).includes('passkey.added'))
})

test('the second press hears for a moment that the passkey is ready, with that passkey and in that browser', async () => {
  const { accountId, email } = await person()
  const token = await ask(email)
  const [answer, other] = [made(await renewal(accountId)), made(await renewal(accountId))]
  assert.equal((await send(token, answer)).headers?.['location'], '/new-passkey/done')
  await world.mailTo(email, 'passkey-added')
  await world.settled()
  const before = [world.mails.length, jobs.length, world.engine.asked.length]
  assert.equal((await send(token, answer)).headers?.['location'], '/new-passkey/done')
  await world.settled()
  assert.deepEqual([world.mails.length, jobs.length, world.engine.asked.length], before)
  assert.equal((await world.running.passkeys.list(call, accountId)).length, 2)
  assert.equal((await send(token, other)).status, 410, 'that one is not there')
  const elsewhere = { '__Host-Http-here': 'y'.repeat(43) }
  assert.equal((await world.visit({ path: '/new-passkey', cookies: elsewhere, form: { token, answer } })).status, 410)
  world.clock.advance(2 * MINUTE)
  assert.equal((await send(token, answer)).status, 410)
})

test('whoever says that the device is in other hands keeps none of the passkeys before, and hears that they went', async () => {
  const ada = await person()
  const device = new SoftAuthenticator()
  assert.equal((await send(await ask(ada.email), made(await renewal(ada.accountId), device), true)).status, 303)
  assert.deepEqual([await signsIn(ada, device), await signsIn(ada, ada.device)], [true, false])
  await until('the events', async () => (await eventsOf(ada.accountId)).includes('passkey.removed'))
  await world.mailTo(ada.email, 'passkeys-replaced')
  await world.settled()
  assert.equal(
    world.mails.some(({ to, template }) => to === ada.email && template === 'passkey-added'),
    false,
    'nobody is told to sign in who cannot',
  )
})

/** Adds a passkey as whoever is signed in can who has the device. */
async function addsOne({ accountId, email }: Known): Promise<boolean> {
  const credential = (await world.accounts.find(call, accountId))?.credential ?? ''
  const place = { purpose: 'add', browser: 'of the thief', subject: `thief ${accountId}` } as const
  const owner = { accountId, email, name: 'Ada', credential }
  const { challenge } = await world.running.passkeys.creationOptions(call, owner, place)
  const by = { client: 'c', device: 'd' }
  const added = await world.running.passkeys.add(call, owner, { place, answer: made(challenge), name: 'Of the thief', client: 'thief', by })
  return added !== undefined
}

const namesOf = async ({ accountId }: Known): Promise<string[]> =>
  (await world.running.passkeys.list(call, accountId)).map(({ name }) => name)

test('whoever has the device keeps no passkey that they add at the moment when those before go', async () => {
  const ada = await person()
  const { accountId, email } = ada
  const token = await ask(email)
  const { lostPasskeys } = world.byMail
  const by = { client: 'c', device: 'd' }
  const place = { purpose: 'add', browser: sha256(BROWSER), subject: `renewal ${accountId}` } as const
  const given = { place, answer: made(await renewal(accountId)), name: 'Of its owner', client: 'c', by, alone: true }
  const prepared = await world.running.passkeys.renew(call, { accountId, email, name: 'Ada' }, given)
  assert.ok(prepared)
  let meanwhile = 0
  const write: typeof prepared.write = async (asked) => {
    const written = await prepared.write(asked)
    // After those that go were looked for, and as often as a session that keeps adding may.
    if (meanwhile < 12) assert.equal(await addsOne(ada), true)
    meanwhile += 1
    return written
  }
  assert.ok(await lostPasskeys.renew(call, { token, renewal: { ...prepared, write }, by }))
  assert.ok(meanwhile > 12)
  assert.deepEqual(await namesOf(ada), ['Of its owner'])
})

test('nor one that they add after that, before their access has ended', async () => {
  const ada = await person()
  const { revokeAccount } = world.engine
  const added: boolean[] = []
  world.engine.revokeAccount = async (...given) => {
    added.push(await addsOne(ada))
    const [known] = await world.running.passkeys.list(call, ada.accountId)
    assert.ok(known)
    const late = { ...known, name: 'Of the thief', id: 'stored-late', credentialId: 'late', createdAt: world.clock.now() }
    await world.database.collection(passkeysCollection).insert(call, late)
    await revokeAccount(...given)
  }
  const done = await send(await ask(ada.email), made(await renewal(ada.accountId)), true)
  world.engine.revokeAccount = revokeAccount
  assert.equal(done.status, 303, done.text)
  assert.deepEqual(added, [true], 'as whoever is still signed in can')
  assert.deepEqual(await namesOf(ada), ['Firefox on Linux'])
  const account = (await world.database.collection(accountsCollection).get(call, ada.accountId))?.value
  assert.deepEqual([account?.reclaimedSince, account?.reclaimedBy], [undefined, undefined])
  assert.equal(await addsOne(ada), true, 'and whoever signs in then adds what they like')
})

test('requirement 70: of many at once with one link one wins, with one passkey', async () => {
  const { accountId, email } = await person()
  const token = await ask(email)
  const tries = Array.from({ length: 10 }, async () => send(token, made(await renewal(accountId))))
  const statuses = (await Promise.all(tries)).map(({ status }) => status)
  assert.equal(statuses.filter((status) => status === 303).length, 1)
  assert.equal(statuses.filter((status) => status === 410).length, 9)
  assert.equal((await world.running.passkeys.list(call, accountId)).length, 2)
})

test('a passkey that does not hold changes nothing, and the link is as good as before', async () => {
  const { accountId, email } = await person()
  const token = await ask(email)
  const challenge = await renewal(accountId)
  const bad = [
    '',
    '{}',
    new SoftAuthenticator().create({ challenge, origin: 'https://evil.example', rpId }),
    new SoftAuthenticator().create({ challenge, origin: ORIGIN, rpId, verified: false }),
    made(await renewal(accountId, 'y'.repeat(43))),
    made(await challengeFor(accountId, 'newcomer')),
  ]
  for (const answer of bad) {
    const refused = await send(token, answer, true)
    assert.equal(refused.status, 422)
    assert.match(refused.text, /data-passkey="create"/)
    assert.match(refused.text, /name="alone" value="yes" checked/)
  }
  assert.equal((await world.running.passkeys.list(call, accountId)).length, 1)
  assert.equal((await send(token, made(challenge))).status, 303)
})

test('requirement 70: a link is dead after 15 minutes, after a way in was taken away, at another address, and for whoever is suspended', async () => {
  const { accountId, email } = await person()
  const isDead = async (token: string): Promise<void> => {
    assert.equal((await world.visit({ path: `/new-passkey?token=${token}` })).status, 410)
    assert.equal((await send(token, made(await renewal(accountId)))).status, 410)
  }
  const late = await ask(email)
  world.clock.advance(15 * MINUTE)
  await isDead(late)
  const accounts = world.database.collection(accountsCollection)
  for (const set of [{ waysVersion: 7 }, { email: `moved-${email}` }, { suspendedAt: 1 }]) {
    const before = (await accounts.get(call, accountId))?.value
    const token = await ask(before?.email ?? '')
    await accounts.update(call, accountId, { set })
    await isDead(token)
  }
  assert.equal(await ask(`moved-${email}`, 'account-blocked'), '')
  for (const token of ['', 'x'.repeat(43), sha256(late)]) await isDead(token)
  assert.equal((await world.running.passkeys.list(call, accountId)).length, 1)
})

test('known and unknown addresses are answered alike, and nobody is mailed more than a few times', async () => {
  const { email } = await person()
  const pages = async (address: string): Promise<unknown[]> => {
    const asked = await world.visit({ path: '/lost-passkey', form: { email: address }, client: address })
    assert.equal((await world.visit({ path: '/lost-passkey/sent' })).headers?.['location'], '/lost-passkey', 'no link makes it say so')
    const then = await world.visit({ path: '/lost-passkey/sent', cookies: cookiesAfter(asked) })
    return [asked.status, asked.headers, asked.text, comparable(asked), then.status, then.text]
  }
  assert.deepEqual(await pages(email), await pages('nobody@example.org'))
  assert.equal((await world.mailTo('nobody@example.org')).template, 'no-account')
  assert.equal((await world.visit({ path: '/lost-passkey', form: { email: 'no address' } })).status, 422)
  for (let more = 0; more < 10; more += 1) await world.visit({ path: '/lost-passkey', form: { email }, client: 'one stranger' })
  await world.settled()
  assert.equal(world.mails.filter(({ to, template }) => to === email && template === 'new-passkey').length, 4, 'three of one client')
})

test('for whom a role asks for two factors the mailbox is not enough, and an operator sends the link', async () => {
  const ada = await person()
  const { accountId, email } = ada
  await world.database.collection(accountsCollection).update(call, accountId, { set: { roles: ['admin'] } })
  const known = world.mails.length
  await ask(email, 'ask-for-passkey')
  assert.equal(
    world.mails.slice(known).some(({ template }) => template === 'new-passkey'),
    false,
  )
  const { lostPasskeys } = world.byMail
  const operator = callAs(call, { kind: 'operator', sessionId: 'desk' })
  assert.deepEqual(await lostPasskeys.send(operator, email.toUpperCase()), { accountId, passkeyLinkSent: true })
  const token = tokenIn(await world.mailTo(email, 'new-passkey'))
  const device = new SoftAuthenticator()
  assert.equal((await send(token, made(await renewal(accountId), device))).status, 303)
  assert.equal(await signsIn(ada, device), true)
  await until('the event', async () => (await eventsOf(accountId)).includes('passkey.link_sent'))
  const { items } = await world.securityEvents.list(call, accountId, { limit: 20 })
  assert.equal(items.find(({ type }) => type === 'passkey.link_sent')?.actor, 'operator desk')
  assert.equal(await lostPasskeys.send(operator, 'nobody@example.org'), undefined)
  await assert.rejects(lostPasskeys.send(callAs(call, { kind: 'anonymous' }), email), /for operators/)
})

test('requirement 69: as much is looked up for whoever a role asks for two factors, in an organisation or not, as for anybody and nobody', async () => {
  const emails = { nobody: 'no-account@example.org', plain: '', admin: '', owner: '' }
  for (const role of ['plain', 'admin', 'owner'] as const) {
    const { accountId, email } = await person()
    if (role === 'admin') await world.database.collection(accountsCollection).update(call, accountId, { set: { roles: ['admin'] } })
    if (role === 'owner') await world.running.organisations.organisations.create(call, { name: 'Choir', accountId })
    emails[role] = email
  }
  await world.settled()
  const looksFor = async (email: string): Promise<string[]> => {
    looks.splice(0)
    await world.byMail.lostPasskeys.ask(call, { email, client: email })
    // What is told of the others looks for their accounts meanwhile.
    return looks.filter((look) => look !== 'find accounts')
  }
  const expected = await looksFor(emails.nobody)
  assert.ok(expected.includes('scan auth_members'), expected.join())
  for (const [who, email] of Object.entries(emails)) assert.deepEqual(await looksFor(email), expected, who)
})

test('a role in an organisation asks for two factors as well', async () => {
  const { accountId, email } = await person()
  const { organisations } = world.running.organisations
  await organisations.create(call, { name: 'Studio', accountId })
  await organisations.activate(call, accountId, undefined)
  await ask(email, 'ask-for-passkey')
  assert.equal(
    world.mails.some(({ to, template }) => to === email && template === 'new-passkey'),
    false,
  )
})

test('where another provider is the first step, a mailbox does not stand for the second one; what asks for it may come after the mail', async (t) => {
  const own = await openAccounts({
    definition: {
      methods: { password: false },
      upstreams: [{ kind: 'openid', id: 'club', name: 'Club', issuer: 'https://club.example', clientId: 'us' }],
    },
    upstreamSecrets: { club: 'x'.repeat(32) },
  })
  t.after(() => own.stop())
  const mailed = async (email: string, template: string): Promise<string> => {
    await own.visit({ path: '/lost-passkey', form: { email }, client: email })
    const sent = await own.mailTo(email, template)
    return sent.data['link'] === undefined ? '' : tokenIn(sent)
  }
  const ada = { id: '01'.padEnd(26, 'k'), email: 'upstream@example.org', name: 'Ada', emailVerifiedAt: 1, createdAt: 1 }
  await own.database.collection(accountsCollection).insert(call, ada)
  const token = await mailed(ada.email, 'new-passkey')
  assert.equal((await own.visit({ path: `/new-passkey?token=${token}`, cookies: here })).status, 200)
  await own.database.collection(totpCollection).insert(call, { id: ada.id, key: LOST, lastStep: 0, createdAt: 1 })
  assert.equal((await own.visit({ path: `/new-passkey?token=${token}`, cookies: here })).status, 410)
  await mailed(ada.email, 'ask-for-passkey')
  const operator = callAs(call, { kind: 'operator', sessionId: 'desk' })
  const known = own.mails.length
  await own.byMail.lostPasskeys.send(operator, ada.email)
  const sent = await until('the link of the operator', () => own.mails.slice(known).find(({ template }) => template === 'new-passkey'))
  assert.equal((await own.visit({ path: `/new-passkey?token=${tokenIn(sent)}`, cookies: here })).status, 200)
})

test('whoever moved in with an address that was not confirmed gets in by its mailbox, and nobody by what was there before', async () => {
  const email = 'moved-in@example.org'
  await world.running.moving.moveIn(call, [{ email }], { from: 'elsewhere' })
  const find = async () => (await world.database.collection(accountsCollection).getByKey(call, 'email', { email }))?.value
  const accountId = (await find())?.id ?? ''
  const flags = { counter: 0, transports: [], name: 'k', backupEligible: false, backedUp: false, aaguid: '', createdAt: 1 }
  const theirs = { ...flags, accountId, publicKey: '' }
  const passkeys = world.database.collection(passkeysCollection)
  await passkeys.insert(call, { ...theirs, id: 'before', credentialId: 'before' })
  const { revokeAccount } = world.engine
  // Added by whoever had the account, before their access has ended.
  world.engine.revokeAccount = async (...given) => {
    await passkeys.insert(call, { ...theirs, id: 'meanwhile', credentialId: 'meanwhile', createdAt: world.clock.now() })
    await revokeAccount(...given)
  }
  const device = new SoftAuthenticator()
  const token = await ask(email)
  const form = (await world.visit({ path: `/new-passkey?token=${token}`, cookies: here })).text
  assert.doesNotMatch(form, /name="alone"/, 'there is nothing to choose')
  assert.match(form, /every passkey that the account has from before is removed/)
  const done = await send(token, made(await renewal(accountId), device))
  world.engine.revokeAccount = revokeAccount
  assert.equal(done.status, 303, done.text)
  await world.mailTo(email, 'passkeys-replaced')
  await until('the event of the one before', async () => (await eventsOf(accountId)).includes('passkey.removed'))
  assert.equal((await world.running.passkeys.list(call, accountId)).length, 1, 'the new one alone')
  assert.equal(await signsIn({ accountId, email, device }, device), true)
  const account = await find()
  assert.ok(account?.emailVerifiedAt)
  assert.deepEqual([account.reclaimedSince, account.reclaimedBy], [undefined, undefined])
})

test('a passkey that its owner makes while the account is being taken back stays; what the thief added meanwhile goes', async () => {
  const ada = await person()
  const { accountId, email } = ada
  const accounts = world.database.collection(accountsCollection)
  const passkeys = world.database.collection(passkeysCollection)
  // The address was given back; the job that ends the thief's access has not come so far.
  const since = world.clock.now()
  await world.database.commit(call, [updateIn(accountsCollection, accountId, { set: { reclaimedSince: since } })], [])
  const [first] = await world.running.passkeys.list(call, accountId)
  const known = (await passkeys.get(call, first?.id ?? ''))?.value
  assert.ok(known)
  await passkeys.insert(call, { ...known, id: 'of-the-thief', credentialId: 'of-the-thief', createdAt: since + 1 })
  await passkeys.update(call, known.id, { set: { createdAt: since - 1 } })
  world.clock.advance(1000)
  const device = new SoftAuthenticator()
  const done = await send(await ask(email), made(await renewal(accountId), device))
  assert.equal(done.status, 303, done.text)
  assert.equal((await accounts.get(call, accountId))?.value.reclaimedSince, undefined, 'the taking back is done')
  assert.equal(await passkeys.get(call, 'of-the-thief'), undefined)
  assert.equal(await signsIn(ada, device), true)
  assert.equal(await signsIn(ada, ada.device), true)
})

test('the way is offered where there is no other, and leads back to the sign-in that it began in', async () => {
  const { accountId, email } = await person()
  world.engine.current = { ...SIGN_IN, uid: 'u7' }
  assert.match((await world.visit({ path: '/interaction/u7', cookies: here })).text, /href="\/interaction\/u7\/lost-passkey"/)
  assert.match((await world.visit({ path: '/interaction/u7/lost-passkey' })).text, /action="\/interaction\/u7\/lost-passkey"/)
  const asked = await world.visit({ path: '/interaction/u7/lost-passkey', form: { email } })
  assert.equal(asked.headers?.['location'], '/interaction/u7/lost-passkey/sent')
  const token = tokenIn(await world.mailTo(email, 'new-passkey'))
  const done = await send(token, made(await renewal(accountId)))
  assert.equal(done.headers?.['location'], '/new-passkey/done?interaction=u7')
  assert.match(
    (await world.visit({ path: '/new-passkey/done?interaction=u7', cookies: cookiesAfter(done) })).text,
    /href="\/interaction\/u7"/,
  )
  const withMail = await openAccounts({ definition: { methods: { password: false, emailCode: true } } })
  try {
    assert.equal(
      withMail.routes.some(({ path }) => /lost-passkey|new-passkey/.test(path)),
      false,
    )
    await withMail.running.moving.moveIn(call, [{ email }], { from: 'elsewhere' })
    assert.equal((await withMail.byMail.lostPasskeys.send(call, email))?.passkeyLinkSent, false)
  } finally {
    await withMail.stop()
  }
})

test('no mail on the way speaks of a password, and none of them says more than is the matter', async () => {
  await world.settled()
  const templates = new Set(world.mails.map(({ template }) => template))
  for (const template of ['new-passkey', 'ask-for-passkey', 'passkey-added', 'passkeys-replaced'])
    assert.ok(templates.has(template), template)
  for (const { template, data } of world.mails)
    for (const language of ['en', 'de']) {
      const { html } = renderMail({ template, data, language }, 'Pixel Diary', { ways: { password: false, needsPasskey: true } })
      assert.doesNotMatch(html, /password|Passwort/i, template)
      if (template === 'ask-for-passkey')
        assert.doesNotMatch(html, /you may do|Sie dort d\xfcrfen/, 'an authenticator app may be the reason')
    }
})
