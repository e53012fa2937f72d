// While the database is away, clients and people are told to come back; nothing is used up by it, and nothing is called a failure of theirs.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { systemCall } from '#kernel/call.ts'
import type { Database } from '../../src/database/contract.ts'
import { databaseErrors } from '../../src/database/errors.ts'
import {
  authorizePath,
  Browser,
  codeFor,
  DIARY_SECRET,
  errorOf,
  type OauthWorld,
  openOauth,
  pkce,
  PRINT_SHOP,
  type Reply,
  refresh,
  type Send,
  send,
  tokensFor,
} from '../support/oauth.ts'

const call = systemCall('test')
let world: OauthWorld
/** Of which collection; `commit` for what stores several records at once; or all there is. */
let whatIsAway: string | undefined

/** As the drivers say it. */
function gated<T extends object>(target: T, name = ''): T {
  return new Proxy(target, {
    get(on, key) {
      const value: unknown = Reflect.get(on, key)
      if (typeof value !== 'function') return value
      return (...given: unknown[]): unknown => {
        if (whatIsAway === 'everything' || whatIsAway === (key === 'commit' ? key : name))
          throw databaseErrors.unavailable({ headers: { 'Retry-After': '5' } })
        return Reflect.apply(value, on, given)
      }
    },
  })
}

const between = (database: Database): Database => ({
  ...gated(database),
  collection: (definition) => gated(database.collection(definition), definition.name),
})

before(async () => {
  world = await openOauth({ between })
})
after(() => world.stop())

async function away<T>(work: () => Promise<T>, what = 'everything'): Promise<T> {
  whatIsAway = what
  try {
    return await work()
  } finally {
    whatIsAway = undefined
  }
}

function assertTold(reply: Reply, where: string): void {
  assert.deepEqual([reply.status, errorOf(reply)], [503, 'temporarily_unavailable'], `${where}: ${reply.body}`)
  assert.equal(reply.headers['retry-after'], '5', where)
  assert.doesNotMatch(reply.body, /database|oops|at .*\.ts/, where)
}

test('every endpoint for clients tells them to ask again', async () => {
  const tokens = await tokensFor(world, new Browser(world), { account: 'person-outage' })
  const code = await codeFor(new Browser(world), { account: 'person-outage' })
  const { challenge } = pkce()
  const client = { client_id: PRINT_SHOP.clientId }
  const refreshToken = tokens.refresh_token ?? assert.fail()
  const asked: Record<string, Send> = {
    'a code': { path: '/token', form: code },
    'a refresh': { path: '/token', form: { ...client, grant_type: 'refresh_token', refresh_token: refreshToken } },
    'a revocation': { path: '/revoke', form: { ...client, token: refreshToken } },
    'a pushed request': {
      path: '/par',
      form: {
        ...client,
        response_type: 'code',
        redirect_uri: PRINT_SHOP.redirectUris[0],
        scope: 'openid',
        code_challenge: challenge,
        code_challenge_method: 'S256',
      },
    },
  }
  const authorization = `Basic ${Buffer.from(`diary:${DIARY_SECRET}`).toString('base64')}`
  asked['an introspection'] = { path: '/introspect', form: { token: refreshToken }, headers: { authorization } }
  for (const [where, request] of Object.entries(asked)) assertTold(await away(() => send(world, request)), where)
  assert.ok(world.logs.some((line) => line.includes('auth.outage') && line.includes('database.unavailable')))
  assert.equal(
    world.logs.some((line) => line.includes('the OpenID engine failed')),
    false,
    'and it is no failure of the engine',
  )
  // Longer than a used token would be forgiven: it was not used.
  world.advance(11_000)
  assert.equal((await refresh(world, tokens.refresh_token)).status, 200)
  assert.equal((await send(world, { path: '/token', form: code })).status, 200)
})

test('a person who comes from an app is told on a page', async () => {
  for (const request of [{ path: authorizePath(pkce().challenge) }, { path: '/device' }]) {
    const reply = await away(() => new Browser(world).visit(request))
    assert.deepEqual([reply.status, reply.headers['retry-after'], reply.headers['location']], [503, '5', undefined], request.path)
    assert.match(String(reply.headers['content-type']), /^text\/html/)
    assert.match(reply.body, /ask again in a moment/)
  }
})

test('a person is told on a page when only a part of it is away, and goes on later', async () => {
  const browser = new Browser(world)
  await codeFor(browser, { account: 'person-outage' })
  const path = authorizePath(pkce().challenge)
  const reply = await away(() => browser.visit({ path }), 'auth_grants')
  assert.equal(reply.status, 503)
  assert.match(reply.body, /ask again in a moment/)
  const { location, asked } = await browser.authorize(path, { account: 'person-outage' })
  assert.deepEqual(asked, [], 'still signed in')
  assert.ok(location.searchParams.has('code'))
})

test('an answer to a form that cannot be stored uses nothing up: the same answer leads on later, and is one sign-in', async () => {
  const account = 'person-outage-answer'
  const browser = new Browser(world)
  const begun = await browser.visit({ path: authorizePath(pkce().challenge) })
  const place = String(begun.headers['location'])
  const before = browser.cookiesFor('/')
  const signIn: Send = { method: 'POST', path: `${place}/sign-in?account=${account}` }
  const lost = await away(() => browser.visit(signIn), 'commit')
  assert.equal(lost.status, 503, lost.body)
  const kept = [lost.headers['set-cookie'] ?? []].flat().map((cookie) => cookie.split('=', 1)[0])
  assert.deepEqual(
    kept,
    ['__Host-Http-known-device'],
    'no cookie for a session that is not stored; all was proved, so the browser is known',
  )
  assert.deepEqual(
    browser.cookiesFor('/').filter((cookie) => !cookie.startsWith('__Host-Http-known-device=')),
    before,
  )
  assert.deepEqual(await world.server.engine.sessions(call, account), [])
  const signedIn = await browser.visit(signIn)
  const consent = String(signedIn.headers['location'])
  assert.match(consent, /^\/interaction\//)
  const agree: Send = { method: 'POST', path: `${consent}/consent?approved=yes` }
  assert.equal((await away(() => browser.visit(agree), 'commit')).status, 503)
  assert.deepEqual(await world.server.engine.authorisedApps(call, account), [], 'nothing is allowed yet')
  const agreed = await browser.visit(agree)
  assert.match(String(agreed.headers['location']), /callback\?code=/)
  assert.equal((await world.server.engine.sessions(call, account)).length, 1)
  assert.equal((await world.server.engine.authorisedApps(call, account)).length, 1)
})
