// The gateway and the authorization server made apart, as in processes of their own: all that they share is the app definition, and the contract between them.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createKeyRing } from '#kernel/keyring.ts'
import { createLogger } from '#kernel/log.ts'
import { ok, route } from '#kernel/http/route.ts'
import { Secret } from '#kernel/secret.ts'
import { z } from '#kernel/schema.ts'
import { assembleGateway, createGateway } from '../../src/gateway/server.ts'
import { protectedEndpoints } from '../../src/protected-endpoints.ts'
import type { ResourceDefinition, ResourceRoute } from '../../src/resource/contract.ts'
import { fakeCache } from '../support/fake-cache.ts'
import { gatewayPages } from '../support/gateway-pages.ts'
import { Browser, call, claimsOf, type OauthWorld, openOauth, tokensFor } from '../support/oauth.ts'
import { until } from '../support/until.ts'
import { ask, FakeAuth } from './gateway-support.ts'

const PATH = '/api/photos/mcp'
const declared: ResourceRoute = {
  method: 'POST',
  path: PATH,
  summary: 'x',
  allow: { who: 'user', scope: 'photos:read' },
  protectedResource: { name: 'Photos' },
  answers: { 200: z.unknown() },
  handle: async () => ({ status: 200 }),
}
/** What both have read in the app definition, each for itself. */
const definition = (): ResourceDefinition[] => [
  {
    name: 'photos',
    schema: z.strictObject({}),
    indexes: {},
    access: [],
    scopes: { read: 'photos:read', write: 'photos:write' },
    routes: [declared],
  },
]

/** The contract, as far as a gateway needs it for tokens. */
class AuthElsewhere extends FakeAuth {
  readonly #world: OauthWorld
  constructor(world: OauthWorld) {
    super()
    this.#world = world
  }
  override keys: FakeAuth['keys'] = async () => structuredClone(Object(await this.#world.server.keySet()))
  override revocations: FakeAuth['revocations'] = async (_call, after) => {
    const { items, next } = await this.#world.revocations.list(call, after)
    return { items: [...items], next }
  }
}

let world: OauthWorld
let gateway: ReturnType<typeof createGateway>

before(async () => {
  world = await openOauth({ endpoints: protectedEndpoints(definition()) })
  const { sites } = world
  const auth = new AuthElsewhere(world)
  const routes = [PATH, '/api/photos'].map((path) =>
    route({
      method: 'POST',
      path,
      site: 'app',
      allow: { who: 'user', scope: 'photos:read' },
      rate: 'api',
      summary: 'x',
      answers: { 200: z.unknown() },
      handle: async ({ principal }) => ok({ principal }),
    }),
  )
  const dependencies = {
    auth,
    cache: fakeCache(auth),
    monitoring: { recordRequest: () => {}, pseudonym: (address: string) => address, recordPolicyReport: () => {} },
    keyRing: createKeyRing(new Secret(Buffer.alloc(32, 7).toString('base64url'))),
    clock: { now: () => Date.now() },
    logger: createLogger({ level: 'silent' }),
    routes,
    settings: {
      ...gatewayPages(),
      host: '127.0.0.1',
      port: 0,
      trustedProxies: [],
      sites,
      development: true,
      frontends: [],
      api: { name: 'Pixel Diary', scopes: ['photos:read', 'photos:write'], endpoints: protectedEndpoints(definition()) },
    },
  }
  gateway = createGateway(dependencies, assembleGateway(dependencies))
  await gateway.start()
})
after(async () => {
  await gateway.stop()
  await world.stop()
})

const statusAt = async (token: string, path: string): Promise<number> => {
  const headers = { authorization: `Bearer ${token}` }
  return (await ask({ port: gateway.contract.port() }, { method: 'POST', origin: world.sites.app, path, headers })).status
}

test('requirement 37: what one says is a resource the other has tokens for, and these are good there alone', async () => {
  const document = await ask(
    { port: gateway.contract.port() },
    { origin: world.sites.app, path: `/.well-known/oauth-protected-resource${PATH}` },
  )
  const { resource, authorization_servers: servers, scopes_supported: scopes } = document.json
  assert.deepEqual([resource, servers, scopes], [`${world.sites.app}${PATH}`, [world.sites.accounts], ['photos:read']])
  const tokens = await tokensFor(world, new Browser(world), { scope: 'photos:read', extra: { resource: String(resource) } })
  assert.equal(claimsOf(tokens.access_token)['aud'], resource)
  assert.deepEqual([await statusAt(tokens.access_token, PATH), await statusAt(tokens.access_token, '/api/photos')], [200, 401])
  const whole = await tokensFor(world, new Browser(world), { account: 'person2', scope: 'photos:read' })
  assert.deepEqual([await statusAt(whole.access_token, PATH), await statusAt(whole.access_token, '/api/photos')], [200, 200])
  await world.server.engine.revokeApp(call, 'person1', 'print-shop')
  await until('the gateway hears of it', async () => (await statusAt(tokens.access_token, PATH)) === 401)
  assert.equal(await statusAt(whole.access_token, PATH), 200)
})
