// What somebody is, in tokens for resources that Ninefold does not serve: each resource of the app definition says whether it is told there.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { compactDecrypt, createLocalJWKSet, type JWTPayload, jwtVerify } from 'jose'
import { sha256 } from '#kernel/keyring.ts'
import type { ClientDefinition } from '../../src/auth/clients/contract.ts'
import type { TokenRequest } from '../../src/auth/hooks/contract.ts'
import { createResourceRegistry } from '../../src/auth/provider/resources.ts'
import { Browser, claimsOf, errorOf, type OauthWorld, openOauth, pkce, type Reply, send, sitesAt, type Tokens } from '../support/oauth.ts'

const ORDERS = 'https://shop.example/api'
const STOCK = 'https://stock.example/'
const LEDGER = 'https://ledger.example/'
const PRINTER = 'https://printer.example/'
const NEWS = 'https://news.example/'
const SECRET = 'a-secret-of-a-service-of-forty-characters'
const ledgerKey = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const all = 'roles organizations permissions'
const told = {
  roles: ['editor'],
  permissions: ['orders:change'],
  organization: { id: 'acme', roles: ['buyer'], permissions: ['orders:place'] },
}

const authentication: ClientDefinition['authentication'] = { method: 'client_secret_basic', secretHashes: [sha256(SECRET)] }
const party = (clientId: string, scopes: readonly string[]): ClientDefinition => ({
  clientId,
  name: clientId,
  redirectUris: [`https://${clientId}.example/callback`],
  origins: [],
  scopes,
  authentication,
})
const machine = (clientId: string, scopes: readonly string[]): ClientDefinition => ({
  ...party(clientId, scopes),
  redirectUris: [],
  grants: ['client_credentials'],
})
const own = ['orders:read', 'stock:read', 'ledger:read', 'jobs:write']

let world: OauthWorld
const asked: TokenRequest[] = []

before(async () => {
  world = await openOauth({
    clients: [
      party('shop', ['profile', ...all.split(' '), ...own]),
      party('curious', all.split(' ')),
      machine('stock', ['orders:read', 'permissions']),
      machine('ledger', []),
      machine('nosy', ['permissions']),
    ],
    hooks: {
      tokenClaims: (_context, request) => {
        asked.push(request)
        return request.resource === ORDERS ? { accessToken: { desk: `${request.organisation?.id} ${request.roles.join()}` } } : undefined
      },
    },
    definition: {
      registration: { dynamic: 'anyone', scopes: ['roles'] },
      roles: { editor: { permissions: ['orders:change'] }, buyer: { permissions: ['orders:place'] } },
      organisations: {},
      resources: [
        { audience: ORDERS, scopes: { 'orders:read': 'see your orders' }, membership: true },
        { audience: STOCK, scopes: { 'stock:read': 'see what is there' }, membership: true, format: 'opaque', servers: ['stock'] },
        {
          audience: LEDGER,
          scopes: { 'ledger:read': 'see the ledger' },
          membership: true,
          format: 'jwe',
          encryptionKey: { ...ledgerKey.publicKey.export({ format: 'jwk' }), kty: 'EC' },
          servers: ['ledger'],
        },
        { audience: PRINTER, scopes: { 'jobs:write': 'print' } },
        { audience: NEWS, scopes: {}, membership: true },
      ],
    },
  })
})
after(() => world.stop())

const basic = (id: string) => ({ authorization: `Basic ${Buffer.from(`${id}:${SECRET}`).toString('base64')}` })
const post = (path: string, client: string, form: Record<string, string>): Promise<Reply> =>
  send(world, { path, form, headers: basic(client) })
const introspect = async (client: string, token: string) => JSON.parse((await post('/introspect', client, { token })).body)

interface Asking {
  readonly account: string
  readonly scope: string
  readonly resource?: string
}

function asking(client: string, { scope, resource }: Omit<Asking, 'account'>): { readonly path: string; readonly verifier: string } {
  const { verifier, challenge } = pkce()
  const query = new URLSearchParams({
    client_id: client,
    redirect_uri: `https://${client}.example/callback`,
    response_type: 'code',
    scope,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...(resource === undefined ? {} : { resource }),
  })
  return { path: `/authorize?${query.toString()}`, verifier }
}

function member(account: string): string {
  world.roles.set(account, ['editor'])
  world.organisations.set(account, { id: 'acme', roles: ['buyer'] })
  return account
}

async function shopTokens(wanted: Asking): Promise<Tokens & { readonly scope: string }> {
  const { path, verifier } = asking('shop', wanted)
  const { location, last } = await new Browser(world).authorize(path, { account: member(wanted.account) })
  const code = location.searchParams.get('code')
  assert.ok(code !== null, `${location.href} ${last.body}`)
  const reply = await post('/token', 'shop', { grant_type: 'authorization_code', code, code_verifier: verifier })
  assert.equal(reply.status, 200, reply.body)
  return JSON.parse(reply.body)
}

/** As the API of the shop does it, which knows the issuer and what that publishes. */
async function verified(token: string, audience: string): Promise<JWTPayload> {
  const keys = createLocalJWKSet(JSON.parse((await send(world, { path: '/jwks' })).body))
  const { payload } = await jwtVerify(token, keys, { issuer: world.sites.accounts, audience, typ: 'at+jwt', algorithms: ['ES256'] })
  return payload
}

const read = (claims: Readonly<Record<string, unknown>>): object =>
  Object.fromEntries(['roles', 'permissions', 'organization'].flatMap((name) => (claims[name] === undefined ? [] : [[name, claims[name]]])))
const sorted = (scope: unknown): string => String(scope).split(' ').toSorted().join(' ')

describe('a resource with membership: true', () => {
  test('has tokens that tell what somebody is, by a scope for each, at the first and at every next one', async () => {
    for (const [scope, expected] of [
      ['', {}],
      ['roles', { roles: told.roles }],
      ['organizations', { organization: { id: 'acme', roles: ['buyer'] } }],
      ['permissions', { permissions: told.permissions }],
      [all, told],
    ] as const) {
      const scopes = `openid offline_access orders:read ${scope}`.trim()
      const tokens = await shopTokens({ account: `person-orders-${scope.replaceAll(' ', '-')}`, scope: scopes, resource: ORDERS })
      const claims = await verified(tokens.access_token, ORDERS)
      assert.deepEqual(read(claims), expected, scope)
      const expectedScope = sorted(`orders:read ${scope}`.trim())
      assert.deepEqual([sorted(claims['scope']), sorted(tokens.scope)], [expectedScope, expectedScope])
      for (const name of ['email', 'name', 'groups']) assert.equal(claims[name], undefined, 'no personal data')
      const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token ?? '' }
      const next = await post('/token', 'shop', form)
      assert.deepEqual(read(await verified(JSON.parse(next.body).access_token, ORDERS)), expected, `${scope}, refreshed`)
      await assert.rejects(verified(tokens.access_token, `${world.sites.app}/api`), /unexpected "aud"/)
    }
  })

  test('asks people before it is told', async () => {
    const { path } = asking('shop', { scope: `orders:read ${all}`, resource: ORDERS })
    const browser = new Browser(world)
    const page = await browser.authorize(path, { account: 'person-asked', approve: false })
    assert.equal(page.location.searchParams.get('error'), 'access_denied', page.last.body)
    assert.deepEqual(page.named.flat().toSorted(), ['orders:read', ...all.split(' ')].toSorted())
  })

  test('is told by introspection what an opaque token says, until it is so no more', async () => {
    const tokens = await shopTokens({ account: 'person-stock', scope: `openid offline_access stock:read ${all}`, resource: STOCK })
    assert.match(tokens.access_token, /^[\w-]{43}$/)
    const known = await introspect('stock', tokens.access_token)
    assert.deepEqual([known.active, known.aud, read(known)], [true, STOCK, told])
    const silent = await shopTokens({ account: 'person-stock', scope: 'openid stock:read', resource: STOCK })
    world.roles.set('person-stock', [])
    world.membershipAt.set('person-stock', Date.now())
    assert.deepEqual(await introspect('stock', tokens.access_token), { active: false })
    assert.equal((await introspect('stock', silent.access_token)).active, true, 'one that tells nothing of it goes on')
    const next = JSON.parse((await post('/token', 'shop', { grant_type: 'refresh_token', refresh_token: tokens.refresh_token ?? '' })).body)
    assert.deepEqual(read(await introspect('stock', next.access_token)), { organization: told.organization })
  })

  test('reads it in an encrypted token', async () => {
    const tokens = await shopTokens({ account: 'person-ledger', scope: `ledger:read ${all}`, resource: LEDGER })
    const { plaintext } = await compactDecrypt(tokens.access_token, ledgerKey.privateKey)
    assert.deepEqual(read(await verified(Buffer.from(plaintext).toString(), LEDGER)), told)
    assert.deepEqual(read(await introspect('ledger', tokens.access_token)), told)
    world.membershipAt.set('person-ledger', Date.now())
    assert.deepEqual(await introspect('ledger', tokens.access_token), { active: false })
  })

  test('is what is meant without `resource` by a scope of its own with those of membership', async () => {
    const audienceOf = async (scope: string): Promise<unknown> =>
      claimsOf((await shopTokens({ account: 'person-meant', scope })).access_token)['aud']
    const api = `${world.sites.app}/api`
    assert.equal(await audienceOf(`orders:read ${all}`), ORDERS)
    assert.equal(await audienceOf(all), api)
    assert.equal(await audienceOf('jobs:write roles'), api, 'the printer is told of no roles, so it cannot be meant')
    assert.equal(await audienceOf(`orders:read ledger:read ${all}`), api, 'two of them')
  })

  test('takes nobody in who is registered for membership alone', async () => {
    for (const resource of [ORDERS, STOCK]) {
      const answer = await send(world, { path: asking('curious', { scope: `openid ${all}`, resource }).path })
      assert.equal(new URL(String(answer.headers['location'])).searchParams.get('error'), 'invalid_target', resource)
      const service = await post('/token', 'nosy', { grant_type: 'client_credentials', resource })
      assert.equal(errorOf(service), 'invalid_target')
    }
    const made = await send(world, {
      path: '/register',
      headers: { 'content-type': 'application/json' },
      text: JSON.stringify({ redirect_uris: ['https://notes.example/'], client_name: 'Notes', scope: 'roles' }),
    })
    const { client_id: id, scope } = JSON.parse(made.body)
    assert.match(scope, /roles/)
    const query = new URLSearchParams(asking('curious', { scope: 'openid roles', resource: NEWS }).path.split('?')[1])
    query.set('client_id', id)
    query.set('redirect_uri', 'https://notes.example/')
    const stranger = await send(world, { path: `/authorize?${query.toString()}` })
    assert.match(`${stranger.body}${String(stranger.headers['location'])}`, /invalid_target/, stranger.body)
    assert.equal(
      (await post('/token', 'nosy', { grant_type: 'client_credentials', resource: NEWS })).status,
      200,
      'it has no scopes at all',
    )
  })
})

test('any other resource is told nothing of it, and the answer says so', async () => {
  const tokens = await shopTokens({ account: 'person-printer', scope: `openid jobs:write ${all}`, resource: PRINTER })
  assert.deepEqual(read(await verified(tokens.access_token, PRINTER)), {})
  assert.equal(tokens.scope, 'jobs:write')
  const settings = { sites: sitesAt(1), productName: 'x', scopes: {}, clients: [], frontends: [], development: true }
  const resources = [{ audience: ORDERS, scopes: { roles: 'see roles' } }]
  assert.throws(
    () => createResourceRegistry({ ...settings, definition: { resources } }),
    /scope "roles" is there in every app: leave it out here, and say membership: true/,
  )
})

test('tokenClaims hears which resource it is, and what the person is, whatever the client may see', async () => {
  const tokens = await shopTokens({ account: 'person-hook', scope: 'openid offline_access orders:read', resource: ORDERS })
  assert.deepEqual((await verified(tokens.access_token, ORDERS))['app'], { desk: 'acme editor' })
  const { resource, roles, organisation, firstParty } = asked.at(-1) ?? assert.fail('was not asked')
  assert.deepEqual(
    { resource, roles, organisation, firstParty },
    {
      resource: ORDERS,
      roles: ['editor'],
      organisation: { id: 'acme', roles: ['buyer'] },
      firstParty: false,
    },
  )
  await post('/token', 'shop', { grant_type: 'refresh_token', refresh_token: tokens.refresh_token ?? '' })
  assert.equal(asked.at(-1)?.resource, ORDERS)
  const other = await shopTokens({ account: 'person-hook', scope: 'openid jobs:write', resource: PRINTER })
  assert.deepEqual([(await verified(other.access_token, PRINTER))['app'], asked.at(-1)?.resource], [undefined, PRINTER])
  await shopTokens({ account: 'person-hook', scope: 'openid orders:read' })
  assert.equal(asked.at(-1)?.resource, `${world.sites.app}/api`)
})
