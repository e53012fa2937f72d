// Addresses of the API that are protected resources by themselves: their documents, their challenges, and whose tokens they take. Tokens are made here, so
// that what the gateway refuses does not hang on what the authorization server would never give.
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose'
import * as oauth from 'oauth4webapi'
import { ok, type Route, route } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { httpErrors } from '#kernel/http/problem.ts'
import { type Answered, ask, AUDIENCE, openWorld, seconds, site, sites, token, type World } from './gateway-support.ts'

const UNLIMITED = { api: 'off', page: 'off', probe: 'off', token: 'off', 'sign-in': 'off', files: 'off' } as const
const PATH = '/api/photos/mcp'
const OTHER = '/api/albums/mcp'
const URL_OF_TOOLS = `${sites.app}${PATH}`
const DOCUMENT = `${sites.app}/.well-known/oauth-protected-resource${PATH}`
const ALGORITHMS = 'DPoP algs="ES256 Ed25519 EdDSA"'

const tools = (method: 'GET' | 'POST', path: string): Route =>
  route({
    method,
    path,
    site: 'app',
    allow: { who: 'user', scope: 'photos:read' },
    rate: 'api',
    summary: 'x',
    input: { query: z.looseObject({}), params: z.looseObject({}) },
    answers: { 200: z.unknown() },
    handle: async ({ principal }) => ok({ principal }),
  })

const routes = [
  tools('POST', PATH),
  tools('GET', '/api/photos/:id'),
  tools('POST', `${PATH}/below`),
  tools('POST', '/api/photos/mcpx'),
  tools('POST', '/api/photos/MCP'),
  tools('POST', OTHER),
  route({
    method: 'POST',
    path: '/api/fresh/mcp',
    site: 'app',
    allow: { who: 'user', scope: 'photos:read', stepUp: { maxAgeSeconds: 60 } },
    rate: 'api',
    summary: 'x',
    answers: { 200: z.unknown() },
    handle: async () => ok({}),
  }),
  route({
    method: 'POST',
    path: '/api/writes/mcp',
    site: 'app',
    allow: { who: 'user', scope: 'photos:read' },
    rate: 'api',
    summary: 'x',
    answers: { 200: z.unknown() },
    handle: async () => {
      throw httpErrors.insufficient_scope({ headers: { 'www-authenticate': 'Bearer error="insufficient_scope", scope="photos:write"' } })
    },
  }),
  route({
    method: 'POST',
    path: PATH,
    site: 'files',
    allow: { who: 'user' },
    rate: 'files',
    summary: 'x',
    answers: { 200: z.unknown() },
    handle: async () => ok({}),
  }),
]

const scopes = ['photos:read', 'photos:write']
const endpoints = [
  { path: PATH, scopes, name: 'Photos for programs' },
  { path: OTHER, scopes: ['photos:read'] },
  { path: '/api/fresh/mcp', scopes },
  { path: '/api/writes/mcp', scopes: [...scopes, 'albums:read'] },
]

let world: World
before(async () => {
  const api = { name: 'Pixel Diary', scopes: [...scopes, 'albums:read'], endpoints }
  world = await openWorld({ settings: { rateLimits: UNLIMITED, api }, routes })
})
after(() => world.stop())

interface Bringing {
  readonly method?: string
  readonly path?: string
  readonly origin?: string
}
const bring = (value: string | undefined, { method = 'POST', path = PATH, origin = sites.app }: Bringing = {}): Promise<Answered> =>
  ask(world, { method, path, origin, headers: value === undefined ? {} : { authorization: `Bearer ${value}` } })
const challengeOf = ({ headers }: Answered): string => String(headers['www-authenticate'])

describe('an address that is a protected resource by itself', () => {
  test('requirement 40: describes itself, to who looks for its document and to who is refused there (RFC 9728 section 3.3)', async () => {
    // VS Code: the document that the challenge names, then the one of the path. Each must say the very address that was asked.
    const refused = await bring(undefined)
    assert.equal(refused.status, 401)
    assert.equal(challengeOf(refused), `Bearer scope="photos:read photos:write", resource_metadata="${DOCUMENT}", ${ALGORITHMS}`)
    const [, named = ''] = /resource_metadata="([^"]+)"/.exec(challengeOf(refused)) ?? []
    const answer = await ask(world, { path: new URL(named).pathname })
    assert.deepEqual([answer.status, answer.headers['access-control-allow-origin']], [200, '*'])
    assert.deepEqual(answer.json, {
      resource: URL_OF_TOOLS,
      resource_name: 'Photos for programs',
      authorization_servers: [sites.accounts],
      scopes_supported: scopes,
      bearer_methods_supported: ['header'],
      dpop_signing_alg_values_supported: ['ES256', 'Ed25519', 'EdDSA'],
      tls_client_certificate_bound_access_tokens: false,
    })
    const strict = {
      [oauth.allowInsecureRequests]: true,
      [oauth.customFetch]: async (url: string) => {
        const found = await ask(world, { path: new URL(url).pathname })
        return new Response(found.text, { status: found.status, headers: { 'content-type': String(found.headers['content-type']) } })
      },
    }
    const looked = await oauth.resourceDiscoveryRequest(new URL(URL_OF_TOOLS), strict)
    assert.equal((await oauth.processResourceDiscoveryResponse(new URL(URL_OF_TOOLS), looked)).resource, URL_OF_TOOLS)
    const second = await ask(world, { path: `/.well-known/oauth-protected-resource${OTHER}` })
    assert.deepEqual(
      [second.json['resource'], second.json['resource_name'], second.json['scopes_supported']],
      [`${sites.app}${OTHER}`, 'Pixel Diary', ['photos:read']],
    )
  })

  test('requirement 40: leaves the document of the whole API as it was, and gives none to other hosts and addresses', async () => {
    const whole = await ask(world, { path: '/.well-known/oauth-protected-resource/api' })
    assert.deepEqual([whole.json['resource'], whole.json['scopes_supported']], [AUDIENCE, [...scopes, 'albums:read']])
    for (const [path, origin] of [
      [`${PATH}/`, sites.app],
      [`${PATH}/below`, sites.app],
      ['/api/photos/MCP', sites.app],
      [PATH, sites.files],
      [PATH, site('gallery')],
    ] as const)
      assert.equal((await ask(world, { path: `/.well-known/oauth-protected-resource${path}`, origin })).status, 404, `${origin}${path}`)
    const elsewhere = await bring(undefined, { path: `${PATH}/below` })
    assert.equal(
      challengeOf(elsewhere),
      `Bearer resource_metadata="${sites.app}/.well-known/oauth-protected-resource/api", ${ALGORITHMS}`,
      'every other address is the API',
    )
  })

  test('requirement 39: a refusal says where it is described and what to ask for, with what the client has', async () => {
    const metadata = `resource_metadata="${DOCUMENT}"`
    const invalid = await bring('a.b.c')
    assert.equal(challengeOf(invalid), `Bearer error="invalid_token", scope="photos:read photos:write", ${metadata}, ${ALGORITHMS}`)
    const narrow = await bring(await token({ aud: URL_OF_TOOLS, scope: 'photos:write other' }))
    assert.equal(narrow.status, 403)
    assert.equal(challengeOf(narrow), `Bearer error="insufficient_scope", scope="photos:read photos:write", ${metadata}, ${ALGORITHMS}`)
    const proven = await ask(world, { method: 'POST', path: PATH, headers: { authorization: 'DPoP a.b.c' } })
    assert.equal(challengeOf(proven), `${ALGORITHMS}, error="invalid_token", scope="photos:read photos:write", ${metadata}`)
    // By the handler: what lacks, with what is needed anyway, or the next token would open nothing.
    const within = await bring(await token({ scope: 'photos:read albums:read' }), { path: '/api/writes/mcp' })
    assert.match(
      challengeOf(within),
      /^Bearer error="insufficient_scope", scope="photos:read albums:read photos:write", resource_metadata="[^"]+writes\/mcp"/,
    )
    const stale = await bring(await token({ scope: 'photos:read photos:write' }), { path: '/api/fresh/mcp' })
    assert.match(
      challengeOf(stale),
      /insufficient_user_authentication.*, max_age="60", scope="photos:read photos:write", resource_metadata=/,
    )
    const query = await bring('a.b.c', { path: `${PATH}?a=1` })
    assert.match(challengeOf(query), /oauth-protected-resource\/api\/photos\/mcp"/)
  })

  test('requirement 37: takes tokens for itself and for the whole API, and no others', async () => {
    assert.equal((await bring(await token({ aud: URL_OF_TOOLS }))).status, 200)
    assert.equal((await bring(await token())).status, 200, 'it is a part of the API')
    const wrong = [
      `${URL_OF_TOOLS}/`,
      `${URL_OF_TOOLS}/below`,
      `${URL_OF_TOOLS}?a=1`,
      `${URL_OF_TOOLS}#a`,
      `${sites.app}/api/photos/MCP`,
      `${sites.app}/api/photos/%6Dcp`,
      `${sites.app}/api/photos`,
      `${sites.app}${OTHER}`,
      `${sites.files}${PATH}`,
      `${sites.accounts}${PATH}`,
      `${site('gallery')}${PATH}`,
      URL_OF_TOOLS.replace('http:', 'https:'),
      URL_OF_TOOLS.toUpperCase(),
      PATH,
      sites.app,
      'https://reports.example/',
      [URL_OF_TOOLS],
      [AUDIENCE, URL_OF_TOOLS],
    ]
    for (const aud of wrong) {
      const answer = await bring(await token({ aud }))
      assert.equal(answer.status, 401, String(aud))
      assert.match(challengeOf(answer), /^Bearer error="invalid_token"/, String(aud))
    }
  })

  test('requirement 37: its tokens are good nowhere else, also when they were good there a moment ago', async () => {
    const value = await token({ aud: URL_OF_TOOLS, scope: 'photos:read photos:write' })
    const elsewhere = async (): Promise<void> => {
      for (const [method, path, origin] of [
        ['GET', '/api/photos', sites.app],
        ['GET', '/api/me', sites.app],
        ['GET', '/api/photos/mcpx', sites.app],
        ['POST', `${PATH}/below`, sites.app],
        ['POST', '/api/photos/mcpx', sites.app],
        ['POST', '/api/photos/MCP', sites.app],
        ['POST', OTHER, sites.app],
        ['POST', PATH, sites.files],
        // Also where nobody need say who they are.
        ['GET', '/hello', sites.app],
        ['GET', '/hello', site('gallery')],
      ] as const)
        assert.equal((await bring(value, { method, path, origin })).status, 401, `${method} ${origin}${path}`)
    }
    await elsewhere()
    assert.equal((await bring(value)).status, 200)
    await elsewhere()
    assert.equal((await bring(value)).status, 200)
    assert.equal((await bring(value, { path: `${PATH}?session=1` })).status, 200, 'the query is no part of the resource')
    assert.equal((await bring(value, { path: '/api/photos/%6Dcp' })).status, 200, 'the same address in another spelling')
    assert.equal((await bring(value, { method: 'GET' })).status, 200, 'the resource is the address, whatever the method')
    for (const path of [`${PATH}/`, '/api/photos/%2Fmcp', '/api//photos/mcp', '/api/photos/../photos/mcp'])
      assert.notEqual((await bring(value, { path })).status, 200, path)
  })

  test('requirement 37: a token that is bound to a key is good there with a proof for there, and with none elsewhere', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
    const jwk = await exportJWK(publicKey)
    const value = await token({ aud: URL_OF_TOOLS, cnf: { jkt: await calculateJwkThumbprint(jwk) } })
    const show = async (path: string, htu = `${sites.app}${path}`): Promise<Answered> => {
      const ath = createHash('sha256').update(value).digest('base64url')
      const claims = { jti: randomBytes(16).toString('hex'), htm: 'POST', htu, iat: seconds(), ath }
      const dpop = await new SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk }).sign(privateKey)
      return await ask(world, { method: 'POST', path, headers: { authorization: `DPoP ${value}`, dpop } })
    }
    assert.equal((await show(PATH)).status, 200)
    for (const path of [OTHER, '/api/photos/mcpx', `${PATH}/below`]) {
      const answer = await show(path)
      assert.equal(answer.status, 401, path)
      assert.match(challengeOf(answer), /error="invalid_token"/, path)
    }
    assert.match(
      challengeOf(await show(PATH, `${sites.app}${OTHER}`)),
      /error="invalid_dpop_proof", scope="photos:read photos:write", resource_metadata=/,
    )
    assert.equal((await bring(value)).status, 401)
    assert.equal((await show(PATH)).status, 200)
  })

  test('requirement 37: its tokens do not become those of a browser session, nor take a cookie along', async () => {
    const value = await token({ aud: URL_OF_TOOLS })
    const withCookie = await ask(world, {
      method: 'POST',
      path: PATH,
      headers: { authorization: `Bearer ${value}`, cookie: '__Host-Http-access=x', 'sec-fetch-site': 'cross-site' },
    })
    assert.equal(withCookie.status, 200)
    assert.deepEqual(withCookie.cookies, [])
    assert.equal(Object(withCookie.json['principal']).clientId, 'printshop')
  })
})
