// How long somebody stays signed in, in which browsers, and how that ends: requirement 68.
import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import { insertInto } from '#kernel/collection.ts'
import { appProblems } from '../../src/app-check.ts'
import type { AppDefinition } from '../../src/app.ts'
import type { AuthDefinition } from '../../src/auth/contract.ts'
import { sessionsCollection } from '../../src/auth/provider/collections.ts'
import {
  authorizePath,
  Browser,
  call,
  frontendToken,
  frontendTokens,
  type OauthWorld,
  openOauth,
  pkce,
  PRINT_SHOP,
  type Tokens,
  tokensFor,
} from '../support/oauth.ts'

const DAY = 86_400_000
const MINUTE = 60_000
let usual: OauthWorld

before(async () => {
  usual = await openOauth()
})
after(() => usual.stop())

/** Of its own for each test: moving the clock of our storage leaves that of the engine, which notes the moment of a sign-in, behind. */
async function strictWorld(t: TestContext, sessions: NonNullable<AuthDefinition['sessions']>): Promise<OauthWorld> {
  const world = await openOauth({ definition: { sessions } })
  t.after(() => world.stop())
  return world
}

/** The tokens after it, or `undefined` when it is refused. */
async function refreshed(world: OauthWorld, { refresh_token: token = '' }: Tokens): Promise<Tokens | undefined> {
  const reply = await frontendToken(world, { grant_type: 'refresh_token', refresh_token: token })
  if (reply.status === 200) return JSON.parse(reply.body) as Tokens
  assert.match(reply.body, /invalid_grant/)
  return undefined
}

/** Whether the browser is signed in without asking. */
async function isSignedIn(browser: Browser, account = 'nobody'): Promise<boolean> {
  const { location } = await browser.authorize(authorizePath(pkce().challenge, { extra: { prompt: 'none' } }), { account })
  const error = location.searchParams.get('error')
  assert.match(error ?? 'login_required', /^(login|consent)_required$/)
  return error !== 'login_required'
}

const sessionsOf = async (world: OauthWorld, account: string): Promise<number> => (await world.server.engine.sessions(call, account)).length

test('requirement 68: a session that is not used ends, its tokens with it, and using a frontend is a use', async (t) => {
  const strict = await strictWorld(t, { idleDays: 2 })
  const account = 'person-idle'
  const browser = new Browser(strict)
  let tokens: Tokens | undefined = await frontendTokens(strict, browser, account)
  for (let days = 0; days < 4.5; days += 1.5) {
    strict.advance(1.5 * DAY)
    tokens = tokens && (await refreshed(strict, tokens))
    assert.ok(tokens, `used ${days} days after the sign-in`)
  }
  const [session] = await strict.server.engine.sessions(call, account)
  assert.ok((session?.lastUsedAt ?? 0) >= (session?.signedInAt ?? 0) + 4 * DAY, 'the account page says when it was used')
  strict.advance(2 * DAY - 60_000)
  tokens = await refreshed(strict, tokens ?? assert.fail())
  assert.ok(tokens)
  strict.advance(2 * DAY)
  assert.equal(await refreshed(strict, tokens), undefined)
  assert.equal(await isSignedIn(browser), false)
  assert.equal(await sessionsOf(strict, account), 0)
})

test('requirement 68: when a session was used is known to some minutes, so that its person can tell whose it is', async (t) => {
  const world = await openOauth()
  t.after(() => world.stop())
  const account = 'person-used'
  let tokens: Tokens | undefined = await frontendTokens(world, new Browser(world), account)
  const [first] = await world.server.engine.sessions(call, account)
  for (let minutes = 4; minutes <= 120; minutes += 4) {
    world.advance(4 * MINUTE)
    tokens = await refreshed(world, tokens ?? assert.fail())
    const [session] = await world.server.engine.sessions(call, account)
    const late = (first?.lastUsedAt ?? 0) + minutes * MINUTE - (session?.lastUsedAt ?? 0)
    // The clock goes on meanwhile.
    assert.ok(late < 10 * MINUTE, `${late / MINUTE} minutes late after ${minutes}`)
  }
})

test('requirement 68: several uses at once are noted once, and all of them succeed', async (t) => {
  const world = await openOauth()
  t.after(() => world.stop())
  const account = 'person-used-at-once'
  const browser = new Browser(world)
  const held = [await frontendTokens(world, browser, account), await frontendTokens(world, browser, account)]
  const [before] = await world.server.engine.sessions(call, account)
  const id = before?.id ?? assert.fail()
  const versionOf = async (): Promise<number> => (await world.database.collection(sessionsCollection).get(call, id))?.version ?? 0
  const version = await versionOf()
  world.advance(10 * MINUTE)
  const after = await Promise.all(held.map((tokens) => refreshed(world, tokens)))
  assert.ok(after.every((tokens) => tokens !== undefined))
  const [session] = await world.server.engine.sessions(call, account)
  assert.ok((session?.lastUsedAt ?? 0) >= (before?.lastUsedAt ?? 0) + 10 * MINUTE)
  assert.equal(await versionOf(), version + 1)
})

test('requirement 68: of however many sessions each is listed, the one that was used last first, and can be ended', async () => {
  const account = 'person-crowd'
  const now = Date.now()
  const common = { accountId: account, device: '', signedInAt: now, payload: '', expiresAt: now + DAY }
  const ids = Array.from({ length: 130 }, (_, index) => `crowd-${index}`)
  for (let from = 0; from < ids.length; from += 65) {
    const some = ids.slice(from, from + 65)
    await usual.database.commit(
      call,
      some.map((id, index) => insertInto(sessionsCollection, { ...common, id, cookieHash: id, lastUsedAt: now + from + index })),
    )
  }
  const latestFirst = ids.toReversed()
  const { sessions, sessionPage, endBrowserSession } = usual.server.engine
  assert.deepEqual(
    (await sessions(call, account)).map(({ id }) => id),
    latestFirst,
  )
  const paged: string[] = []
  let after: string | undefined
  do {
    const { items, next } = await sessionPage(call, account, { limit: 50, after })
    assert.ok(items.length <= 50)
    paged.push(...items.map(({ id }) => id))
    after = next
  } while (after !== undefined)
  assert.deepEqual(paged, latestFirst)
  await endBrowserSession(call, account, 'crowd-0')
  assert.equal((await sessions(call, account)).length, 129)
})

test('requirement 68: however much it is used, a session ends so long after the sign-in, used or not', async (t) => {
  const strict = await strictWorld(t, { idleDays: 2, limitDays: 7 })
  const account = 'person-limit'
  const browser = new Browser(strict)
  let tokens: Tokens | undefined = await frontendTokens(strict, browser, account)
  for (let day = 1; day < 7; day += 1) {
    strict.advance(DAY)
    tokens = tokens && (await refreshed(strict, tokens))
    assert.equal(await isSignedIn(browser), true, `day ${day}`)
  }
  strict.advance(DAY)
  assert.equal(await refreshed(strict, tokens ?? assert.fail()), undefined)
  assert.equal(await isSignedIn(browser), false)
  assert.equal(await sessionsOf(strict, account), 0)
})

test('requirement 68: each browser is listed with its own session, and one of them is ended alone', async () => {
  const account = 'person-devices'
  const [here, there] = [new Browser(usual), new Browser(usual)]
  const kept = await frontendTokens(usual, here, account)
  const known = new Set((await usual.server.engine.sessions(call, account)).map(({ id }) => id))
  const ended = await frontendTokens(usual, there, account)
  const { sessions, endBrowserSession } = usual.server.engine
  const [other, ...more] = (await sessions(call, account)).filter(({ id }) => !known.has(id))
  assert.ok(other)
  assert.deepEqual([known.size, more.length], [1, 0])
  await endBrowserSession(call, 'person-somebody-else', other.id)
  assert.equal((await sessions(call, account)).length, 2, 'nobody else ends it')
  await endBrowserSession(call, account, other.id)
  assert.deepEqual(new Set((await sessions(call, account)).map(({ id }) => id)), known)
  assert.equal(await refreshed(usual, ended), undefined)
  assert.equal(await isSignedIn(there), false)
  assert.ok(await refreshed(usual, kept))
  assert.equal(await isSignedIn(here), true)
})

test('requirement 68: without a word in the app definition it is a month without use, and three at most', async () => {
  const [idle, busy] = [new Browser(usual), new Browser(usual)]
  await frontendTokens(usual, idle, 'person-usual-idle')
  await frontendTokens(usual, busy, 'person-usual-busy')
  for (let day = 0; day < 90; day += 30) {
    assert.equal(await isSignedIn(busy), true, `day ${day}`)
    usual.advance(30 * DAY)
    if (day === 30) assert.equal(await isSignedIn(idle), false)
  }
  assert.equal(await isSignedIn(busy), false)
  assert.equal(await sessionsOf(usual, 'person-usual-idle'), 0)
})

test('requirement 68: limits that are none are refused at the start', () => {
  const app = { name: 'App', scopes: {}, resources: [], frontends: [] }
  const problemsOf = (sessions: Record<string, number>): string[] => {
    const definition: AppDefinition = { ...app, auth: { sessions } }
    return [...appProblems(definition)].filter((problem) => problem.includes('sessions'))
  }
  for (const wrong of [{ idleDays: 0 }, { idleDays: 32 }, { limitDays: 91 }, { limitDays: 0.5 }, { days: 3 }])
    assert.equal(problemsOf(wrong as Record<string, number>).length > 0, true, JSON.stringify(wrong))
  assert.deepEqual(problemsOf({ idleDays: 1, limitDays: 90 }), [])
})

test('requirement 51: an ID token names its session as long as that lasts, whatever key signs meanwhile, and then its key leaves', async (t) => {
  const world = await openOauth()
  t.after(() => world.stop())
  const account = 'person-hint'
  const [early, late] = [new Browser(world), new Browser(world)]
  const { id_token: earlyHint } = await tokensFor(world, early, { account })
  const { id_token: lateHint } = await tokensFor(world, late, { account })
  const keys = async (): Promise<unknown[]> => (await world.server.keySet()).keys.map(({ kid }) => kid)
  const { kid } = JSON.parse(Buffer.from(lateHint.split('.')[0] ?? '', 'base64url').toString())
  await world.server.signingKeys.rotate(call, { now: true })
  world.advance(10_000)
  let most = 0
  const passDays = async (days: number, used: readonly Browser[]): Promise<void> => {
    for (let day = 1; day <= days; day += 1) {
      world.advance(DAY)
      most = Math.max(most, (await keys()).length)
      if (day % 15 === 0) for (const browser of used) assert.equal(await isSignedIn(browser), true)
    }
  }
  const signOut = async (browser: Browser, hint: string): Promise<void> => {
    const query = new URLSearchParams({ id_token_hint: hint, post_logout_redirect_uri: PRINT_SHOP.postLogoutRedirectUris[0] })
    const page = await browser.visit({ path: `/end-session?${query.toString()}` })
    assert.equal(page.status, 200, page.body)
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(page.body)?.[1] ?? ''
    const done = await browser.visit({ path: '/end-session/confirm', form: { xsrf, logout: 'yes' } })
    assert.equal(done.headers['location'], PRINT_SHOP.postLogoutRedirectUris[0])
  }
  await passDays(32, [early, late])
  await signOut(early, earlyHint)
  assert.equal(await sessionsOf(world, account), 1)
  await passDays(89 - 32, [late])
  await signOut(late, lateHint)
  assert.equal(await sessionsOf(world, account), 0)
  assert.ok((await keys()).includes(kid))
  await passDays(2, [])
  assert.equal((await keys()).includes(kid), false)
  await passDays(200, [])
  assert.ok(most <= 6, `${most} keys of two algorithms`)
})
