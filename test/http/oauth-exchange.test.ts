// Token exchange: a resource server that calls another one on a person's behalf, and what it cannot get by that.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import type { ClientDefinition } from '../../src/auth/clients/contract.ts'
import { grantsCollection } from '../../src/auth/provider/collections.ts'
import {
  Browser,
  call,
  claimsOf,
  errorOf,
  type OauthWorld,
  openOauth,
  PRINT_SHOP,
  pkce,
  type Reply,
  send,
  type Tokens,
  tokensFor,
} from '../support/oauth.ts'

const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
const ORDERS = 'https://orders.example/'
const STOCK = 'https://stock.example/'
const VAULT = 'https://vault.example/'
const SECRET = 'secret-of-a-service-with-enough-characters'
const authentication = { method: 'client_secret_basic', secretHashes: [createHash('sha256').update(SECRET).digest('base64url')] } as const

const withoutSecret = (clientId: string, scopes: string[], audiences: string[]): ClientDefinition => ({
  clientId,
  name: clientId,
  redirectUris: [],
  origins: [],
  scopes,
  grants: ['token_exchange'],
  exchange: { audiences },
})
const server = (...is: Parameters<typeof withoutSecret>): ClientDefinition => ({ ...withoutSecret(...is), authentication })

let world: OauthWorld

before(async () => {
  const shop: ClientDefinition = {
    clientId: 'shop',
    name: 'Shop',
    redirectUris: ['https://shop.example/callback'],
    origins: [],
    scopes: ['orders:read', 'orders:write'],
    authentication,
  }
  world = await openOauth({
    clients: [
      shop,
      {
        ...shop,
        clientId: 'shop-server',
        name: 'Shop server',
        scopes: [...shop.scopes, 'stock:read', 'vault:read'],
        grants: ['authorization_code', 'token_exchange'],
        exchange: { audiences: [ORDERS, STOCK, VAULT] },
      },
      server('orders', ['stock:read', 'orders:read', 'orders:write'], [STOCK, ORDERS]),
      server('stock', ['vault:read'], [VAULT]),
      { ...server('hasty', ['stock:read'], [STOCK]), lifetimes: { accessToken: 60 } },
      server('thief', ['stock:read'], [STOCK]),
      {
        clientId: 'plain',
        name: 'plain',
        redirectUris: [],
        origins: [],
        scopes: ['stock:read'],
        authentication,
        grants: ['client_credentials'],
      },
    ],
    definition: {
      resources: [
        { audience: ORDERS, scopes: { 'orders:read': 'see orders', 'orders:write': 'order' }, servers: ['orders', 'courier', 'hasty'] },
        { audience: STOCK, scopes: { 'stock:read': 'see the stock', 'stock:write': 'change the stock' }, servers: ['stock'] },
        { audience: VAULT, scopes: { 'vault:read': 'see the vault' }, format: 'opaque', servers: ['thief'] },
      ],
    },
  })
})

after(() => world.stop())

const post = (path: string, client: string | readonly [string, string], form: Record<string, string>): Promise<Reply> =>
  send(world, {
    path,
    form,
    headers: { authorization: `Basic ${Buffer.from([client, SECRET].flat().slice(0, 2).join(':')).toString('base64')}` },
  })
const exchange = (client: string, subject: string, form: Record<string, string> = {}): Promise<Reply> =>
  post('/token', client, { grant_type: GRANT, subject_token: subject, subject_token_type: ACCESS_TOKEN, resource: STOCK, ...form })

async function ordersToken(account: string, scope = 'openid offline_access orders:read', client = 'shop'): Promise<Tokens> {
  const { verifier, challenge } = pkce()
  const query = new URLSearchParams({
    client_id: client,
    redirect_uri: 'https://shop.example/callback',
    response_type: 'code',
    scope,
    resource: ORDERS,
    code_challenge: challenge,
    code_challenge_method: 'S256',
  })
  const { location } = await new Browser(world).authorize(`/authorize?${query.toString()}`, { account })
  const code = location.searchParams.get('code') ?? ''
  const reply = await post('/token', client, { grant_type: 'authorization_code', code, code_verifier: verifier })
  assert.equal(reply.status, 200, reply.body)
  return JSON.parse(reply.body)
}

describe('an exchanged token', () => {
  test('is for the other resource, on behalf of the person, with the name of who acts', async () => {
    const subject = await ordersToken('person-act')
    const reply = await exchange('orders', subject.access_token)
    assert.equal(reply.status, 200, reply.body)
    const answer = JSON.parse(reply.body)
    assert.equal(answer.issued_token_type, ACCESS_TOKEN)
    assert.equal(answer.refresh_token, undefined)
    const claims = claimsOf(answer.access_token)
    const before = claimsOf(subject.access_token)
    assert.deepEqual([claims['aud'], claims['sub'], claims['client_id'], claims['scope']], [STOCK, 'person-act', 'orders', 'stock:read'])
    assert.deepEqual(claims['act'], { sub: 'client:orders' })
    assert.equal(claims['sid'], before['sid'])
    assert.equal(claims['auth_time'], before['auth_time'])
    assert.ok(Number(claims['exp']) <= Number(before['exp']), 'it does not outlive the one that it came from')
    const next = await exchange('stock', answer.access_token, { resource: VAULT })
    assert.equal(next.status, 200, next.body)
    const known = JSON.parse((await post('/introspect', 'thief', { token: JSON.parse(next.body).access_token })).body)
    assert.deepEqual(known.act, { sub: 'client:stock', act: { sub: 'client:orders' } }, 'the chain of who acts')
    assert.equal(known.sid, before['sid'], 'of a random token, too')
  })

  test('is a JWT when it is asked for as one, or there is none', async () => {
    const subject = await ordersToken('person-jwt')
    const requested = { requested_token_type: 'urn:ietf:params:oauth:token-type:jwt' }
    const signed = await exchange('orders', subject.access_token, requested)
    assert.equal(signed.status, 200, signed.body)
    const { access_token: stock, issued_token_type: type } = JSON.parse(signed.body)
    assert.deepEqual([type, claimsOf(stock)['aud']], [requested.requested_token_type, STOCK])
    const opaque = await exchange('stock', stock, { resource: VAULT, ...requested })
    assert.deepEqual([opaque.status, errorOf(opaque)], [400, 'invalid_request'], opaque.body)
    assert.match(opaque.body, /requested_token_type/)
  })

  test('ends with the session of the person', async () => {
    const subject = await ordersToken('person-chain')
    const stock = JSON.parse((await exchange('orders', subject.access_token)).body).access_token
    const vault = JSON.parse((await exchange('stock', stock, { resource: VAULT })).body).access_token
    const isActive = async (client: string, token: string): Promise<unknown> =>
      JSON.parse((await post('/introspect', client, { token })).body).active
    assert.deepEqual([await isActive('stock', stock), await isActive('thief', vault)], [true, true])
    await world.server.engine.revokeApp(call, 'person-chain', 'shop')
    assert.deepEqual([await isActive('stock', stock), await isActive('thief', vault)], [false, false])
    assert.equal(errorOf(await exchange('orders', subject.access_token)), 'invalid_request')
  })

  test('ends with each token that it was made from, and none of those ends with it', async () => {
    const subject = (await ordersToken('person-ids')).access_token
    const made = async (): Promise<{ stock: string; vault: string }> => {
      const stock = JSON.parse((await exchange('orders', subject)).body).access_token
      return { stock, vault: JSON.parse((await exchange('stock', stock, { resource: VAULT })).body).access_token }
    }
    const isActive = async (client: string, token: string): Promise<unknown> =>
      JSON.parse((await post('/introspect', client, { token })).body).active
    const [one, two] = [await made(), await made()]
    const jti = (token: string): unknown => claimsOf(token)['jti']
    assert.deepEqual(claimsOf(one.stock)['exchanged_ids'], [jti(subject)])
    const { exchanged_ids: ids } = JSON.parse((await post('/introspect', 'thief', { token: one.vault })).body)
    assert.deepEqual(ids, [jti(subject), jti(one.stock)])
    assert.equal((await post('/revoke', 'stock', { token: two.vault })).status, 200)
    assert.deepEqual([await isActive('thief', two.vault), await isActive('stock', two.stock)], [false, true])
    assert.equal((await post('/revoke', 'orders', { token: two.stock })).status, 200)
    assert.deepEqual([await isActive('stock', two.stock), await isActive('orders', subject)], [false, true])
    assert.deepEqual([await isActive('stock', one.stock), await isActive('thief', one.vault)], [true, true], 'another one of the same')
    assert.equal((await post('/revoke', 'shop', { token: subject })).status, 200)
    assert.deepEqual([await isActive('stock', one.stock), await isActive('thief', one.vault)], [false, false])
  })

  test('of a random token ends with that one, and does not tell it', async () => {
    const stock = JSON.parse((await exchange('orders', (await ordersToken('person-random')).access_token)).body).access_token
    const vault = JSON.parse((await exchange('stock', stock, { resource: VAULT })).body).access_token
    const reply = await exchange('thief', vault)
    assert.equal(reply.status, 200, reply.body)
    const { access_token: further } = JSON.parse(reply.body)
    assert.equal(JSON.stringify(claimsOf(further)).includes(vault), false)
    const isActive = async (): Promise<unknown> => JSON.parse((await post('/introspect', 'stock', { token: further })).body).active
    assert.equal(await isActive(), true)
    assert.equal((await post('/revoke', 'stock', { token: vault })).status, 200)
    assert.equal(await isActive(), false)
  })

  test('does not wait for the sweep to end', async () => {
    const account = 'person-unswept'
    const subject = await ordersToken(account)
    const stock = JSON.parse((await exchange('orders', subject.access_token)).body).access_token
    const vault = JSON.parse((await exchange('stock', stock, { resource: VAULT })).body).access_token
    const isActive = async (): Promise<unknown> => JSON.parse((await post('/introspect', 'thief', { token: vault })).body).active
    assert.equal(await isActive(), true)
    world.suspended.add(account)
    assert.equal(await isActive(), false, 'the person may not act')
    world.suspended.delete(account)
    assert.equal(await isActive(), true)
    // As after a crash between the end of the grant and the sweep.
    const grants = world.database.collection(grantsCollection)
    await grants.update(call, String(claimsOf(subject.access_token)['sid']), { set: { endedAt: world.clock.now() } })
    assert.equal(await isActive(), false)
  })

  test('ends with the client that has it', async () => {
    const { secret = '' } = await world.clients.add(call, withoutSecret('courier', ['stock:read', 'vault:read'], [STOCK, VAULT]), {
      withSecret: true,
    })
    const { access_token: subject } = await ordersToken('person-courier')
    const exchanged = async (resource: string): Promise<string> => {
      const form = { grant_type: GRANT, subject_token: subject, subject_token_type: ACCESS_TOKEN, resource }
      const reply = await post('/token', ['courier', secret], form)
      assert.equal(reply.status, 200, reply.body)
      return JSON.parse(reply.body).access_token
    }
    const [signed, opaque] = [await exchanged(STOCK), await exchanged(VAULT)]
    const active = async (): Promise<unknown[]> => {
      const replies = [await post('/introspect', 'stock', { token: signed }), await post('/introspect', 'thief', { token: opaque })]
      return replies.map(({ status, body }) => (status === 200 ? JSON.parse(body).active : status))
    }
    assert.deepEqual(await active(), [true, true])
    await world.clients.remove(call, 'courier')
    assert.deepEqual(await active(), [false, false])
  })

  for (const ending of ['removed', 'blocked'] as const)
    test(`ends with every client that it has come through: one in the middle is ${ending}`, async () => {
      const { secret = '' } = await world.clients.add(call, withoutSecret('courier', ['orders:read', 'stock:read'], [STOCK, ORDERS]), {
        withSecret: true,
      })
      const { access_token: first } = await ordersToken(`person-${ending}`)
      const exchanged = async (client: string | readonly [string, string], subject: string, resource: string): Promise<string> => {
        const reply = await post('/token', client, {
          grant_type: GRANT,
          subject_token: subject,
          subject_token_type: ACCESS_TOKEN,
          resource,
        })
        assert.equal(reply.status, 200, reply.body)
        return JSON.parse(reply.body).access_token
      }
      const second = await exchanged(['courier', secret], first, STOCK)
      const third = await exchanged('stock', second, VAULT)
      const back = await exchanged('orders', await exchanged(['courier', secret], first, ORDERS), STOCK)
      assert.deepEqual(claimsOf(back)['act'], { sub: 'client:orders', act: { sub: 'client:courier' } })
      const untouched = await exchanged('orders', first, STOCK)
      const active = async (): Promise<unknown[]> => {
        const asked = [
          ['thief', third],
          ['stock', back],
          ['stock', untouched],
        ] as const
        return await Promise.all(
          asked.map(async ([client, token]) => JSON.parse((await post('/introspect', client, { token })).body).active),
        )
      }
      assert.deepEqual(await active(), [true, true, true])
      if (ending === 'removed') await world.clients.remove(call, 'courier')
      else await world.clients.block(call, 'courier')
      assert.deepEqual(await active(), [false, false, true])
      // What gateways read, who look at the tokens themselves.
      const { items } = await world.revocations.list(call)
      assert.ok(items.some(({ kind, subject }) => kind === 'account' && subject === 'client:courier'))
      assert.equal(errorOf(await exchange('orders', back, { resource: ORDERS })), 'invalid_request')
      // Another one of its name, or itself when it is let in again, does not bring them back.
      world.advance(10_000)
      if (ending === 'removed') await world.clients.add(call, withoutSecret('courier', [], [STOCK]), { withSecret: true })
      else await world.clients.unblock(call, 'courier')
      assert.deepEqual(await active(), [false, false, true])
      await world.clients.remove(call, 'courier')
      world.advance(-10_000)
    })

  test('may be narrower and never wider than what it came from', async () => {
    const subject = await ordersToken('person-narrow')
    const same = await exchange('orders', subject.access_token, { resource: ORDERS })
    assert.equal(claimsOf(JSON.parse(same.body).access_token)['scope'], 'orders:read')
    const wider = await exchange('orders', subject.access_token, { resource: ORDERS, scope: 'orders:read orders:write' })
    assert.equal(errorOf(wider), 'invalid_scope')
    const unregistered = await exchange('orders', subject.access_token, { scope: 'stock:write' })
    assert.equal(errorOf(unregistered), 'invalid_scope')
  })

  test('is not wider either when it comes back by another resource', async () => {
    const reply = await post('/token', 'shop-server', {
      grant_type: GRANT,
      subject_token: (await ordersToken('person-back', 'openid orders:read', 'shop-server')).access_token,
      subject_token_type: ACCESS_TOKEN,
      resource: VAULT,
    })
    assert.equal(reply.status, 200, reply.body)
    const away = JSON.parse(reply.body).access_token
    const stock = await exchange('shop-server', away)
    const far = JSON.parse(stock.body).access_token
    for (const token of [away, far]) {
      const wider = await exchange('shop-server', token, { resource: ORDERS, scope: 'orders:read orders:write' })
      assert.equal(errorOf(wider), 'invalid_scope')
      const back = await exchange('shop-server', token, { resource: ORDERS })
      assert.equal(claimsOf(JSON.parse(back.body).access_token)['scope'], 'orders:read')
    }
  })

  test('is not given to whom the token was not for, nor for where the client may not go', async () => {
    const subject = await ordersToken('person-thief')
    const shop = await tokensFor(world, new Browser(world), { account: 'person-thief' })
    const refused: [string, Reply][] = [
      ['invalid_request', await exchange('thief', subject.access_token)],
      ['invalid_request', await exchange('orders', shop.access_token)],
      ['invalid_request', await exchange('orders', subject.refresh_token ?? '')],
      ['invalid_request', await exchange('orders', subject.id_token)],
      ['invalid_request', await exchange('orders', `${subject.access_token.slice(0, -4)}AAAA`)],
      ['invalid_request', await exchange('orders', subject.access_token, { actor_token: 'x' })],
      ['invalid_request', await exchange('orders', subject.access_token, { actor_token_type: ACCESS_TOKEN })],
      [
        'invalid_request',
        await exchange('orders', subject.access_token, { subject_token_type: 'urn:ietf:params:oauth:token-type:id_token' }),
      ],
      ['invalid_target', await exchange('orders', subject.access_token, { resource: VAULT })],
      ['invalid_target', await exchange('orders', subject.access_token, { resource: `${world.sites.app}/api` })],
      ['invalid_target', await exchange('orders', subject.access_token, { audience: ORDERS })],
    ]
    for (const [index, [code, reply]] of refused.entries()) {
      assert.equal(reply.status, 400, `${index}: ${reply.body}`)
      assert.equal(errorOf(reply), code, `${index}: ${reply.body}`)
    }
  })

  test('is off unless the client is allowed it', async () => {
    const subject = await ordersToken('person-off')
    assert.equal((await exchange('plain', subject.access_token)).status, 400)
    assert.equal((await exchange('shop', subject.access_token)).status, 400)
    const open = await send(world, {
      path: '/token',
      form: {
        grant_type: GRANT,
        client_id: PRINT_SHOP.clientId,
        subject_token: subject.access_token,
        subject_token_type: ACCESS_TOKEN,
        resource: STOCK,
      },
    })
    assert.equal(open.status, 400)
  })
})

test('a client whose tokens are to end earlier has exchanged ones that do', async () => {
  const { access_token: token } = await ordersToken('person-short')
  const reply = await exchange('hasty', token)
  assert.equal(reply.status, 200, reply.body)
  const short = JSON.parse(reply.body)
  const claims = claimsOf(short.access_token)
  assert.deepEqual([short.expires_in, Number(claims['exp']) - Number(claims['iat'])], [60, 60])
  const usual = JSON.parse((await exchange('orders', token)).body)
  assert.ok(usual.expires_in > 250, String(usual.expires_in))
})
