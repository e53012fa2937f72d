// What happens at once: racers for one code and one refresh token, thieves who come late, and tabs that sign in together.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { SecurityEvent } from '../../src/auth/security-events/security-event.ts'
import { type Told, toldBy } from '../support/told.ts'
import { until } from '../support/until.ts'
import {
  authorizePath,
  Browser,
  call,
  claimsOf,
  codeFor,
  errorOf,
  frontendToken,
  frontendTokens,
  type OauthWorld,
  openOauth,
  pkce,
  PRINT_SHOP,
  type Reply,
  refresh,
  send,
  tokensFor,
} from '../support/oauth.ts'

let world: OauthWorld

let events: Told['events']
let mails: Told['mails']

before(async () => {
  world = await openOauth()
  ;({ events, mails } = toldBy(world.database))
})

const told = (type: string, accountId: string): Promise<SecurityEvent> =>
  until(`${type} of ${accountId}`, () => events.find((event) => event.type === type && event.accountId === accountId))

after(() => world.stop())

const tokenIn = (reply: Reply): string => JSON.parse(reply.body).refresh_token

async function isRevoked(sid: unknown): Promise<boolean> {
  const { items } = await world.revocations.list(call)
  return items.some(({ kind, subject }) => kind === 'session' && subject === sid)
}

test('requirement 10: of 50 that redeem one code at once, one gets tokens', async () => {
  const form = await codeFor(new Browser(world), { account: 'person-race' })
  const replies = await Promise.all(Array.from({ length: 50 }, () => send(world, { path: '/token', form })))
  assert.equal(replies.filter(({ status }) => status === 200).length, 1)
  for (const reply of replies) if (reply.status !== 200) assert.equal(errorOf(reply), 'invalid_grant')
})

test('requirement 10: without a refresh token, too, one of 50 gets tokens and the rest nothing', async () => {
  const form = await codeFor(new Browser(world), { account: 'person-race-short', scope: 'openid photos:read' })
  const replies = await Promise.all(Array.from({ length: 50 }, () => send(world, { path: '/token', form })))
  assert.equal(replies.filter(({ status }) => status === 200).length, 1)
  for (const reply of replies) {
    if (reply.status === 200) assert.equal('refresh_token' in JSON.parse(reply.body), false)
    else assert.deepEqual([reply.status, errorOf(reply), reply.body.includes('access_token')], [400, 'invalid_grant', false])
  }
})

test('requirement 29: 20 that refresh one token at once all get the same successor', async () => {
  const tokens = await tokensFor(world, new Browser(world), { account: 'person-tabs' })
  const replies = await Promise.all(Array.from({ length: 20 }, () => refresh(world, tokens.refresh_token)))
  assert.deepEqual(
    replies.map(({ status }) => status),
    replies.map(() => 200),
  )
  const successors = new Set(replies.map(tokenIn))
  assert.equal(successors.size, 1)
  const [successor] = successors
  assert.equal((await refresh(world, successor)).status, 200, 'and the successor works')
  assert.equal(await isRevoked(claimsOf(tokens.access_token)['sid']), false)
})

test('requirement 29: a lost answer may be asked for again within the grace', async () => {
  const tokens = await tokensFor(world, new Browser(world), { account: 'person-retry' })
  const first = await refresh(world, tokens.refresh_token)
  const again = await refresh(world, tokens.refresh_token)
  assert.equal(again.status, 200)
  assert.equal(tokenIn(again), tokenIn(first))
  await refresh(world, tokens.refresh_token)
  const { about } = await told('refresh.reuse_in_grace', 'person-retry')
  assert.equal(about, 'Print Shop')
  assert.equal(
    mails.some(({ to }) => to === 'person-retry@example.org'),
    false,
    'no reason to alarm anybody',
  )
  const twice = events.filter(({ type, accountId }) => type === 'refresh.reuse_in_grace' && accountId === 'person-retry')
  assert.equal(twice.length, 1, 'once for each token')
})

test('requirement 28: each refresh of a public client uses its token up', async () => {
  const tokens = await tokensFor(world, new Browser(world), { account: 'person-public' })
  const next = tokenIn(await refresh(world, tokens.refresh_token))
  assert.notEqual(next, tokens.refresh_token)
  const last = tokenIn(await refresh(world, next))
  assert.equal(new Set([tokens.refresh_token, next, last]).size, 3)
  world.advance(3001)
  assert.equal(errorOf(await refresh(world, tokens.refresh_token)), 'invalid_grant')
})

test('whoever gives a used token back, or is another client, does not end its family', async () => {
  const tokens = await frontendTokens(world, new Browser(world), 'person-harmless')
  const used = tokens.refresh_token ?? ''
  const answer = await frontendToken(world, { grant_type: 'refresh_token', refresh_token: used })
  const { refresh_token: next } = JSON.parse(answer.body) as { refresh_token: string }
  world.advance(10_001)
  assert.equal(errorOf(await refresh(world, used)), 'invalid_grant', 'the print shop has no business with it')
  assert.equal((await frontendToken(world, { grant_type: 'refresh_token', refresh_token: next })).status, 200)
  assert.equal(
    events.some(({ type, accountId }) => type === 'refresh.reuse_detected' && accountId === 'person-harmless'),
    false,
  )
})

test('requirement 29: a used token that comes late ends its family, and its person is told', async () => {
  const tokens = await tokensFor(world, new Browser(world), { account: 'person-late' })
  const next = tokenIn(await refresh(world, tokens.refresh_token))
  world.advance(10_001)
  assert.equal(errorOf(await refresh(world, tokens.refresh_token)), 'invalid_grant')
  assert.equal(errorOf(await refresh(world, next)), 'invalid_grant', 'the honest successor ends too')
  assert.equal(await isRevoked(claimsOf(tokens.access_token)['sid']), true)
  assert.ok(world.logs.some((line) => line.includes('refresh.reuse_detected')))
  assert.equal((await told('refresh.reuse_detected', 'person-late')).about, 'Print Shop')
  const mail = await until('the mail', () => mails.find(({ to }) => to === 'person-late@example.org'))
  assert.equal(mail.template, 'token-reused')
  assert.equal(mail.data['app'], 'Print Shop')
  await refresh(world, tokens.refresh_token)
  const alarms = events.filter(({ type, accountId }) => type === 'refresh.reuse_detected' && accountId === 'person-late')
  assert.equal(alarms.length, 1, 'a family ends once')
  assert.equal(
    world.logs.some((line) => line.includes(next)),
    false,
    'no token is in a log line',
  )
})

test('requirement 29: a token whose successor has been in use for a while ends its family, within the grace too', async () => {
  const tokens = await tokensFor(world, new Browser(world), { account: 'person-thief' })
  const next = tokenIn(await refresh(world, tokens.refresh_token))
  const last = tokenIn(await refresh(world, next))
  world.advance(3001)
  assert.equal(errorOf(await refresh(world, tokens.refresh_token)), 'invalid_grant')
  assert.equal(errorOf(await refresh(world, last)), 'invalid_grant')
  assert.equal(await isRevoked(claimsOf(tokens.access_token)['sid']), true)
})

test('requirement 29: a request that others have overtaken is given what counts by now', async () => {
  const account = 'person-overtaken'
  const tokens = await tokensFor(world, new Browser(world), { account })
  const shown = [tokens.refresh_token ?? '']
  for (let generation = 0; generation < 4; generation += 1) shown.push(tokenIn(await refresh(world, shown.at(-1))))
  const counting = shown.pop()
  for (const token of shown) assert.equal(tokenIn(await refresh(world, token)), counting, 'no branch, and no alarm')
  world.advance(2000)
  assert.equal(tokenIn(await refresh(world, shown.at(-2))), counting)
  const last = tokenIn(await refresh(world, counting))
  // Whoever is overtaken is judged by when its own successor was used, not by what others have done since.
  world.advance(2000)
  assert.equal(tokenIn(await refresh(world, counting)), last)
  assert.equal(tokenIn(await refresh(world, shown.at(-1))), last)
  assert.equal(
    events.some(({ type, accountId }) => type === 'refresh.reuse_detected' && accountId === account),
    false,
  )
  assert.equal(errorOf(await refresh(world, shown.at(-2))), 'invalid_grant', 'its successor was used four seconds ago')
  assert.equal(errorOf(await refresh(world, last)), 'invalid_grant')
  await told('refresh.reuse_detected', account)
})

test('requirement 29: of more than eight refreshes within the grace, the first tokens are no longer led on', async () => {
  const tokens = await tokensFor(world, new Browser(world), { account: 'person-hurried' })
  const all = [tokens.refresh_token ?? '']
  for (let generation = 0; generation < 10; generation += 1) all.push(tokenIn(await refresh(world, all.at(-1))))
  const [, unknown, eighth] = all
  assert.equal(tokenIn(await refresh(world, eighth)), all.at(-1))
  assert.equal(errorOf(await refresh(world, unknown)), 'invalid_grant')
  assert.equal(errorOf(await refresh(world, all.at(-1))), 'invalid_grant')
})

test('requirement 29: racers over several generations never diverge', async () => {
  const tokens = await frontendTokens(world, new Browser(world), 'person-generations')
  let current = tokens.refresh_token ?? ''
  for (let generation = 0; generation < 10; generation += 1) {
    const form = { grant_type: 'refresh_token', refresh_token: current }
    const answers = await Promise.all([1, 2, 3].map(() => frontendToken(world, form)))
    const successors = new Set(answers.map(({ status, body }) => (status === 200 ? JSON.parse(body).refresh_token : body)))
    assert.equal(successors.size, 1)
    ;[current = ''] = successors
  }
})

test('requirement 30: a refresh token that nobody uses ends after two weeks', async () => {
  const tokens = await tokensFor(world, new Browser(world), { account: 'person-lifetime' })
  const next = tokenIn(await refresh(world, tokens.refresh_token))
  world.advance(14 * 86_400_000 + 1000)
  assert.equal(errorOf(await refresh(world, next)), 'invalid_grant', 'unused for two weeks, it is gone')
  world.advance(-(14 * 86_400_000 + 1000))
})

test('requirement 30: rotation does not make a refresh token live longer than the first one', async (context) => {
  const tokens = await tokensFor(world, new Browser(world), { account: 'person-lifetime' })
  let current = tokens.refresh_token ?? ''
  const start = Date.now()
  context.mock.timers.enable({ apis: ['Date'], now: start })
  for (const day of [10, 20, 29]) {
    context.mock.timers.setTime(start + day * 86_400_000)
    const reply = await refresh(world, current)
    assert.equal(reply.status, 200, `day ${day}: ${reply.body}`)
    current = tokenIn(reply)
  }
  context.mock.timers.setTime(start + 30 * 86_400_000 + 60_000)
  assert.equal(errorOf(await refresh(world, current)), 'invalid_grant')
})

test('two clients that sign in at once in one browser both keep their session', async () => {
  const account = 'person-two-tabs'
  const browser = new Browser(world)
  const first = await frontendTokens(world, browser, account)
  // The third party was agreed to before, so that both go straight through.
  await tokensFor(world, browser, { account, scope: 'openid photos:read' })
  const rounds = await Promise.all([
    frontendTokens(world, browser, account),
    tokensFor(world, browser, { account, scope: 'openid photos:read' }),
  ])
  const answers = await Promise.all(
    [first, rounds[0]].map(({ refresh_token: token = '' }) => frontendToken(world, { grant_type: 'refresh_token', refresh_token: token })),
  )
  for (const { status, body } of answers) assert.equal(status, 200, body)
})

test('two tabs of an app where somebody agrees at once both go on, with what was allowed in either', async () => {
  const account = 'person-two-yeses'
  const browser = new Browser(world)
  const signIn = new URL(String((await browser.visit({ path: authorizePath(pkce().challenge) })).headers['location']), world.sites.accounts)
  const cookies = (path: string): string => browser.cookiesFor(path).join('; ')
  const before = cookies('/account')
  await browser.visit({ method: 'POST', path: `${signIn.pathname}/sign-in?account=${account}` })
  assert.notEqual(cookies('/account'), before, 'whoever signs in gets another cookie')
  const tabs = await Promise.all(
    ['profile', 'email'].map(async (scope) => {
      const { verifier, challenge } = pkce()
      const { headers } = await browser.visit({ path: authorizePath(challenge, { scope: `openid ${scope}` }) })
      return { scope, verifier, path: new URL(String(headers['location']), world.sites.accounts).pathname }
    }),
  )
  // Each as its browser sends it before it has either answer.
  const sent = tabs.map(({ path }) => ({ method: 'POST', path: `${path}/consent?approved=yes`, headers: { cookie: cookies(path) } }))
  for (const [index, request] of sent.entries()) {
    const code = new URL(String((await browser.visit(request)).headers['location']), world.sites.accounts).searchParams.get('code')
    const { verifier = '', scope } = tabs[index] ?? {}
    const form = { client_id: PRINT_SHOP.clientId, redirect_uri: PRINT_SHOP.redirectUris[0], code: code ?? '', code_verifier: verifier }
    const reply = await send(world, { path: '/token', form: { grant_type: 'authorization_code', ...form } })
    assert.equal(reply.status, 200, reply.body)
    assert.equal(JSON.parse(reply.body).scope, `openid ${scope}`)
  }
})

test('a session that ends while a request of it is under way stays ended', async () => {
  const account = 'person-resurrect'
  const browser = new Browser(world)
  await frontendTokens(world, browser, account)
  for (let round = 0; round < 5; round += 1) {
    const visits = Array.from({ length: 4 }, () => browser.visit({ path: authorizePath(pkce().challenge, { scope: 'openid' }) }))
    await world.server.engine.revokeAccount(call, account)
    await Promise.all(visits)
    assert.deepEqual(await world.server.engine.sessions(call, account), [])
    await frontendTokens(world, browser, account)
  }
})
