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
import type { OAuthClientInformationMixed, OAuthTokens } from '@modelcontextprotocol/sdk/shared/auth.js'
import { send } from '../support/http.ts'
import { PASSWORD, type Person, signUp } from '../support/person.ts'
import { type PlatformProcess, startPlatform } from '../support/platform.ts'
import { formsOf, type Page } from '../support/visitor.ts'

const REDIRECT = 'http://127.0.0.1:33418/callback'
const METADATA = {
  redirect_uris: [REDIRECT],
  client_name: 'Helper',
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code', 'refresh_token'],
}

/** The library's fetch, to this machine whatever the host is called. */
async function localFetch(input: string | URL, init: RequestInit = {}): Promise<Response> {
  const url = new URL(input)
  const headers = Object.fromEntries(new Headers(init.headers))
  const given = init.body instanceof URLSearchParams ? init.body.toString() : init.body
  if (given !== undefined && given !== null && typeof given !== 'string') throw new TypeError('The library sends texts.')
  const body = typeof given === 'string' ? { body: given } : {}
  const type = init.body instanceof URLSearchParams ? { 'content-type': 'application/x-www-form-urlencoded' } : {}
  const reply = await send({
    port: Number(url.port),
    host: url.host,
    path: url.pathname + url.search,
    method: init.method ?? 'GET',
    headers: { ...type, ...headers },
    ...body,
  })
  const answered = Object.entries(reply.headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  )
  return new Response(reply.body === '' ? null : reply.body, { status: reply.status, headers: answered })
}

interface Memory {
  readonly provider: OAuthClientProvider
  readonly seen: { client?: OAuthClientInformationMixed; tokens?: OAuthTokens; verifier?: string; asked?: URL }
}

function remembering(clientMetadataUrl?: string): Memory {
  const seen: Memory['seen'] = {}
  const provider: OAuthClientProvider = {
    redirectUrl: REDIRECT,
    clientMetadata: METADATA,
    ...(clientMetadataUrl === undefined ? {} : { clientMetadataUrl }),
    clientInformation: () => seen.client,
    saveClientInformation: (client) => void (seen.client = client),
    tokens: () => seen.tokens,
    saveTokens: (tokens) => void (seen.tokens = tokens),
    redirectToAuthorization: (url) => void (seen.asked = url),
    saveCodeVerifier: (verifier) => void (seen.verifier = verifier),
    codeVerifier: () => seen.verifier ?? '',
  }
  return { provider, seen }
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

  const transportFor = (authProvider: OAuthClientProvider): StreamableHTTPClientTransport =>
    new StreamableHTTPClientTransport(new URL(`${platform.origin('diary')}/api/notes/mcp`), { authProvider, fetch: localFetch })

  /** Signs in and allows, as people do. */
  async function agree(asked: URL): Promise<string> {
    let page = await ada.visitor.visit(asked)
    let consent = ''
    for (let step = 0; step < 3 && page.url.host.startsWith('accounts.'); step += 1) {
      const isSignIn = formsOf(page.body).some((form) => form.names.includes('password'))
      shown.push(page)
      if (!isSignIn) consent = page.body
      page = await ada.visitor.submit(page, isSignIn ? { email: ada.email, password: PASSWORD } : { decision: 'allow' })
    }
    assert.match(consent, /Nobody here has checked/)
    assert.match(consent, /runs on your own device/)
    assert.match(consent, /see notes/)
    assert.equal(page.url.origin, new URL(REDIRECT).origin, page.body)
    return page.url.searchParams.get('code') ?? ''
  }

  async function signInAndCall({ provider, seen }: Memory): Promise<void> {
    const first = transportFor(provider)
    await assert.rejects(new Client({ name: 'helper', version: '1' }).connect(first), UnauthorizedError)
    const asked = seen.asked
    assert.ok(asked)
    assert.equal(asked.origin, platform.origin('accounts'))
    assert.equal(asked.searchParams.get('resource'), `${platform.origin('diary')}/api`)
    assert.equal(asked.searchParams.get('code_challenge_method'), 'S256')
    await first.finishAuth(await agree(asked))
    const client = new Client({ name: 'helper', version: '1' })
    await client.connect(transportFor(provider))
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
    assert.deepEqual(new Set(memory.seen.tokens?.scope?.split(' ')).has('notes:read'), true)
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
      path: '/api/notes/mcp',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    })
    assert.equal(reply.status, 401)
    assert.match(
      String(reply.headers['www-authenticate']),
      /resource_metadata="http:\/\/diary\.localhost:\d+\/\.well-known\/oauth-protected-resource\/api"/,
    )
  })
})
