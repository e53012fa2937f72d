// The whole platform behind a proxy that ends TLS: it asks clients for certificates at a host of its own, and no browser of a person for one.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { send } from '../support/http.ts'
import { signIn, signUp } from '../support/person.ts'
import { type PlatformProcess, startPlatform } from '../support/platform.ts'
import { type KeyPair, makeKeyPair, sendByTls, startTlsProxy, type TlsSend, withoutOpenssl } from '../support/tls-proxy.ts'

type Proxy = Awaited<ReturnType<typeof startTlsProxy>>

describe('a host of its own for certificates', { skip: withoutOpenssl }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ninefold-certificates-'))
  let platform: PlatformProcess
  let own: KeyPair
  let courier: KeyPair
  let stranger: KeyPair
  let asking: Proxy
  let silent: Proxy

  before(async () => {
    ;[own, courier, stranger] = [
      makeKeyPair(folder, 'localhost'),
      makeKeyPair(folder, 'courier.example'),
      makeKeyPair(folder, 'other.example'),
    ]
    const environment = {
      NINEFOLD_GATEWAY_TRUSTED_PROXIES: '127.0.0.1',
      NINEFOLD_GATEWAY_CLIENT_CERTIFICATE_HEADER: 'Client-Cert',
      NINEFOLD_GATEWAY_CLIENT_CERTIFICATE_VERIFIED_HEADER: 'X-Client-Verify',
      NINEFOLD_GATEWAY_CLIENT_CERTIFICATE_HOST: 'mtls',
    }
    platform = await startPlatform({ config: 'test/fixtures/services/ninefold.config.ts', environment })
    const { port } = platform
    asking = await startTlsProxy({ own, port, clients: courier.cert })
    silent = await startTlsProxy({ own, port })
  })
  after(async () => {
    asking.stop()
    silent.stop()
    await platform.stop({ remove: true })
    rmSync(folder, { recursive: true, force: true })
  })

  /** By the proxy that serves the host. */
  const sent = (request: Omit<TlsSend, 'port' | 'ca'>) => {
    const proxy = new URL(request.url).hostname === 'mtls.localhost' ? asking : silent
    return sendByTls({ ...request, port: proxy.port, ca: own.cert })
  }
  interface Asked {
    readonly method?: string
    readonly headers?: Record<string, string>
    readonly body?: unknown
  }
  const fetchWith =
    (shows: KeyPair | undefined) =>
    async (url: string, { method = 'GET', headers = {}, body }: Asked) => {
      const text = body instanceof URLSearchParams ? body.toString() : typeof body === 'string' ? body : undefined
      const reply = await sent({ url, method, headers, shows, body: text })
      return new Response(reply.body === '' ? null : reply.body, {
        status: reply.status,
        headers: Object.entries(reply.headers).map(([name, value]): [string, string] => [name, String(value)]),
      })
    }
  const form = 'grant_type=client_credentials&client_id=courier&scope=notes%3Aread'
  const both = `${form}%20notes%3Awrite`
  const urlEncoded = { 'content-type': 'application/x-www-form-urlencoded' }

  test('openid-client finds it in the metadata, and shows its certificate there', async () => {
    const fetch = fetchWith(courier) as openid.CustomFetch
    const config = await openid.discovery(
      new URL(platform.origin('accounts')),
      'courier',
      { use_mtls_endpoint_aliases: true },
      openid.TlsClientAuth(),
      { [openid.customFetch]: fetch, execute: [openid.allowInsecureRequests] },
    )
    const { access_token: token } = await openid.clientCredentialsGrant(config, { scope: 'notes:read' })
    const { active, iss, cnf } = await openid.tokenIntrospection(config, token)
    assert.deepEqual([active, iss], [true, platform.origin('accounts')])
    assert.equal(typeof cnf?.['x5t#S256'], 'string')
    await openid.tokenRevocation(config, token)
    assert.equal((await openid.tokenIntrospection(config, token)).active, false)
  })

  test('oauth4webapi does as well, and whoever shows none, or that of another, is not let in', async () => {
    const issuer = new URL(platform.origin('accounts'))
    const insecure = { [oauth.allowInsecureRequests]: true } as const
    const server = await oauth.processDiscoveryResponse(
      issuer,
      await oauth.discoveryRequest(issuer, { ...insecure, [oauth.customFetch]: fetchWith(undefined) }),
    )
    const client = { client_id: 'courier', use_mtls_endpoint_aliases: true }
    const grant = async (shows: KeyPair | undefined): Promise<Response> =>
      await oauth.clientCredentialsGrantRequest(server, client, oauth.TlsClientAuth(), new URLSearchParams({ scope: 'notes:read' }), {
        ...insecure,
        [oauth.customFetch]: fetchWith(shows),
      })
    assert.ok((await oauth.processClientCredentialsResponse(server, client, await grant(courier))).access_token)
    for (const shows of [undefined, stranger]) assert.equal((await grant(shows)).status, 401)
  })

  test('the API answers there, so what is bound to a certificate works while its own host asks nobody for one', async () => {
    const grant = await sent({ url: `${platform.origin('mtls')}/token`, method: 'POST', headers: urlEncoded, body: both, shows: courier })
    const authorization = `Bearer ${JSON.parse(grant.body).access_token}`
    const api = (host: string, shows: KeyPair | undefined, more: Partial<TlsSend> = {}) =>
      sent({ url: `${platform.origin(host)}/api/notes`, shows, ...more, headers: { authorization, ...more.headers } })
    const json = { 'content-type': 'application/json' }
    const made = await api('mtls', courier, { method: 'POST', headers: json, body: JSON.stringify({ text: 'Parcels at nine' }) })
    assert.equal(made.status, 201, made.body)
    assert.match((await api('mtls', courier)).body, /Parcels at nine/)
    for (const [host, shows] of [
      ['mtls', undefined],
      ['mtls', stranger],
      ['diary', undefined],
      ['diary', courier],
    ] as const) {
      const refused = await api(host, shows)
      assert.equal(refused.status, 401, host)
      const { 'www-authenticate': challenge } = refused.headers
      assert.ok(
        String(challenge).includes(`resource_metadata="${platform.origin('diary')}/.well-known/oauth-protected-resource/api"`),
        host,
      )
    }
    const stolen = await api('mtls', undefined, { headers: { 'client-cert': `:${courier.cert.replaceAll(/-----.*-----|\n/g, '')}:` } })
    assert.equal(stolen.status, 401)
  })

  test('no cookie opens the API there', async () => {
    const person = await signUp(platform, 'ada@example.org')
    await signIn(platform, person)
    const url = (host: string): string => `${platform.origin(host)}/api/notes`
    const cookie = person.visitor.jar(new URL(platform.origin('diary')).host).header()
    assert.equal((await sent({ url: url('diary'), headers: { cookie } })).status, 200)
    const refused = await sent({ url: url('mtls'), headers: { cookie }, shows: courier })
    assert.deepEqual([refused.status, refused.headers['set-cookie']], [401, undefined])
  })

  test('the accounts host asks for none, and believes no header of a client', async () => {
    const forged = { ...urlEncoded, 'client-cert': `:${courier.cert.replaceAll(/-----.*-----|\n/g, '')}:`, 'x-client-verify': 'SUCCESS' }
    for (const host of ['accounts', 'mtls'])
      for (const headers of [urlEncoded, forged]) {
        const shows = host === 'accounts' ? courier : undefined
        const { status, body } = await sent({ url: `${platform.origin(host)}/token`, method: 'POST', headers, body: form, shows })
        assert.deepEqual([status, JSON.parse(body).error], [401, 'invalid_client'], host)
      }
  })

  test('a certificate that comes by the proxy counts there, and at no other host, where a proxy that asks for none may pass on what a client has written', async () => {
    const shown = { 'client-cert': `:${courier.cert.replaceAll(/-----.*-----|\n/g, '')}:`, 'x-client-verify': 'SUCCESS' }
    for (const [host, status] of [
      ['mtls', 200],
      ['accounts', 401],
    ] as const) {
      const to = { port: platform.port, host: new URL(platform.origin(host)).host, path: '/token' }
      const headers = { ...urlEncoded, ...shown, 'x-forwarded-proto': 'https' }
      assert.equal((await send({ ...to, method: 'POST', headers, body: form })).status, status, host)
    }
    const grant = await sent({ url: `${platform.origin('mtls')}/token`, method: 'POST', headers: urlEncoded, body: form, shows: courier })
    const headers = { ...shown, authorization: `Bearer ${JSON.parse(grant.body).access_token}`, 'x-forwarded-proto': 'https' }
    for (const [host, status] of [
      ['mtls', 200],
      ['diary', 401],
    ] as const) {
      const to = { port: platform.port, host: new URL(platform.origin(host)).host, path: '/api/notes' }
      assert.equal((await send({ ...to, headers })).status, status, host)
    }
  })

  test('has no pages, and leaves no cookie', async () => {
    const headers = { accept: 'text/html', 'sec-fetch-mode': 'navigate', cookie: '__Host-session=x' }
    for (const path of [
      '/',
      '/account',
      '/api',
      '/sign-up',
      '/authorize?client_id=courier',
      '/device',
      '/jwks',
      '/.well-known/openid-configuration',
    ]) {
      const reply = await sent({ url: platform.origin('mtls') + path, headers })
      assert.deepEqual([reply.status, reply.headers['set-cookie']], [404, undefined], path)
    }
    const token = await sent({ url: `${platform.origin('mtls')}/token`, method: 'POST', headers: urlEncoded, body: form, shows: courier })
    assert.deepEqual([token.status, token.headers['set-cookie']], [200, undefined])
    assert.equal((await sent({ url: `${platform.origin('accounts')}/sign-up`, headers })).status, 200)
  })
})
