// A gateway on a free port with a small but honest authorization server behind the contract: real keys, real JWTs, real rotation.
import type { Jar } from './jar.ts'
import { UnusedAuth } from '../support/unused-auth.ts'
import { createHash, randomBytes } from 'node:crypto'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import { exportJWK, generateKeyPair, type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose'
import { createKeyRing } from '#kernel/keyring.ts'
import { createLogger } from '#kernel/log.ts'
import { ok, type Route, route } from '#kernel/http/route.ts'
import { Secret } from '#kernel/secret.ts'
import { z } from '#kernel/schema.ts'
import type { Auth, BackChannelAnswer, BackChannelRequest, Revocation } from '../../src/auth/contract.ts'
import type { Step } from '../../src/gateway/steps/step.ts'
import { assembleGateway, createGateway, type GatewayDependencies } from '../../src/gateway/server.ts'
import { fakeCache } from '../support/fake-cache.ts'
import { gatewayPages } from '../support/gateway-pages.ts'
import type { Monitoring, RequestRecord } from '../../src/monitoring/contract.ts'

export const PORT = 4999
const HERE = { host: '127.0.0.1', port: 0, trustedProxies: [] }
export const site = (label: string): string => `http://${label}.localhost:${PORT}`
export const sites = {
  accounts: site('accounts'),
  app: site('diary'),
  files: site('files'),
  console: site('console'),
  frontends: { diary: site('diary'), gallery: site('gallery') },
}
export const AUDIENCE = `${sites.app}/api`
const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
export const publicJwk = { ...(await exportJWK(publicKey)), kid: 'key-1', alg: 'ES256', use: 'sig' }
export const seconds = (): number => Math.floor(Date.now() / 1000)

export function token(claims: JWTPayload = {}, header: Partial<JWTHeaderParameters> = {}): Promise<string> {
  const usual = {
    sub: 'ada',
    iss: sites.accounts,
    aud: AUDIENCE,
    client_id: 'printshop',
    sid: 'sid-1',
    scope: 'photos:read',
    jti: randomBytes(8).toString('hex'),
  }
  const payload = Object.fromEntries(
    Object.entries({ iat: seconds(), exp: seconds() + 300, ...usual, ...claims }).filter(([, value]) => value !== undefined),
  )
  return new SignJWT(payload).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'key-1', ...header }).sign(privateKey)
}

/** What the fake authorization server knows, and knobs to make it fail. */
export class FakeAuth extends UnusedAuth implements Auth {
  codes = new Map<string, { clientId: string; challenge: string; nonce: string; sub: string; sid: string }>()
  refreshTokens = new Map<string, { clientId: string; sub: string; sid: string; used: boolean }>()
  revoked: Revocation[] = []
  endedSessions: string[] = []
  operatorLinks = new Set<string>()
  exchanges: BackChannelRequest[] = []
  tokenStatus: number | undefined
  revocationsFail = false
  cacheFails = false
  keysRead = 0
  delayMs = 0
  accessTokenSeconds = 300
  /** Instead of what the token endpoint would say. */
  tokenAnswer: BackChannelAnswer | undefined
  tokenType = 'Bearer'
  tamper: (claims: JWTPayload) => JWTPayload = (claims) => claims
  #listeners: (() => void)[] = []

  async keys() {
    this.keysRead += 1
    return { issuer: sites.accounts, keys: [publicJwk] }
  }
  async exchange(_call: unknown, request: BackChannelRequest): Promise<BackChannelAnswer> {
    this.exchanges.push(request)
    if (request.path === '/.well-known/openid-configuration') return json(200, this.#metadata())
    if (request.path !== '/token') return json(404, { error: 'not_found' })
    if (this.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.delayMs))
    if (this.tokenAnswer !== undefined) return this.tokenAnswer
    if (this.tokenStatus !== undefined) return json(this.tokenStatus, { error: 'server_error' })
    return this.#token(new URLSearchParams(request.body), request.headers['authorization'] ?? '')
  }
  async revocations(_call: unknown, after?: string) {
    if (this.revocationsFail) throw new Error('the database is away')
    return { items: this.revoked.slice(Number(after ?? 0)), next: String(this.revoked.length) }
  }
  async endSession(_call: unknown, sessionId: string) {
    this.endedSessions.push(sessionId)
    this.revoke({ kind: 'session', subject: sessionId, before: seconds() })
  }
  ownProfile: Auth['ownProfile'] = async (_call, accountId) => ({ accountId, name: `Name of ${accountId}` })
  async clientOrigins() {
    return [
      { origin: 'http://printshop.localhost:5000', clientId: 'printshop' },
      { origin: 'http://other.localhost:5000', clientId: 'other' },
      { origin: 'null', clientId: 'evil' },
    ]
  }
  changeMembership = async () => undefined
  signingKeys = async () => []
  rotateSigningKeys = async () => []
  revokeSigningKey = async () => false
  reseal = async () => ({ sealedAnew: 0, unreadable: 0 })
  beginAnew = async () => ({ lost: [], marked: 0, stranded: [] })
  async createOperatorLink() {
    const code = randomBytes(16).toString('hex')
    this.operatorLinks.add(code)
    return code
  }
  async redeemOperatorLink(_call: unknown, code: string) {
    return this.operatorLinks.delete(code) ? { sessionId: `operator-${code}`, expiresAt: Date.now() + 3_600_000 } : undefined
  }
  revoke(revocation: Revocation): void {
    this.revoked.push(revocation)
    for (const listener of this.#listeners) listener()
  }
  onRevoked(listener: () => void): () => void {
    this.#listeners.push(listener)
    return () => {}
  }
  /** The person agrees: what the authorization endpoint would redirect to. */
  approve(location: string, sub = 'ada', sid = `sid-${randomBytes(6).toString('hex')}`): string {
    const asked = new URL(location).searchParams
    const code = randomBytes(16).toString('hex')
    this.codes.set(code, {
      clientId: asked.get('client_id') ?? '',
      challenge: asked.get('code_challenge') ?? '',
      nonce: asked.get('nonce') ?? '',
      sub,
      sid,
    })
    return `/session/callback?code=${code}&state=${asked.get('state')}&iss=${encodeURIComponent(sites.accounts)}`
  }
  #metadata() {
    return {
      issuer: sites.accounts,
      authorization_endpoint: `${sites.accounts}/authorize`,
      token_endpoint: `${sites.accounts}/token`,
      jwks_uri: `${sites.accounts}/jwks`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
    }
  }
  async #token(form: URLSearchParams, authorization: string): Promise<BackChannelAnswer> {
    const clientId = Buffer.from(authorization.slice(6), 'base64').toString().split(':')[0] ?? ''
    if (form.get('resource') !== AUDIENCE) return json(400, { error: 'invalid_target' })
    if (form.get('grant_type') === 'authorization_code') {
      const code = this.codes.get(form.get('code') ?? '')
      this.codes.delete(form.get('code') ?? '')
      const challenge = createHash('sha256')
        .update(form.get('code_verifier') ?? '')
        .digest('base64url')
      if (code === undefined || code.challenge !== challenge || code.clientId !== clientId) return json(400, { error: 'invalid_grant' })
      return this.#issue(code, code.nonce)
    }
    const known = this.refreshTokens.get(form.get('refresh_token') ?? '')
    if (known === undefined || known.used || known.clientId !== clientId) return json(400, { error: 'invalid_grant' })
    known.used = true
    return this.#issue(known)
  }
  async #issue(grant: { clientId: string; sub: string; sid: string }, nonce?: string): Promise<BackChannelAnswer> {
    const refreshToken = randomBytes(32).toString('base64url')
    this.refreshTokens.set(refreshToken, { ...grant, used: false })
    const exp = seconds() + this.accessTokenSeconds
    const claims = { sub: grant.sub, sid: grant.sid, client_id: grant.clientId, scope: 'openid photos:read photos:write', exp }
    const idClaims = this.tamper({
      iss: sites.accounts,
      sub: grant.sub,
      aud: grant.clientId,
      iat: seconds(),
      exp: seconds() + 300,
      ...(nonce ? { nonce } : {}),
    })
    const idToken = await new SignJWT(idClaims).setProtectedHeader({ alg: 'ES256', kid: 'key-1' }).sign(privateKey)
    return json(200, {
      access_token: await token(claims),
      token_type: this.tokenType,
      expires_in: this.accessTokenSeconds,
      refresh_token: refreshToken,
      id_token: idToken,
    })
  }
}

function json(status: number, body: unknown): BackChannelAnswer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}

export interface World {
  readonly port: number
  readonly auth: FakeAuth
  readonly records: RequestRecord[]
  readonly reports: unknown[]
  /** How often a writing route has run: the refusals must leave it alone. */
  readonly writes: { count: number }
  stop(): Promise<void>
}

function testRoutes(writes: { count: number }): Route[] {
  const write = async () => {
    writes.count += 1
    return ok({ count: writes.count })
  }
  const any = { 200: z.unknown() }
  return [
    route({
      method: 'GET',
      path: '/hello',
      site: '*',
      allow: { who: 'anyone' },
      rate: 'probe',
      summary: 'x',
      answers: any,
      handle: async () => ok({ hello: true }),
    }),
    route({
      method: 'GET',
      path: '/api/me',
      site: 'app',
      allow: { who: 'user' },
      rate: 'api',
      summary: 'x',
      answers: any,
      handle: async (call) => ok({ principal: call.principal }),
    }),
    route({
      method: 'GET',
      path: '/api/photos',
      site: 'app',
      allow: { who: 'user', scope: 'photos:read' },
      rate: 'api',
      summary: 'x',
      answers: any,
      handle: async () => ok([]),
    }),
    route({
      method: 'POST',
      path: '/api/photos',
      site: 'app',
      allow: { who: 'user', scope: 'photos:write' },
      rate: 'api',
      body: 'json',
      input: { body: z.strictObject({ caption: z.string() }) },
      summary: 'x',
      answers: any,
      handle: write,
    }),
    route({
      method: 'POST',
      path: '/api/open',
      site: 'app',
      allow: { who: 'anyone' },
      rate: 'api',
      body: 'json',
      input: { body: z.unknown() },
      summary: 'x',
      answers: any,
      handle: write,
    }),
    route({
      method: 'DELETE',
      path: '/api/photos/:id',
      site: 'app',
      allow: { who: 'user', firstParty: true },
      rate: 'api',
      summary: 'x',
      answers: any,
      handle: write,
    }),
    route({
      method: 'POST',
      path: '/comment',
      site: 'frontend:diary',
      allow: { who: 'anyone' },
      rate: 'page',
      body: 'form',
      input: { body: z.strictObject({ text: z.string() }) },
      summary: 'x',
      answers: any,
      handle: write,
    }),
    route({
      method: 'GET',
      path: '/private',
      site: 'frontend:diary',
      allow: { who: 'user' },
      rate: 'page',
      summary: 'x',
      answers: { 200: 'text' },
      handle: async () => ({ status: 200, body: { text: 'private' } }),
    }),
    route({
      method: 'GET',
      path: '/form',
      site: 'frontend:diary',
      allow: { who: 'anyone' },
      rate: 'page',
      summary: 'x',
      answers: { 200: 'text' },
      handle: async (_call, _input, exchange) => ({
        status: 200,
        body: { text: `${exchange.nonce()} ${exchange.csrfToken()}`, type: 'text/html; charset=utf-8' },
      }),
    }),
    route({
      method: 'GET',
      path: '/form',
      site: 'accounts',
      allow: { who: 'anyone' },
      rate: 'page',
      summary: 'x',
      answers: any,
      handle: async (_call, _input, exchange) => ok({ token: exchange.csrfToken() }),
    }),
    route({
      method: 'POST',
      path: '/sign-in',
      site: 'accounts',
      allow: { who: 'anyone' },
      rate: 'sign-in',
      body: 'form',
      input: { body: z.strictObject({ email: z.string() }) },
      summary: 'x',
      answers: any,
      handle: write,
    }),
    route({
      method: 'GET',
      path: '/api/broken',
      site: 'app',
      allow: { who: 'anyone' },
      rate: 'api',
      summary: 'x',
      answers: any,
      handle: async () => {
        throw new Error('the secret is 42')
      },
    }),
    route({
      method: 'GET',
      path: '/*',
      site: 'frontend:diary',
      allow: { who: 'anyone' },
      rate: 'page',
      summary: 'x',
      answers: { 200: 'text' },
      handle: async () => ({ status: 200, body: { text: 'spa' } }),
    }),
    route({
      method: 'GET',
      path: '/:bucket/:id',
      site: 'files',
      allow: { who: 'handler', reason: 'signed link' },
      rate: 'files',
      summary: 'x',
      answers: any,
      handle: async (_call, { params }) => ok(params),
    }),
  ]
}

export const DIARY = {
  name: 'diary',
  origin: sites.app,
  mode: 'cookie',
  clientId: 'diary',
  secret: 'secret-of-diary',
  scopes: ['photos:read', 'photos:write'],
} as const
export const GALLERY = {
  name: 'gallery',
  origin: site('gallery'),
  mode: 'memory',
  clientId: 'gallery',
  secret: 'secret-of-gallery',
  scopes: ['photos:read'],
} as const

export interface WorldOptions {
  readonly settings?: Partial<GatewayDependencies['settings']>
  readonly choose?: (steps: readonly Step[]) => readonly Step[]
  readonly routes?: readonly Route[]
  /** These routes alone. */
  readonly bare?: true
  readonly monitoring?: Monitoring
  readonly problemPages?: GatewayDependencies['problemPages']
  /** Takes the lines of the log, which nobody reads unless told. */
  readonly log?: string[]
}

export async function openWorld({
  settings = {},
  choose,
  routes = [],
  bare,
  monitoring,
  problemPages = [],
  log,
}: WorldOptions = {}): Promise<World> {
  const auth = new FakeAuth()
  const records: RequestRecord[] = []
  const reports: unknown[] = []
  const writes = { count: 0 }
  const dependencies: GatewayDependencies = {
    auth,
    problemPages,
    cache: fakeCache(auth),
    monitoring: monitoring ?? {
      recordRequest: (record) => void records.push(record),
      pseudonym: (address) => `p-${address}`,
      recordPolicyReport: (report) => void reports.push(report),
    },
    keyRing: createKeyRing(new Secret(Buffer.alloc(32, 7).toString('base64url'))),
    clock: { now: () => Date.now() },
    logger: createLogger(log === undefined ? { level: 'silent' } : { level: 'error', stream: { write: (line) => void log.push(line) } }),
    routes: bare === true ? routes : [...testRoutes(writes), ...routes],
    settings: { ...HERE, ...gatewayPages(), sites, development: true, frontends: [DIARY, GALLERY], ...settings },
  }
  const gateway = createGateway(dependencies, assembleGateway(dependencies, choose))
  await gateway.start()
  return { port: gateway.contract.port(), auth, records, reports, writes, stop: () => gateway.stop() }
}

export interface Answered {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly json: Record<string, unknown>
  readonly cookies: readonly string[]
}

export interface Asked {
  readonly method?: string
  readonly origin?: string
  readonly path: string
  readonly headers?: Record<string, string | readonly string[]>
  readonly body?: string
}

/** A request to one of the hosts. `origin` is our site, whatever the connection's address. */
export function ask(
  { port }: { readonly port: number },
  { method = 'GET', origin = sites.app, path, headers = {}, body }: Asked,
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      { host: '127.0.0.1', port, method, path, headers: { host: new URL(origin).host, ...headers }, agent: false },
      (incoming) => {
        let text = ''
        incoming
          .setEncoding('utf8')
          .on('data', (chunk: string) => (text += chunk))
          .on('end', () => {
            const isJson = /json/.test(String(incoming.headers['content-type'])) && text !== ''
            resolve({
              status: incoming.statusCode ?? 0,
              headers: incoming.headers,
              text,
              json: isJson ? JSON.parse(text) : {},
              cookies: incoming.headers['set-cookie'] ?? [],
            })
          })
          .on('error', reject)
      },
    )
    outgoing.on('error', reject).end(body)
  })
}

/** Bytes in, bytes out: for HTTP that no client library would send. */
export function raw({ port }: { readonly port: number }, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    let text = ''
    const timer = setTimeout(() => socket.destroy(), 1500)
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk
      // One whole answer is enough; a connection that stays open says nothing more.
      const head = text.indexOf('\r\n\r\n')
      const length = /content-length: (\d+)/i.exec(text)
      if (head !== -1 && length !== null && text.length >= head + 4 + Number(length[1])) setTimeout(() => socket.destroy(), 60)
    })
    socket
      .on('close', () => {
        clearTimeout(timer)
        resolve(text)
      })
      .on('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' ? resolve(text) : reject(error)))
  })
}

export const SAME = { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' }

/** Asks with the jar's cookies and puts new ones into it. */
export async function browse(world: World, jar: Jar, asked: Asked): Promise<Answered> {
  return jar.take(await ask(world, { ...asked, headers: { ...SAME, ...jar.header(asked.path), ...asked.headers } }))
}

/** The whole way through sign-in, as a browser goes it. */
export async function signIn(world: World, jar: Jar, { origin = sites.app, sub = 'ada', returnTo = '/' } = {}): Promise<Answered> {
  const started = await browse(world, jar, { origin, path: `/session/sign-in?return_to=${encodeURIComponent(returnTo)}` })
  const callback = world.auth.approve(String(started.headers.location), sub)
  return browse(world, jar, { origin, path: callback, headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' } })
}

export async function csrfOf(world: World, jar: Jar, origin = sites.app): Promise<string> {
  return String((await browse(world, jar, { origin, path: '/session' })).json['csrfToken'])
}
