// A client of the Model Context Protocol that we did not write finds out by itself how to sign in, and calls a protected tool.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { OAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js'
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import * as oauth from 'oauth4webapi'
import { z } from '#kernel/schema.ts'
import { claimsOf } from '../support/oauth-values.ts'
import { agreeTo, localFetch, type Memory, METADATA, remembering } from '../support/mcp-client.ts'
import { type Person, session, signUp } from '../support/person.ts'
import { type PlatformProcess, startPlatform } from '../support/platform.ts'
import type { Page } from '../support/visitor.ts'

const TOOLS = '/api/notes/mcp'
const JSON_CALL = {
  body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'whoami' } }),
  headers: { 'content-type': 'application/json' },
}
const metadata = z.object({
  resource: z.string(),
  resource_name: z.string(),
  authorization_servers: z.array(z.string()),
  scopes_supported: z.array(z.string()),
})
function callOf(token: string | undefined, method: string): RequestInit {
  const authorization = `Bearer ${token}`
  if (method === 'GET') return { method, headers: { authorization } }
  return { method, body: JSON_CALL.body, headers: { ...JSON_CALL.headers, authorization } }
}

const withoutOpenssl = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed'

/** For a machine here that the platform believes, as it does those whose certificates the system knows. */
function makeCertificate(folder: string): void {
  const files = ['-keyout', join(folder, 'host.key'), '-out', join(folder, 'host.crt')]
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1']
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
  execFileSync('openssl', ['req', '-x509', ...kind, ...files, ...subject], { stdio: 'ignore' })
}

describe('a client of the Model Context Protocol', () => {
  let platform: PlatformProcess
  let ada: Person
  const folder = mkdtempSync(join(tmpdir(), 'ninefold-mcp-'))
  /** Every page of the accounts origin that was shown on the way. */
  const shown: Page[] = []

  before(async () => {
    if (withoutOpenssl === false) makeCertificate(folder)
    const environment = withoutOpenssl === false ? { NODE_EXTRA_CA_CERTS: join(folder, 'host.crt') } : {}
    platform = await startPlatform({ config: 'test/fixtures/mcp/ninefold.config.ts', environment })
    ada = await signUp(platform, 'ada@example.org')
  })
  after(async () => {
    await platform.stop({ remove: true })
    rmSync(folder, { recursive: true, force: true })
  })

  const urlOf = (path: string): string => `${platform.origin('diary')}${path}`
  const transportFor = (authProvider: OAuthClientProvider, path: string): StreamableHTTPClientTransport =>
    new StreamableHTTPClientTransport(new URL(urlOf(path)), { authProvider, fetch: localFetch })
  const statusAt = async (token: string | undefined, path: string, method = 'POST'): Promise<number> =>
    (await localFetch(urlOf(path), callOf(token, method))).status

  /** `resource`: what the token is for. */
  async function signInAndCall({ provider, seen }: Memory, path = TOOLS, resource = path): Promise<void> {
    const first = transportFor(provider, path)
    await assert.rejects(new Client({ name: 'helper', version: '1' }).connect(first), UnauthorizedError)
    const asked = seen.asked
    assert.ok(asked)
    assert.equal(asked.origin, platform.origin('accounts'))
    assert.equal(asked.searchParams.get('resource'), urlOf(resource))
    assert.equal(asked.searchParams.get('code_challenge_method'), 'S256')
    const agreed = await agreeTo(asked, ada, [/Nobody here has checked/, /runs on your own device/, /see notes/])
    shown.push(...agreed.shown)
    await first.finishAuth(agreed.code)
    const client = new Client({ name: 'helper', version: '1' })
    await client.connect(transportFor(provider, path))
    const { tools } = await client.listTools()
    assert.deepEqual(
      tools.map(({ name }) => name),
      ['whoami'],
    )
    const answer = await client.callTool({ name: 'whoami', arguments: {} })
    assert.match(JSON.stringify(answer.content), /notes of [0-9a-z]{26}/)
    await client.close()
  }

  test('registers itself, signs in and calls a tool', async () => {
    const memory = remembering()
    await signInAndCall(memory)
    assert.match(memory.seen.client?.client_id ?? '', /^dyn-/)
    assert.equal(new Set(memory.seen.tokens?.scope?.split(' ')).has('notes:read'), true)
    const token = memory.seen.tokens?.access_token
    assert.equal(claimsOf(token ?? '')['aud'], urlOf(TOOLS))
    assert.equal(await statusAt(token, TOOLS), 200)
    for (const [path, method] of [
      ['/api/notes', 'GET'],
      ['/api/notes/tools', 'POST'],
      [`${TOOLS}/below`, 'POST'],
    ] as const)
      assert.notEqual(await statusAt(token, path, method), 200, path)
    assert.equal(await statusAt(token, '/api/notes', 'GET'), 401, 'the token is for the tools alone')
  })

  test('signs in to the whole API for a route that says nothing of itself, and its token is good at both', async () => {
    const memory = remembering()
    await signInAndCall(memory, '/api/notes/tools', '/api')
    const token = memory.seen.tokens?.access_token
    assert.equal(claimsOf(token ?? '')['aud'], urlOf('/api'))
    for (const path of [TOOLS, '/api/notes/tools']) assert.equal(await statusAt(token, path), 200, path)
    assert.equal(await statusAt(token, '/api/notes', 'GET'), 200)
  })

  test('one that has signed in to the whole API goes on at an endpoint that has become a resource of its own', async () => {
    const memory = remembering()
    // As if the endpoint had said nothing of itself then.
    const first = transportFor(memory.provider, '/api/notes/tools')
    await assert.rejects(new Client({ name: 'helper', version: '1' }).connect(first), UnauthorizedError)
    memory.seen.asked?.searchParams.set('scope', 'notes:read offline_access')
    assert.ok(memory.seen.asked)
    await first.finishAuth((await agreeTo(memory.seen.asked, ada, [/see notes/])).code)
    assert.ok(memory.seen.tokens?.refresh_token)
    // Its access token has expired since, and the next refusal leads to the other document.
    memory.seen.tokens = { ...memory.seen.tokens, access_token: 'a.b.c' }
    delete memory.seen.asked
    const client = new Client({ name: 'helper', version: '1' })
    await client.connect(transportFor(memory.provider, TOOLS))
    assert.equal((await client.listTools()).tools.length, 1)
    assert.equal(memory.seen.asked, undefined, 'nobody was asked')
    assert.equal(claimsOf(memory.seen.tokens?.access_token ?? '')['aud'], urlOf(TOOLS))
    await client.close()
  })

  test('requirement 40: finds the way in three steps that must each name the endpoint itself, as VS Code goes them', async () => {
    const refused = await localFetch(urlOf(TOOLS), { method: 'POST', ...JSON_CALL })
    const challenge = refused.headers.get('www-authenticate') ?? ''
    const [, named = ''] = /resource_metadata="([^"]+)"/.exec(challenge) ?? []
    const [, scope] = /scope="([^"]+)"/.exec(challenge) ?? []
    const byPath = urlOf(`/.well-known/oauth-protected-resource${TOOLS}`)
    for (const address of [named, byPath]) {
      const document = metadata.parse(await (await localFetch(address)).json())
      assert.equal(new URL(document.resource).href, new URL(urlOf(TOOLS)).href, address)
      assert.deepEqual(document.authorization_servers, [platform.origin('accounts')])
      assert.deepEqual(document.scopes_supported, ['notes:read', 'notes:write'])
      assert.equal(document.resource_name, 'Notes for programs')
    }
    const options = { [oauth.allowInsecureRequests]: true, [oauth.customFetch]: (url: string) => localFetch(url) }
    const strict = await oauth.resourceDiscoveryRequest(new URL(urlOf(TOOLS)), options)
    assert.equal((await oauth.processResourceDiscoveryResponse(new URL(urlOf(TOOLS)), strict)).resource, urlOf(TOOLS))
    assert.equal(scope, 'notes:read notes:write')
  })

  test('a session of the app is good at the endpoint as before', async () => {
    await ada.visitor.visit(`${platform.origin('diary')}/session/sign-in?return_to=/`)
    const { csrfToken } = await session(platform, ada.visitor)
    const headers = { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin', 'x-csrf-token': csrfToken }
    const answer = await ada.visitor.request(new URL(urlOf(TOOLS)), { method: 'POST', headers, body: JSON_CALL.body })
    assert.equal(answer.status, 200, answer.body)
    const { 'x-csrf-token': _token, ...without } = headers
    assert.equal((await ada.visitor.request(new URL(urlOf(TOOLS)), { method: 'POST', headers: without, body: JSON_CALL.body })).status, 403)
  })

  test('is known by the document at its address, signs in and calls a tool', { skip: withoutOpenssl }, async () => {
    const key = readFileSync(join(folder, 'host.key'))
    const cert = readFileSync(join(folder, 'host.crt'))
    let fetched = 0
    const host = createServer({ key, cert }, (_request, response) => {
      fetched += 1
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ ...METADATA, client_id: address }))
    })
    await new Promise<void>((done) => host.listen(0, '127.0.0.1', done))
    const address = `https://127.0.0.1:${(host.address() as AddressInfo).port}/client.json`
    try {
      // The library reads in our metadata that documents are taken, and makes the address its id.
      const memory = remembering(address)
      await signInAndCall(memory)
      assert.equal(memory.seen.client?.client_id, address)
      assert.equal(memory.seen.asked?.searchParams.get('client_id'), address)
      assert.ok(fetched > 0)
    } finally {
      host.close()
      host.closeAllConnections()
    }
  })

  test('requirement 19: the pages that ask cannot be framed, run nothing foreign, load nothing foreign and are not stored', () => {
    assert.ok(shown.length >= 3)
    const nonces = new Set<string>()
    for (const { headers, body, url } of shown) {
      const policy = String(headers['content-security-policy'])
      assert.match(policy, /frame-ancestors 'none'/)
      assert.match(policy, /default-src 'none'/)
      nonces.add(/'nonce-([\w+/=-]+)'/.exec(policy)?.[1] ?? '')
      assert.equal(headers['x-frame-options'], 'DENY')
      assert.equal(headers['referrer-policy'], 'same-origin')
      assert.match(String(headers['cache-control']), /no-store/)
      const loaded = [...body.matchAll(/<(?:link|script|img|iframe)\b[^>]*\s(?:href|src)="([^"]+)"/g)].map(
        ([, address = '']) => new URL(address, url),
      )
      assert.ok(loaded.length > 0)
      for (const address of loaded) assert.ok(address.origin === url.origin || address.protocol === 'data:', address.href)
    }
    assert.equal(nonces.size, shown.length, 'a fresh nonce for each')
    assert.equal(nonces.has(''), false)
  })

  test('without a token it is told where to look', async () => {
    const reply = await platform.send('diary', {
      method: 'POST',
      path: TOOLS,
      ...JSON_CALL,
    })
    assert.equal(reply.status, 401)
    assert.match(
      String(reply.headers['www-authenticate']),
      /scope="notes:read notes:write", resource_metadata="http:\/\/diary\.localhost:\d+\/\.well-known\/oauth-protected-resource\/api\/notes\/mcp"/,
    )
  })
})
