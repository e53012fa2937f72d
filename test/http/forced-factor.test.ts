// A role that asks for a second factor, given to somebody who is signed in with one: what is issued from then on, and what is not.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import { apiAudience } from '#kernel/sites.ts'
import { randomToken } from '#kernel/ids.ts'
import type { ClientDefinition } from '../../src/auth/clients/contract.ts'
import { ACR_VALUES } from '../../src/auth/levels.ts'
import { call, openAccounts } from '../support/accounts.ts'
import {
  authorizePath,
  Browser,
  claimsOf,
  codeFor,
  errorOf,
  frontendToken,
  frontendTokens,
  type OauthWorld,
  openOauth,
  pkce,
  type Reply,
  refresh,
  send,
  sitesAt,
  type Tokens,
  tokensFor,
} from '../support/oauth.ts'

const [ONE, TWO] = ACR_VALUES
const ORDERS = 'https://orders.example/'
const SECRET = 'secret-of-a-service-with-enough-characters'
const ISSUER_PORT = 9

/** It may go to the API on behalf of whoever calls it, and be told of roles there. */
const ORDERS_CLIENT: ClientDefinition = {
  clientId: 'orders',
  name: 'Orders',
  redirectUris: ['https://orders.example/callback'],
  origins: [],
  scopes: ['orders:read', 'photos:read', 'roles'],
  grants: ['authorization_code', 'token_exchange'],
  exchange: { audiences: [apiAudience(sitesAt(ISSUER_PORT))] },
  authentication: { method: 'client_secret_basic', secretHashes: [createHash('sha256').update(SECRET).digest('base64url')] },
}

let world: OauthWorld
/** What a hook does in the middle of a request. */
let meanwhile: (() => void) | undefined

before(async () => {
  world = await openOauth({
    sharing: { masterKey: randomToken(), issuerPort: ISSUER_PORT },
    clients: [ORDERS_CLIENT],
    definition: { resources: [{ audience: ORDERS, scopes: { 'orders:read': 'see orders' }, servers: ['orders'] }] },
    hooks: {
      tokenClaims: async () => {
        meanwhile?.()
        return {}
      },
    },
  })
})
after(() => world.stop())

const tokensIn = ({ status, body }: { status: number; body: string }): Tokens => {
  assert.equal(status, 200, body)
  return JSON.parse(body) as Tokens
}
const refreshFrontend = (token: string | undefined): ReturnType<typeof frontendToken> =>
  frontendToken(world, { grant_type: 'refresh_token', refresh_token: token ?? '' })
const asTheLog = (what: string): boolean => world.logs.some((line) => line.includes(what))

/** A sign-in at the app's own frontend, by these proofs; which prompts it showed. */
async function signIn(
  browser: Browser,
  account: string,
  by: readonly ('password' | 'totp')[],
): Promise<{ tokens: Tokens; asked: string[] }> {
  const { verifier, challenge } = pkce()
  const redirectUri = `${world.sites.app}/session/callback`
  const extra = { client_id: 'diary', redirect_uri: redirectUri }
  const { location, asked } = await browser.authorize(authorizePath(challenge, { extra }), { account, by })
  const code = location.searchParams.get('code') ?? assert.fail(location.href)
  const form = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: redirectUri }
  return { tokens: tokensIn(await frontendToken(world, form)), asked }
}

test('requirement 15: a session with one factor has no token after its person got the role, and a sign-in asks for the second step', async () => {
  const account = 'person-promoted'
  const browser = new Browser(world)
  const before = await frontendTokens(world, browser, account)
  assert.equal(claimsOf(before.access_token)['acr'], ONE)
  world.roles.set(account, ['editor', 'admin'])
  for (const again of ['at once', 'and once more']) {
    const refused = await refreshFrontend(before.refresh_token)
    assert.equal(refused.status, 400, again)
    assert.equal(errorOf(refused), 'invalid_grant')
  }
  const { tokens, asked } = await signIn(browser, account, ['password', 'totp'])
  assert.deepEqual(asked, ['login', 'login'], 'the first step again, and the second')
  const now = claimsOf(tokens.access_token)
  assert.deepEqual([now['acr'], now['roles']], [TWO, ['editor', 'admin']])
  const refreshed = claimsOf(tokensIn(await refreshFrontend(tokens.refresh_token)).access_token)
  assert.deepEqual([refreshed['acr'], refreshed['roles']], [TWO, ['editor', 'admin']])
})

test('requirement 15: what was refused for a role was not used up and is no theft: without the role it goes on', async () => {
  const account = 'person-for-a-day'
  const { refresh_token: token } = await tokensFor(world, new Browser(world), { account })
  world.roles.set(account, ['admin'])
  assert.equal(errorOf(await refresh(world, token)), 'invalid_grant')
  // Long after any grace.
  world.advance(60_000)
  assert.equal(errorOf(await refresh(world, token)), 'invalid_grant')
  assert.ok(!asTheLog('refresh.reuse'), 'nobody is told of a theft')
  world.roles.delete(account)
  const { refresh_token: next } = tokensIn(await refresh(world, token))
  assert.ok(tokensIn(await refresh(world, next)).access_token)
})

test('a token that was used before ends its family, though its person has proved too little by now', async () => {
  const account = 'person-robbed'
  const { refresh_token: token } = await tokensFor(world, new Browser(world), { account })
  const { refresh_token: next } = tokensIn(await refresh(world, token))
  tokensIn(await refresh(world, next))
  world.advance(60_000)
  world.roles.set(account, ['admin'])
  assert.equal(errorOf(await refresh(world, token)), 'invalid_grant')
  assert.ok(asTheLog('refresh.reuse_detected'))
})

test('requirement 15: a code is worth nothing when the role came after the sign-in', async () => {
  const account = 'person-between'
  const form = await codeFor(new Browser(world), { account })
  world.roles.set(account, ['admin'])
  const refused = await send(world, { path: '/token', form })
  assert.deepEqual([refused.status, errorOf(refused)], [400, 'invalid_grant'])
})

test('requirement 15: a role in an organisation asks for the second factor as well, whichever one somebody acts for', async () => {
  const owner = 'person-member'
  const first = await frontendTokens(world, new Browser(world), owner)
  world.memberships.set(owner, ['viewer', 'admin'])
  assert.equal(errorOf(await refreshFrontend(first.refresh_token)), 'invalid_grant')
  const acting = 'person-acting'
  const second = await frontendTokens(world, new Browser(world), acting)
  world.organisations.set(acting, { id: 'studio', roles: ['admin'] })
  assert.equal(errorOf(await refreshFrontend(second.refresh_token)), 'invalid_grant')
  const browser = new Browser(world)
  assert.deepEqual((await signIn(browser, owner, ['password', 'totp'])).asked, ['login', 'login'])
})

test('who has proved two factors to a client that asked for one goes on', async () => {
  const account = 'person-modest'
  world.roles.set(account, ['admin'])
  const tokens = await tokensFor(world, new Browser(world), { account, extra: { acr_values: ONE ?? '' } })
  assert.equal(claimsOf(tokens.access_token)['acr'], ONE)
  assert.ok(tokensIn(await refresh(world, tokens.refresh_token)).access_token)
})

test('a role that is given in the middle of a refresh is in no token of it', async () => {
  const account = 'person-just-now'
  const { refresh_token: token } = await frontendTokens(world, new Browser(world), account)
  meanwhile = () => world.roles.set(account, ['admin'])
  const refused = await refreshFrontend(token)
  meanwhile = undefined
  assert.deepEqual([refused.status, errorOf(refused)], [400, 'invalid_grant'])
})

test('requirement 15: a token exchange brings nobody a role that asks for more than the token proves', async () => {
  const account = 'person-exchanged'
  const { verifier, challenge } = pkce()
  const [redirectUri = ''] = ORDERS_CLIENT.redirectUris
  const extra = { client_id: 'orders', redirect_uri: redirectUri, resource: ORDERS }
  const { location } = await new Browser(world).authorize(authorizePath(challenge, { scope: 'orders:read', extra }), { account })
  const headers = { authorization: `Basic ${Buffer.from(`orders:${SECRET}`).toString('base64')}` }
  const code = location.searchParams.get('code') ?? assert.fail(location.href)
  const redeemed = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: redirectUri, resource: ORDERS }
  const { access_token: subject } = tokensIn(await send(world, { path: '/token', headers, form: redeemed }))
  const exchange = (scope = 'photos:read roles'): Promise<Reply> =>
    send(world, {
      path: '/token',
      headers,
      form: {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: subject,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        audience: apiAudience(world.sites),
        scope,
      },
    })
  world.roles.set(account, ['editor'])
  assert.deepEqual(claimsOf(tokensIn(await exchange()).access_token)['roles'], ['editor'])
  world.roles.set(account, ['admin'])
  for (const scope of ['photos:read roles', 'photos:read permissions', 'photos:read']) {
    const refused = await exchange(scope)
    assert.deepEqual([refused.status, errorOf(refused)], [400, 'invalid_request'], scope)
  }
  world.roles.delete(account)
  meanwhile = () => world.roles.set(account, ['admin'])
  const late = await exchange()
  meanwhile = undefined
  assert.deepEqual([late.status, errorOf(late)], [400, 'invalid_request'], 'given in the middle of it')
})

test('owners of an organisation are asked as long as it stands, and nobody is where nothing is forced', async () => {
  const roles = { editor: { permissions: [] } }
  const accounts = await openAccounts({ definition: { roles, organisations: {}, secondFactor: { roles: ['owner', 'editor'] } } })
  try {
    const { organisations, rules } = accounts.running
    const owner = await accounts.person({ email: 'owner@example.org' })
    const other = await accounts.person({ email: 'other@example.org' })
    assert.equal(await rules.forcedLevel(call, owner.accountId), 1)
    const { id } = await organisations.organisations.create(call, { name: 'Studio', accountId: owner.accountId })
    assert.equal(await rules.forcedLevel(call, owner.accountId), 2)
    await organisations.organisations.activate(call, owner.accountId, undefined)
    assert.equal(await rules.forcedLevel(call, owner.accountId), 2, 'acting for none')
    assert.equal(await rules.forcedLevel(call, other.accountId), 1)
    const next = await rules.nextStep(call, { accountId: owner.accountId, proofs: ['password'], wanted: 1 })
    assert.equal(next?.kind, 'enrol')
    await organisations.end(call, { organisationId: id, accountId: owner.accountId }, 'Studio')
    assert.equal(await rules.forcedLevel(call, owner.accountId), 1, 'what has ended asks for nothing')
  } finally {
    await accounts.stop()
  }
})
