// The button behind a mailed link, pressed twice: the same browser hears for a moment what the first press did, and nothing is done again. Everybody else hears
// that the link does not work any more.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sha256 } from '#kernel/keyring.ts'
import { accountsCollection, emailTokensCollection } from '../../src/auth/accounts/repository.ts'
import { addressUndosCollection } from '../../src/auth/address/repository.ts'
import { resetsCollection } from '../../src/auth/recovery/repository.ts'
import { SECURITY_EVENT } from '../../src/auth/security-events/security-event.ts'
import type { StoredEvent } from '../../src/database/contract.ts'
import { type AccountsWorld, call, cookiesAfter, openAccounts, tokenIn, type Visited } from '../support/accounts.ts'

const HERE = '__Host-Http-here'
const here = { [HERE]: 'h'.repeat(43) }
const MOMENT = 2 * 60_000
const PASSWORD = 'a long enough one'

let world: AccountsWorld
let count = 0
const events: StoredEvent[] = []

before(async () => {
  world = await openAccounts()
  world.database.subscribe({
    consumer: 'test-second-press',
    topics: ['jobs.requested', SECURITY_EVENT],
    handle: async (told) => void events.push(...told),
  })
})
after(() => world.stop())

const fresh = (): string => `press-${(count += 1)}@example.org`

/** What the second press must be like: the answer of the first, but for what only a proof earns. */
function heard({ status, headers, text }: Visited): unknown {
  return { status, location: headers?.['location'], text }
}

async function signUp(email: string, cookies: Readonly<Record<string, string>> = here, at = ''): Promise<string> {
  const sent = await world.visit({ path: `${at}/sign-up`, cookies, form: { name: 'Grace', email, password: PASSWORD }, client: email })
  assert.equal(sent.status, 303)
  return tokenIn(await world.mailTo(email, 'confirm-address'))
}

const confirm = (token: string, cookies: Readonly<Record<string, string>> = here, password = ''): Promise<Visited> =>
  world.visit({ path: '/confirm', cookies, form: { token, password } })

test('of a sign-up the second press hears that it is done, and gives nothing that a proof gives', async () => {
  for (const at of ['', '/interaction/u7']) {
    const email = fresh()
    const token = await signUp(email, here, at)
    const first = await confirm(token)
    assert.equal(first.headers?.['location'], at === '' ? '/confirmed' : at)
    assert.match(first.cookies.join(), /known-device/)
    await world.settled()
    const before = [events.length, world.mails.length]
    const second = await confirm(token)
    assert.deepEqual(heard(second), heard(first))
    assert.doesNotMatch(second.cookies.join(), /known-device/, 'nobody has proved the password')
    if (at === '')
      assert.match((await world.visit({ path: '/confirmed', cookies: cookiesAfter(second) })).text, /Your address is confirmed/)
    await world.settled()
    assert.deepEqual([events.length, world.mails.length], before, 'nothing was told again')
  }
})

test('requirement 70: of a sign-up only the browser that did it hears so, for a moment, and no link', async () => {
  const token = await signUp(fresh())
  const unknown = await confirm('x'.repeat(43))
  assert.equal((await confirm(token)).status, 303)
  const elsewhere = { [HERE]: 'e'.repeat(43) }
  for (const cookies of [elsewhere, {}, { [HERE]: '' }, { [HERE]: 'short' }, { [HERE]: sha256('h'.repeat(43)) }])
    for (const password of ['', PASSWORD])
      assert.deepEqual(heard(await confirm(token, cookies, password)), heard(unknown), JSON.stringify(cookies))
  assert.deepEqual(heard(await world.visit({ path: `/confirm?token=${token}`, cookies: here })), heard(unknown))
  world.clock.advance(MOMENT - 1)
  assert.equal((await confirm(token)).status, 303)
  world.clock.advance(1)
  assert.deepEqual(heard(await confirm(token)), heard(unknown))
})

test('of a sign-up that is confirmed in another browser its second press is known by the page of the link', async () => {
  const email = fresh()
  const token = await signUp(email)
  const shown = await world.visit({ path: `/confirm?token=${token}` })
  const cookies = cookiesAfter(shown)
  assert.deepEqual(Object.keys(cookies), [HERE])
  const first = await confirm(token, cookies, PASSWORD)
  assert.deepEqual(heard(await confirm(token, cookies, PASSWORD)), heard(first))
  assert.equal(first.headers?.['location'], '/confirmed')
  assert.equal((await confirm(token)).status, 410, 'not where the sign-up began')
  const nameless = await signUp(fresh())
  assert.equal((await confirm(nameless, {}, PASSWORD)).status, 303)
  assert.equal((await confirm(nameless, {}, PASSWORD)).status, 410, 'a browser without a name is nobody')
})

test('of a sign-up many presses at once are all told that it is done, and one has done it', async () => {
  const email = fresh()
  const token = await signUp(email)
  await world.settled()
  const told = events.length
  const answers = await Promise.all(Array.from({ length: 10 }, () => confirm(token)))
  for (const answer of answers) assert.equal(answer.headers?.['location'], '/confirmed')
  assert.equal(answers.filter(({ cookies }) => cookies.join().includes('known-device')).length, 1)
  await world.settled()
  assert.equal(events.length - told, 1, 'one account was made')
})

test('of a sign-up that is confirmed nothing is kept that tells of a person', async () => {
  const email = fresh()
  const token = await signUp(email, here, '/interaction/u9')
  assert.equal((await confirm(token)).status, 303)
  const { value } = (await world.database.collection(emailTokensCollection).get(call, sha256(token))) ?? assert.fail('it is gone')
  const { id, purpose, usedBy, ...rest } = value
  assert.deepEqual([id, purpose], [sha256(token), 'confirm-address'])
  assert.match(usedBy ?? '', /^[\w-]{43}$/)
  const now = world.clock.now()
  assert.deepEqual(rest, { email: '', name: '', interaction: 'u9', usedAt: now, expiresAt: now + MOMENT })
})

const NEXT = 'four quiet river stones'

async function forgot(email: string, at = ''): Promise<string> {
  await world.visit({ path: `${at}/forgot-password`, form: { email }, client: email })
  return tokenIn(await world.mailTo(email, 'reset-password'))
}

const reset = (token: string, cookies: Readonly<Record<string, string>>, password = NEXT): Promise<Visited> =>
  world.visit({ path: '/reset-password', cookies, form: { token, password } })

/** In a browser that comes by the mail alone. */
async function opened(path: string): Promise<Record<string, string>> {
  const cookies = cookiesAfter(await world.visit({ path }))
  assert.deepEqual(Object.keys(cookies), [HERE])
  return cookies
}

test('of a new password the second press hears that it is set, and nothing ends or is told again', async () => {
  for (const at of ['', '/interaction/u8']) {
    const { email } = await world.person({ email: fresh() })
    const token = await forgot(email, at)
    const cookies = await opened(`/reset-password?token=${token}`)
    const first = await reset(token, cookies)
    assert.equal(first.headers?.['location'], `/reset-password/done${at === '' ? '' : '?interaction=u8'}`)
    assert.match(first.cookies.join(), /known-device/)
    await world.settled()
    const before = [events.length, world.mails.length, world.engine.asked.length]
    const second = await reset(token, cookies)
    assert.deepEqual(heard(second), heard(first))
    assert.doesNotMatch(second.cookies.join(), /known-device/)
    const done = await world.visit({ path: first.headers?.['location'] ?? '', cookies: cookiesAfter(second) })
    assert.match(done.text, /Your password is changed/)
    await world.settled()
    assert.deepEqual([events.length, world.mails.length, world.engine.asked.length], before)
  }
})

test('requirement 70: of a new password nobody else hears so, nor whoever sends another one', async () => {
  const { email } = await world.person({ email: fresh() })
  const token = await forgot(email)
  const cookies = await opened(`/reset-password?token=${token}`)
  const dead = heard(await reset('x'.repeat(43), cookies))
  assert.equal((await reset(token, cookies)).status, 303)
  for (const other of [here, {}, { [HERE]: 'short' }, { [HERE]: sha256(cookies[HERE] ?? '') }])
    assert.deepEqual(heard(await reset(token, other)), dead, JSON.stringify(other))
  assert.deepEqual(heard(await reset(token, cookies, 'another one than that')), dead, 'it is not the password')
  assert.deepEqual(heard(await world.visit({ path: `/reset-password?token=${token}`, cookies })), dead)
  world.clock.advance(MOMENT - 1)
  assert.equal((await reset(token, cookies)).status, 303)
  world.clock.advance(1)
  assert.deepEqual(heard(await reset(token, cookies)), dead)
})

test('of a new password many presses at once are all told that it is set, once', async () => {
  const { email } = await world.person({ email: fresh() })
  const token = await forgot(email)
  await world.settled()
  const told = world.mails.length
  const answers = await Promise.all(Array.from({ length: 10 }, () => reset(token, here)))
  for (const answer of answers) assert.equal(answer.headers?.['location'], '/reset-password/done')
  assert.equal(answers.filter(({ cookies }) => cookies.join().includes('known-device')).length, 1)
  await world.settled()
  assert.deepEqual(
    world.mails.slice(told).map(({ template }) => template),
    ['password-changed'],
  )
})

test("of a link for a new password that was used nothing is kept that tells of a person, and it becomes nobody's again", async () => {
  const { email, accountId } = await world.person({ email: fresh() })
  const token = await forgot(email)
  assert.equal((await reset(token, here)).status, 303)
  const stored = async () => (await world.database.collection(resetsCollection).get(call, sha256(token)))?.value
  const used = (await stored()) ?? assert.fail('it is gone')
  const { usedBy = '', ...rest } = used
  assert.match(usedBy, /^[\w-]{43}$/)
  const now = world.clock.now()
  assert.deepEqual(rest, { id: sha256(token), email: '', credential: '', usedAt: now, expiresAt: now + MOMENT })
  const account = (await world.database.collection(accountsCollection).get(call, accountId))?.value ?? assert.fail('it is gone')
  await world.settled()
  const mailed = world.mails.length
  // The job of a mail to somebody who was found late, once more.
  await world.byMail.recovery.resume(call, { account, waiting: { kind: 'reset', id: used.id, token, expiresAt: now + MOMENT } })
  await world.settled()
  assert.deepEqual(await stored(), used)
  assert.equal(world.mails.length, mailed)
})

const restore = (token: string, cookies: Readonly<Record<string, string>>): Promise<Visited> =>
  world.visit({ path: '/restore-address', cookies, form: { token } })

/** Somebody has moved the account to another address: the token of the mail to the former one. */
async function stolen(): Promise<{ readonly accountId: string; readonly email: string; readonly token: string }> {
  const { accountId, email } = await world.person({ email: fresh() })
  const now = world.clock.now()
  world.engine.sessionList.splice(0)
  world.engine.sessionList.push({ id: 'here', accountId, signedInAt: now, lastUsedAt: now, device: '' })
  world.engine.signedInAs = accountId
  const to = fresh()
  await world.visit({ path: '/account/email', form: { email: to }, client: to })
  await world.visit({ path: '/account/email/confirm', form: { token: tokenIn(await world.mailTo(to, 'confirm-new-address')) } })
  world.engine.signedInAs = undefined
  return { accountId, email, token: tokenIn(await world.mailTo(email, 'address-changed')) }
}

test('of an address that was taken back the second press hears so, where that was done, and nothing is told again', async () => {
  const { accountId, email, token } = await stolen()
  const cookies = await opened(`/restore-address?token=${token}`)
  const dead = heard(await restore('x'.repeat(43), cookies))
  const answers = await Promise.all(Array.from({ length: 5 }, () => restore(token, cookies)))
  for (const answer of answers) {
    assert.equal(answer.status, 200)
    assert.match(answer.text, /The change is taken back/)
  }
  await world.settled()
  const before = [events.length, world.mails.length, world.engine.asked.length]
  assert.equal(world.engine.asked.filter((asked) => asked === `revokeAccount ${accountId} except none`).length, 1)
  assert.equal(world.mails.filter(({ to, template }) => to === email && template === 'address-restored').length, 1)
  assert.deepEqual(heard(await restore(token, cookies)), heard(answers[0] ?? assert.fail()))
  for (const other of [here, {}]) assert.deepEqual(heard(await restore(token, other)), dead)
  assert.deepEqual(heard(await world.visit({ path: `/restore-address?token=${token}`, cookies })), dead)
  await world.settled()
  assert.deepEqual([events.length, world.mails.length, world.engine.asked.length], before)
  const { usedBy, changedAt, ...rest } =
    (await world.database.collection(addressUndosCollection).get(call, sha256(token)))?.value ?? assert.fail('it is gone')
  assert.deepEqual([usedBy?.length, typeof changedAt], [43, 'number'])
  const now = world.clock.now()
  assert.deepEqual(rest, { id: sha256(token), before: '', usedAt: now, expiresAt: now + MOMENT })
  world.clock.advance(MOMENT)
  assert.deepEqual(heard(await restore(token, cookies)), dead)
})
