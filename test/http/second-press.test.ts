// The button behind a mailed link, pressed twice: the same browser hears for a moment what the first press did, and nothing is done again. Everybody else hears
// that the link does not work any more.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sha256 } from '#kernel/keyring.ts'
import { emailTokensCollection } from '../../src/auth/accounts/repository.ts'
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
    assert.equal(first.headers?.['location'], at === '' ? '/confirmed' : `${at}?confirmed=1`)
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
