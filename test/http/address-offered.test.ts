// An operator gives a stolen account back to its owner, by a link to a mailbox: when their own way back has ended, or the mailbox of before is no longer theirs.
import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import { sha256 } from '#kernel/keyring.ts'
import { createAddressRepository } from '../../src/auth/address/repository.ts'
import { createReclaiming } from '../../src/auth/reclaiming.ts'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import type { Account } from '../../src/auth/accounts/schemas.ts'
import { passkeysCollection } from '../../src/auth/passkeys/repository.ts'
import { resetsCollection } from '../../src/auth/recovery/repository.ts'
import { mailRequest } from '../../src/jobs/mail/schemas.ts'
import { renderMail } from '../../src/jobs/mail/templates.ts'
import { type AccountsWorld, call, openAccounts, ORIGIN, tokenIn } from '../support/accounts.ts'
import { SoftAuthenticator } from '../support/authenticator.ts'

const DAY = 24 * 3_600_000
const operator = { ...call, principal: { kind: 'operator', sessionId: 'of-the-test' } } as const

let world: AccountsWorld
before(async () => {
  world = await openAccounts({ definition: { signUp: { domains: { block: ['bad.example'] } } } })
})
after(() => world.stop())

interface Stolen {
  readonly accountId: string
  readonly owner: string
  readonly thief: string
  readonly password: string
}

function signIn(accountId: string): void {
  const now = world.clock.now()
  world.engine.sessionList.splice(0)
  world.engine.sessionList.push({ id: 'here', accountId, signedInAt: now, lastUsedAt: now, device: 'Firefox on Linux' })
  world.engine.signedInAs = accountId
}

async function move(accountId: string, to: string): Promise<string> {
  signIn(accountId)
  await world.visit({ path: '/account/email', form: { email: to }, client: to })
  await world.visit({ path: '/account/email/confirm', form: { token: tokenIn(await world.mailTo(to, 'confirm-new-address')) } })
  return to
}

/** For longer than its owner had a way back. */
async function stolen(name: string): Promise<Stolen> {
  const { accountId, email: owner, password } = await world.person({ email: `${name}@example.org` })
  const thief = await move(accountId, `${name}-thief@example.org`)
  world.clock.advance(8 * DAY)
  return { accountId, owner, thief, password }
}

const stored = async ({ accountId }: Stolen): Promise<Account> =>
  (await world.database.collection(accountsCollection).get(call, accountId))?.value ?? assert.fail('the account is gone')
const offer = (email: string, to: string) => world.byMail.addressOffering.offer(operator, { email, to })
const offered = async (to: string): Promise<string> => tokenIn(await world.mailTo(to, 'address-offered'))
const look = (token: string, language = 'en') =>
  world.visit({ path: `/restore-address?token=${token}`, headers: { 'accept-language': language } })
const take = (token: string, cookies: Readonly<Record<string, string>> = {}) =>
  world.visit({ path: '/restore-address', cookies, form: { token } })

async function signsIn(email: string, password: string): Promise<boolean> {
  world.clock.advance(3_700_000)
  return (await world.accounts.signIn(call, { email, password, client: `c-${world.clock.now()}` })) !== undefined
}

async function addPasskey({ accountId }: Stolen): Promise<void> {
  const id = `passkey of ${accountId}`
  const flags = { counter: 0, transports: [], name: id, backupEligible: false, backedUp: false, aaguid: '' }
  const made = { ...flags, id, accountId, credentialId: id, publicKey: '', createdAt: world.clock.now() }
  await world.database.collection(passkeysCollection).insert(call, made)
}

test('the owner has the account by the link, blocked or not, and nothing of the thief stays', async () => {
  const account = await stolen('late')
  await addPasskey(account)
  world.clock.advance(30 * DAY)
  await world.leaving.suspend(operator, account.thief, true)
  const made = await offer(account.thief, ' Late-New@example.org')
  assert.deepEqual(made, { accountId: account.accountId, offeredTo: 'late-new@example.org', expiresAt: world.clock.now() + 7 * DAY })
  const token = await offered('late-new@example.org')
  for (const [language, words] of [
    ['en', /Take the account over\?/],
    ['de', /Das Konto \xfcbernehmen\?/],
  ] as const)
    assert.match((await look(token, language)).text, words)
  assert.equal((await stored(account)).email, account.thief, 'looking has changed nothing')
  const { status, text } = await take(token, here)
  assert.equal(status, 200)
  assert.match(text, /The account has your address/)
  assert.match(text, /The account is blocked, so nobody can sign in yet/)
  assert.equal(world.engine.asked.at(-1), `revokeAccount ${account.accountId} except none`)
  const { email, password, suspendedAt } = await stored(account)
  assert.deepEqual([email, password, suspendedAt !== undefined], ['late-new@example.org', undefined, true])
  assert.deepEqual(await world.running.passkeys.list(call, account.accountId), [])
  for (const [to, template] of [
    [account.thief, 'address-given'],
    [email, 'address-while-blocked'],
  ] as const)
    await world.mailTo(to, template)
  assert.equal((await take(token, here)).text, text, 'a second press hears what the first one heard')
  assert.equal((await take(token)).status, 410, 'once')
  await world.leaving.suspend(operator, email, false)
  await world.visit({ path: '/forgot-password', form: { email }, client: 'reset' })
  const reset = tokenIn(await world.mailTo(email, 'reset-password'))
  await world.visit({ path: '/reset-password', form: { token: reset, password: 'a brand new passphrase' } })
  assert.equal(await signsIn(email, 'a brand new passphrase'), true)
  assert.equal(await signsIn(account.thief, account.password), false)
})

test('the account page tells of it, without who of those who run this it was, and whoever gets the events is told', async () => {
  const account = await stolen('told')
  await offer(account.thief, 'told-new@example.org')
  await world.settled()
  const { items } = await world.securityEvents.list(call, account.accountId, { limit: 20 })
  assert.ok(items.some(({ type }) => type === 'email.offered'))
  signIn(account.accountId)
  const { text } = await world.visit({ path: '/account' })
  assert.match(text, /An operator offered your account to another mailbox/)
  assert.doesNotMatch(text, /of-the-test/)
})

test('a thief who has moved it on cannot take it back afterwards, nor end the offer before', async () => {
  const account = await stolen('chained')
  await move(account.accountId, 'chained-2@example.org')
  const before = tokenIn(await world.mailTo(account.thief, 'address-changed'))
  await move(account.accountId, 'chained-3@example.org')
  const later = tokenIn(await world.mailTo('chained-2@example.org', 'address-changed'))
  await offer('chained-3@example.org', account.owner)
  const token = await offered(account.owner)
  assert.equal((await take(later)).status, 200, 'its way back is not ended before')
  assert.equal((await take(token)).status, 200)
  assert.equal((await stored(account)).email, account.owner)
  assert.equal((await take(before)).status, 410)
  assert.equal((await stored(account)).email, account.owner)
})

test('an offer ends after seven days, and with the next one', async () => {
  const account = await stolen('again')
  await offer(account.thief, 'mistyped@example.org')
  await offer(account.thief, 'again-new@example.org')
  assert.equal((await take(await offered('mistyped@example.org'))).status, 410)
  world.clock.advance(7 * DAY)
  assert.equal((await take(await offered('again-new@example.org'))).status, 410)
  assert.equal((await stored(account)).email, account.thief)
})

test('is for operators, for accounts that there are, and for addresses that one could have', async (t) => {
  const account = await stolen('checked')
  const other = await world.person({ email: 'somebody-else@example.org' })
  const { addressOffering } = world.byMail
  await assert.rejects(
    addressOffering.offer({ ...call, principal: { kind: 'anonymous' } }, { email: account.thief, to: 'x@example.org' }),
    {
      code: 'auth.operators_only',
    },
  )
  for (const email of ['nobody@example.org', 'no address']) assert.equal(await offer(email, 'x@example.org'), undefined)
  for (const to of ['no address', account.thief, other.email, 'x@bad.example'])
    await assert.rejects(offer(account.thief, to), { code: 'auth.bad_details' }, to)
  const now = world.clock.now()
  const going = { suspendedAt: now, deletionAt: now + DAY, deletion: { requestedAt: now, addresses: [], begun: true } }
  await world.database.collection(accountsCollection).update(call, account.accountId, { set: going })
  await assert.rejects(offer(account.thief, 'x@example.org'), { code: 'auth.bad_details' })
  await world.settled()
  assert.deepEqual(
    world.mails.filter(({ to }) => to === 'x@example.org'),
    [],
  )
  const alone = await openAccounts({
    definition: {
      methods: { password: false, passkey: false },
      upstreams: [{ kind: 'openid', id: 'club', name: 'Club', issuer: 'https://club.example', clientId: 'us' }],
    },
    upstreamSecrets: { club: 'x'.repeat(32) },
  })
  t.after(() => alone.stop())
  const made = { id: '01'.padEnd(26, 'k'), email: 'p@example.org', name: 'P', emailVerifiedAt: 1, createdAt: 1 }
  await alone.database.collection(accountsCollection).insert(call, made)
  await assert.rejects(
    alone.byMail.addressOffering.offer(operator, { email: made.email, to: 'x@example.org' }),
    /nobody comes in by a mailbox/,
  )
})

const here = { '__Host-Http-here': 'x'.repeat(43) }

/** An app of passkeys alone, and an account that was offered to its owner. */
async function ofPasskeysAlone(t: TestContext, roles: readonly string[]): Promise<{ alone: AccountsWorld; made: Account; token: string }> {
  const definition = { methods: { password: false }, secondFactor: { roles: ['admin'] }, roles: { admin: { permissions: [] } } }
  const alone = await openAccounts({ definition })
  t.after(() => alone.stop())
  const made = { id: '01'.padEnd(26, 'k'), email: 'p@example.org', name: 'P', emailVerifiedAt: 1, createdAt: 1, roles: [...roles] }
  await alone.database.collection(accountsCollection).insert(call, made)
  await alone.byMail.addressOffering.offer(operator, { email: made.email, to: 'owner@example.org' })
  return { alone, made, token: tokenIn(await alone.mailTo('owner@example.org', 'address-offered')) }
}

test('where passkeys are all there is, the page after it leads to a new one, whatever role one has', async (t) => {
  for (const roles of [[], ['admin']]) {
    const { alone, made, token } = await ofPasskeysAlone(t, roles)
    const permitted = async (): Promise<number> =>
      (await alone.database.collection(resetsCollection).list(call, { index: 'account', where: { accountId: made.id }, limit: 9 })).items
        .length
    assert.equal((await alone.visit({ path: `/restore-address?token=${token}` })).status, 200)
    assert.equal(await permitted(), 0, 'looking permits nothing')
    const press = (cookies: Readonly<Record<string, string>>) => alone.visit({ path: '/restore-address', cookies, form: { token } })
    const taken = await press(here)
    const path = /href="(\/new-passkey\?token=[\w-]+)"/.exec(taken.text)?.[1] ?? assert.fail(taken.text)
    assert.equal(await permitted(), 1)
    assert.equal((await press(here)).text, taken.text, 'a second press hears what the first one heard')
    assert.equal((await press({ '__Host-Http-here': 'y'.repeat(43) })).status, 410, 'and nobody else')
    assert.equal(await permitted(), 1)
    const told = [await alone.mailTo('owner@example.org', 'address-taken'), await alone.mailTo(made.email, 'address-given')]
    const [owners = '', formers = ''] = told.map(({ template, data }) => {
      const said = (language: string) =>
        renderMail({ template, data, language }, 'Pixel', { ways: { password: false, needsPasskey: true } })
      assert.doesNotMatch(['en', 'de'].map((language) => said(language).html).join(''), /password|Passwort/i, template)
      return said('en').text
    })
    assert.match(owners, /Make a new passkey with "Lost your passkey\?"/)
    assert.match(formers, /to another mailbox.*\n[^]*not agreed with you/)
    assert.doesNotMatch(formers, /Lost your passkey/)
    assert.match((await alone.visit({ path, cookies: here })).text, /owner@example\.org/)
    const place = { purpose: 'add', browser: sha256(here['__Host-Http-here']), subject: `renewal ${made.id}` } as const
    const { challenge } = await alone.running.passkeys.creationOptions(call, { ...made, accountId: made.id }, place)
    const answer = new SoftAuthenticator().create({ challenge, origin: ORIGIN, rpId: new URL(ORIGIN).hostname })
    const form = { token: new URLSearchParams(path.split('?')[1]).get('token') ?? '', answer }
    assert.equal((await alone.visit({ path: '/new-passkey', cookies: here, form })).status, 303)
    assert.equal((await alone.running.passkeys.list(call, made.id)).length, 1)
    assert.equal((await alone.visit({ path, cookies: here })).status, 410, 'once')
    await alone.settled()
    assert.deepEqual(
      alone.mails.filter(({ template }) => ['new-passkey', 'ask-for-passkey'].includes(template)),
      [],
    )
  }
})

test('the link to a new passkey is made with the rest, so whoever presses again has it though the answer never came', async (t) => {
  const { alone, made, token } = await ofPasskeysAlone(t, ['admin'])
  const { revokeAccount } = alone.engine
  alone.engine.revokeAccount = () => Promise.reject(new Error('the process is gone'))
  await assert.rejects(alone.visit({ path: '/restore-address', cookies: here, form: { token } }), /the process is gone/)
  alone.engine.revokeAccount = revokeAccount
  const again = await alone.visit({ path: '/restore-address', cookies: here, form: { token } })
  const path = /href="(\/new-passkey\?token=[\w-]+)"/.exec(again.text)?.[1] ?? assert.fail(again.text)
  assert.equal((await alone.visit({ path, cookies: here })).status, 410, 'before the access of others has ended')
  await alone.endAccess({ accountId: made.id })
  assert.equal((await alone.visit({ path, cookies: here })).status, 200)
})

test('it leads nowhere while the account is blocked', async (t) => {
  const { alone, made, token } = await ofPasskeysAlone(t, [])
  await alone.leaving.suspend(operator, made.email, true)
  for (const press of [1, 2]) {
    const taken = await alone.visit({ path: '/restore-address', cookies: here, form: { token } })
    assert.match(taken.text, /The account is blocked/, String(press))
    assert.doesNotMatch(taken.text, /new-passkey/)
    await alone.leaving.suspend(operator, 'owner@example.org', false)
  }
})

async function runJobs(): Promise<void> {
  for (const { name, handle } of world.leaving.jobs) await handle({ call, jobId: name, attempt: 1 }, {})
}

const isThere = async ({ accountId }: Stolen): Promise<boolean> =>
  (await world.database.collection(accountsCollection).get(call, accountId)) !== undefined

test('an end that was asked for before waits until the offer can no longer be followed', async () => {
  const account = await stolen('waiting')
  await world.leaving.requestDeletion(call, { accountId: account.accountId })
  world.engine.sessionList.splice(0)
  world.clock.advance(13 * DAY)
  await offer(account.thief, 'waiting-new@example.org')
  const token = await offered('waiting-new@example.org')
  world.clock.advance(DAY)
  await runJobs()
  assert.equal((await look(token)).status, 200)
  world.clock.advance(6 * DAY - 1)
  await runJobs()
  assert.equal((await look(token)).status, 200)
  world.clock.advance(1)
  assert.equal((await look(token)).status, 410)
  await runJobs()
  assert.equal(await isThere(account), false, 'and no longer')
})

test('so does the end of a blocked account that an operator has asked for, and the link calls it off', async () => {
  const account = await stolen('waiting-blocked')
  await world.leaving.suspend(operator, account.thief, true)
  await world.leaving.end(operator, { email: account.thief })
  world.engine.sessionList.splice(0)
  world.clock.advance(13 * DAY)
  await offer(account.thief, 'waiting-owner@example.org')
  const token = await offered('waiting-owner@example.org')
  world.clock.advance(DAY)
  await runJobs()
  assert.equal((await take(token)).status, 200)
  world.clock.advance(30 * DAY)
  await runJobs()
  const { email, deletionAt, deletion } = await stored(account)
  assert.deepEqual([email, deletionAt, deletion], ['waiting-owner@example.org', undefined, undefined])
})

test('an end that is asked for while an offer is made, and an offer that another overtakes, see each other', async () => {
  const account = await stolen('at-once')
  const accounts = world.database.collection(accountsCollection)
  const before = (await accounts.get(call, account.accountId))?.version
  await Promise.all(['at-once-1@example.org', 'at-once-2@example.org'].map((to) => offer(account.thief, to)))
  assert.notEqual((await accounts.get(call, account.accountId))?.version, before, 'what was decided before is decided anew')
  const tokens = [await offered('at-once-1@example.org'), await offered('at-once-2@example.org')]
  const alive = await Promise.all(tokens.map(async (token) => (await look(token)).status === 200))
  assert.deepEqual(alive.toSorted(), [false, true])
})

test('an end that begins while the address is given back is not undone', async () => {
  const account = await stolen('ending')
  await world.database.collection(accountsCollection).update(call, account.accountId, { set: { suspendedAt: world.clock.now() } })
  await offer(account.thief, 'ending-owner@example.org')
  const token = await offered('ending-owner@example.org')
  const repository = createAddressRepository(world.database, createReclaiming(world.database))
  const before = await stored(account)
  const used = (await repository.findUndo(call, sha256(token))) ?? assert.fail('no offer')
  const deletion = { requestedAt: world.clock.now(), addresses: [], begun: true as const, byOperator: true as const }
  await world.database.collection(accountsCollection).update(call, account.accountId, { set: { deletion, deletionAt: world.clock.now() } })
  const restored = await repository.restore(call, before, { used, since: 0, now: world.clock.now(), events: [], marks: undefined })
  assert.equal(restored, false)
  assert.equal((await stored(account)).deletion?.begun, true)
  assert.equal((await take(token)).status, 410)
})

test('somebody else may take the address before the link is followed, and nothing is removed then', async () => {
  const account = await stolen('overtaken')
  await offer(account.thief, 'wanted@example.org')
  const token = await offered('wanted@example.org')
  await world.person({ email: 'first@example.org' }).then(({ accountId }) => move(accountId, 'wanted@example.org'))
  assert.equal((await take(token)).status, 410)
  assert.equal(await signsIn(account.thief, account.password), true)
})

test('a mailbox that is offered an account hears nothing of the person, nor of an end that is asked for', async () => {
  const account = await stolen('quiet')
  await offer(account.thief, 'quiet-new@example.org')
  await world.leaving.requestDeletion(call, { accountId: account.accountId })
  await world.mailTo(account.thief, 'deletion-requested')
  await world.settled()
  const mails = world.mails.filter(({ to }) => to === 'quiet-new@example.org')
  assert.deepEqual(
    mails.map(({ template, data }) => [template, Object.keys(data).toSorted()]),
    [['address-offered', ['days', 'link']]],
  )
  const asked = mailRequest.parse(mails[0])
  for (const language of ['en', 'de']) assert.ok(renderMail({ ...asked, language }, 'Pixel Diary').text.includes(asked.data['link'] ?? '?'))
  assert.ok(((await stored(account)).deletionAt ?? 0) >= world.clock.now() + 7 * DAY, 'the end does not come before the offer has ended')
})
