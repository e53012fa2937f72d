// Guessing by the thousand, from addresses by the hundred, at accounts by the dozen: how much of it is ever tried, and who still gets in.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { html } from '#kernel/html.ts'
import { type AccountsWorld, call, openAccounts, puzzleIn, type Visited } from '../support/accounts.ts'
import { SIGN_IN } from '../support/arriving.ts'

const here = { '__Host-Http-here': 'h'.repeat(43) }
/** The whole: 10,000 guesses over 1,000 addresses and 500 accounts. A tenth of it behaves alike, and is fast enough for every run. */
const SCALE = process.env['NINEFOLD_TEST_WHOLE_ATTACK'] === '1' ? 1 : 10
const [GUESSES, ADDRESSES, ACCOUNTS] = [10_000 / SCALE, 1000 / SCALE, 500 / SCALE]
const HOUR = 3_600_000

let world: AccountsWorld

before(async () => {
  world = await openAccounts()
  world.engine.current = SIGN_IN
})

after(() => world.stop())

async function signIn(form: Record<string, string>, client = 'home', cookies: Record<string, string> = here): Promise<Visited> {
  return world.visit({ path: '/interaction/u1/sign-in', form, client, cookies })
}

test(`requirement 69: of ${GUESSES} guesses from ${ADDRESSES} addresses at ${ACCOUNTS} accounts, at most 10 are tried per account and hour`, async (t) => {
  const emails = Array.from({ length: ACCOUNTS }, (_, index) => `attacked-${index}@example.org`)
  const owned = await world.person({ email: emails[0] ?? '' })
  const tried = new Map<string, number>()
  const step = HOUR / GUESSES
  for (let guess = 0; guess < GUESSES; guess += 1) {
    const email = emails[guess % ACCOUNTS] ?? ''
    // The attacker is as able as one can be: it solves every puzzle, and its passwords differ.
    const { status } = await signIn({ email, password: `guess number ${guess}` }, `bot-${guess % ADDRESSES}`)
    if (status === 422) tried.set(email, (tried.get(email) ?? 0) + 1)
    else assert.equal(status, 429)
    world.clock.advance(step)
  }
  const counts = [...tried.values()]
  t.diagnostic(`${counts.reduce((sum, count) => sum + count, 0)} of ${GUESSES} were tried; at most ${Math.max(...counts)} per account`)
  assert.equal(tried.size, ACCOUNTS)
  assert.ok(Math.max(...counts) <= 10, `${Math.max(...counts)} tries at one account`)
  // With the first browser that it has signed in from, the owner is in at once: a stranger's tries close a stranger's door.
  world.clock.advance(2 * HOUR)
  const first = await signIn({ email: owned.email, password: owned.password }, 'owner')
  const device = /__Host-Http-known-device=([^;]+)/.exec(first.cookies.join('\n'))?.[1] ?? assert.fail('no device')
  for (let guess = 0; guess < 30; guess += 1) await signIn({ email: owned.email, password: `again ${guess}` }, `late-${guess}`)
  assert.equal((await signIn({ email: owned.email, password: owned.password }, 'stranger')).status, 429)
  const second = await signIn({ email: owned.email, password: owned.password }, 'owner', { ...here, '__Host-Http-known-device': device })
  assert.equal(second.status, 303)
})

test('requirement 69: one password at many accounts has to wait, from whatever address; another password has not', async () => {
  world.clock.advance(2 * HOUR)
  const statuses: number[] = []
  for (let index = 0; index < 40; index += 1)
    statuses.push((await signIn({ email: `sprayed-${index}@example.org`, password: 'Winter2026!' }, `spray-${index}`)).status)
  assert.deepEqual(
    statuses.slice(0, 30),
    Array.from({ length: 30 }, () => 422),
  )
  assert.ok(
    statuses.slice(32).every((status) => status === 429),
    statuses.join(),
  )
  assert.equal((await signIn({ email: 'sprayed-41@example.org', password: 'Summer2026!' }, 'spray-41')).status, 422)
  world.clock.advance(11 * 60_000)
  assert.equal((await signIn({ email: 'sprayed-42@example.org', password: 'Winter2026!' }, 'spray-42')).status, 422, 'never for ever')
})

test('requirement 69: an address has to wait after many tries at many accounts, and its neighbour has not', async () => {
  world.clock.advance(2 * HOUR)
  const statuses: number[] = []
  for (let index = 0; index < 40; index += 1)
    statuses.push((await signIn({ email: `tried-${index}@example.org`, password: `one ${index}` }, 'busy')).status)
  assert.deepEqual(
    statuses.slice(0, 30),
    Array.from({ length: 30 }, () => 422),
  )
  assert.ok(
    statuses.slice(32).every((status) => status === 429),
    statuses.join(),
  )
  const neighbour = { path: '/interaction/u1/sign-in', form: { email: 'next@example.org', password: 'one' }, cookies: here }
  assert.equal((await world.visit({ ...neighbour, client: 'next door', network: 'network of busy' })).status, 422)
})

test('requirement 69: a network has to wait after many tries from all over it', async () => {
  world.clock.advance(2 * HOUR)
  let refused = 0
  for (let index = 0; index < 210; index += 1) {
    const path = '/interaction/u1/sign-in'
    const form = { email: `neighbour-${index}@example.org`, password: `p ${index}` }
    const { status } = await world.visit({ path, form, client: `neighbour-${index}`, network: 'one-network', cookies: here })
    if (status === 429) refused += 1
  }
  assert.ok(refused >= 8, `${refused} of 210 were refused`)
  assert.equal((await signIn({ email: 'elsewhere@example.org', password: 'p' }, 'elsewhere')).status, 422)
})

test('requirement 69: what all fail at together makes the puzzles of strangers harder, closes no door, and asks nothing of a browser that is known', async (t) => {
  // A tenth: 30 tries in ten minutes, where 300 are nothing special.
  const crowded = await openAccounts({ suspicionFactor: 0.1 })
  t.after(() => crowded.stop())
  crowded.engine.current = SIGN_IN
  const { email, password } = await crowded.person()
  const send = (form: Record<string, string>, client: string, cookies: Record<string, string> = here): Promise<Visited> =>
    crowded.visit({ path: '/interaction/u1/sign-in', form, client, cookies })
  const home = (await send({ email, password }, 'home')).cookies.join('\n')
  const device = /__Host-Http-known-device=([^;]+)/.exec(home)?.[1] ?? assert.fail('no device')
  const shown = async (): Promise<string> =>
    /data-bits="(\d+)"/.exec((await crowded.visit({ path: '/interaction/u1', client: 'passer-by', cookies: here })).text)?.[1] ?? 'none'
  const bits: Record<number, string> = {}
  for (let tries = 0; tries <= 120; tries += 1) {
    if ([29, 30, 59, 60, 119, 120].includes(tries)) bits[tries] = await shown()
    // Each from a place, at an address and with a password of its own, and with its puzzle solved: no other count sees it.
    const guess = await send({ email: `one-of-many-${tries}@example.org`, password: `guess number ${tries}` }, `crowd-${tries}`)
    assert.equal(guess.status, 422, 'nobody has to wait')
  }
  assert.deepEqual(bits, { 29: 'none', 30: '4', 59: '4', 60: '5', 119: '5', 120: '6' })
  const form = { email, password, puzzle: '', puzzle_answer: '' }
  const elsewhere = await send(form, 'new place')
  assert.match(elsewhere.text, /no machine is at work/)
  assert.equal((await send(form, 'home', { ...here, '__Host-Http-known-device': device })).status, 303)
  assert.equal((await send({ ...form, ...puzzleIn(elsewhere.answer) }, 'new place')).status, 303)
  crowded.clock.advance(10 * 60_000 + 1)
  assert.equal(await shown(), 'none', 'it is over after ten minutes')
})

test('requirement 69: after suspicion a form is taken with a solved puzzle alone, and the page brings it', async () => {
  world.clock.advance(2 * HOUR)
  const person = await world.person({ email: 'puzzled@example.org' })
  for (let index = 0; index < 4; index += 1) await signIn({ email: person.email, password: `no ${index}` }, `strange-${index}`)
  world.clock.advance(HOUR / 2)
  const form = { email: person.email, password: person.password, puzzle: '', puzzle_answer: '' }
  const without = await signIn(form, 'fresh')
  assert.equal(without.status, 422)
  assert.match(without.text, /no machine is at work/)
  assert.equal(
    without.cookies.some((cookie) => cookie.includes('known-device')),
    false,
    'nobody is in',
  )
  const solved = puzzleIn(without.answer) ?? assert.fail('no puzzle on the page')
  const other = { '__Host-Http-here': 'x'.repeat(43) }
  assert.equal((await signIn({ ...form, ...solved }, 'fresh', other)).status, 422, 'in another browser')
  assert.equal((await signIn({ ...form, ...solved, puzzle_answer: '' }, 'fresh')).status, 422, 'without the answer')
  assert.equal((await signIn({ ...form, ...solved }, 'fresh')).status, 303)
})

test('requirement 69: without scripts people wait as long as the page says', async () => {
  world.clock.advance(2 * HOUR)
  const person = await world.person({ email: 'scriptless@example.org' })
  for (let index = 0; index < 4; index += 1) await signIn({ email: person.email, password: `no ${index}` }, `strange-${index}`)
  world.clock.advance(HOUR / 2)
  const shown = await signIn({ email: person.email, password: '', puzzle: '' }, 'plain')
  assert.match(shown.text, /Before this form is sent, please wait 10 seconds/)
  const puzzle = puzzleIn(shown.answer)?.puzzle ?? assert.fail('no puzzle')
  const form = { email: person.email, password: person.password, puzzle, puzzle_answer: '' }
  assert.equal((await signIn(form, 'plain')).status, 422)
  world.clock.advance(10_000)
  assert.equal((await signIn(form, 'plain')).status, 303)
})

test('requirement 69: the challenge of the app is asked for in place of the puzzle, and a verifier that fails lets nobody in', async (t) => {
  let verdict: () => Promise<boolean> = async () => true
  const sources = { scriptSrc: ['https://challenges.example'], frameSrc: ['https://challenges.example'] }
  const challenge = { field: 'captcha', render: () => html`<input name="captcha" value="">`, verify: () => verdict(), sources }
  const other = await openAccounts({ definition: { challenge } })
  t.after(() => other.stop())
  other.engine.current = SIGN_IN
  const person = await other.person()
  const visit = (form: Record<string, string>) => other.visit({ path: '/interaction/u1/sign-in', form, cookies: here })
  assert.equal((await visit({ email: person.email, password: 'no' })).sources, undefined, 'nothing is let in before there is a challenge')
  for (let index = 1; index < 4; index += 1) await other.accounts.signIn(call, { email: person.email, password: 'no', client: `c${index}` })
  other.clock.advance(HOUR / 2)
  const form = { email: person.email, password: person.password }
  const asked = await visit(form)
  assert.match(asked.text, /<div class="guard"><input name="captcha"/)
  assert.deepEqual(asked.sources, sources)
  verdict = async () => {
    throw new Error('the verifier is away')
  }
  assert.equal((await visit({ ...form, captcha: 'solved' })).status, 422)
  verdict = async () => true
  const home = await visit({ ...form, captcha: 'solved' })
  assert.deepEqual([home.status, home.sources], [303, undefined])
  for (let ask = 0; ask < 4; ask += 1) await other.visit({ path: '/forgot-password', form: { email: 'x@example.org' }, client: `m${ask}` })
  const mailing = await other.visit({ path: '/forgot-password', form: { email: 'x@example.org' }, client: 'm5' })
  assert.match(mailing.text, /<div class="guard"><input name="captcha"/)
  assert.deepEqual(mailing.sources, sources, 'on other forms as well')
})
