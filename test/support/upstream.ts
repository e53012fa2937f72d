// A small provider of OpenID Connect and OAuth 2 with real HTTP and real keys, which can be made to lie in every way that a provider, or somebody between,
// could. It shares no code with the platform.
import { createHash, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, type JWTPayload, SignJWT } from 'jose'

interface Answered {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: unknown
  /** In place of JSON. */
  readonly text?: string
}

export interface Upstream {
  readonly issuer: string
  /** Of whoever signs in next. */
  claims: JWTPayload
  /** Changes what is answered. */
  lie: {
    issuer?: string
    nonce?: string
    audience?: string
    wrongKey?: boolean
    metadata?: Readonly<Record<string, unknown>>
    /** The `iss` of the authorization answer. */
    answeredBy?: string | undefined
    userinfo?: Readonly<Record<string, unknown>>
    tokenStatus?: number
    accessToken?: string
    /** It does not know us. */
    stranger?: boolean
    /** What is told of the person comes like this. */
    resource?: Answered
    /** Of GitHub: the list of addresses is refused. */
    emailsStatus?: number
    error?: string
  }
  readonly secret: string
  /** Paths that were asked for. */
  readonly asked: string[]
  /** The form of the newest token request. */
  readonly tokenForms: URLSearchParams[]
  /** What a browser does there: signs in, and comes back with an answer. */
  visit(url: string): { readonly location: URL; readonly asked: URLSearchParams }
  stop(): Promise<void>
  /** Listens on the same port again. */
  start(): Promise<void>
}

export const CLIENT_ID = 'our-client'

/** How one of the well-known providers speaks. Its addresses are its own: requests are led here (see famous-upstreams.ts). */
export interface Manner {
  /** What it publishes, by the path in front of the well-known one. */
  document(tenant: string): Readonly<Record<string, unknown>>
  /** Beside the members of the key itself. */
  readonly keyMembers: Readonly<Record<string, unknown>>
  /** Where its client secret is none that it has given out. */
  isClient?(secret: string): Promise<boolean>
}

const WELL_KNOWN = '/.well-known/openid-configuration'

interface Code {
  readonly challenge: string
  readonly redirectUri: string
  readonly nonce: string | undefined
  readonly openid: boolean
  readonly claims: JWTPayload
}

export async function startUpstream(manner?: Manner): Promise<Upstream> {
  const alg = manner === undefined ? 'ES256' : 'RS256'
  const [right, wrong] = [newKeyPair(alg), newKeyPair(alg)]
  const secret = randomBytes(24).toString('base64url')
  const codes = new Map<string, Code>()
  const tokens = new Map<string, JWTPayload>()
  let issuer = ''

  const idToken = ({ claims, nonce }: Code): Promise<string> => {
    const { lie } = upstream
    return new SignJWT({ ...claims, ...(nonce === undefined ? {} : { nonce: lie.nonce ?? nonce }) })
      .setProtectedHeader({ alg, kid: 'k1' })
      .setIssuer(lie.issuer ?? (typeof claims.iss === 'string' ? claims.iss : issuer))
      .setAudience(lie.audience ?? CLIENT_ID)
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(lie.wrongKey === true ? wrong.privateKey : right.privateKey)
  }

  const redeem = async (form: URLSearchParams, authorization: string): Promise<Answered> => {
    if (upstream.lie.tokenStatus !== undefined) return { status: upstream.lie.tokenStatus, json: { error: 'server_error' } }
    // RFC 6749 section 2.3.1: both parts are form-encoded.
    const basic = Buffer.from(authorization.replace(/^Basic /, ''), 'base64')
      .toString()
      .split(':')
      .map(decodeURIComponent)
      .join(':')
    const sent = form.get('client_secret') ?? ''
    const proved =
      manner?.isClient === undefined
        ? basic === `${CLIENT_ID}:${secret}` || sent === secret || form.has('client_assertion')
        : form.get('client_id') === CLIENT_ID && (await manner.isClient(sent))
    // RFC 6749 section 5.2: a client that has used the header is answered by one.
    const headers = authorization === '' ? {} : { 'www-authenticate': 'Basic realm="clients"' }
    if (!proved || upstream.lie.stranger === true) return { status: 401, headers, json: { error: 'invalid_client' } }
    const code = codes.get(form.get('code') ?? '')
    codes.delete(form.get('code') ?? '')
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    if (code === undefined || code.challenge !== challenge || code.redirectUri !== form.get('redirect_uri'))
      return { status: 400, json: { error: 'invalid_grant' } }
    const accessToken = upstream.lie.accessToken ?? randomBytes(16).toString('hex')
    tokens.set(accessToken, code.claims)
    return {
      status: 200,
      json: { access_token: accessToken, token_type: 'Bearer', ...(code.openid ? { id_token: await idToken(code) } : {}) },
    }
  }

  const answer = async (request: IncomingMessage): Promise<Answered> => {
    const { pathname } = new URL(request.url ?? '/', 'http://any')
    upstream.asked.push(pathname)
    if (pathname.endsWith(WELL_KNOWN) && manner !== undefined)
      return { status: 200, json: { ...manner.document(pathname.slice(0, -WELL_KNOWN.length)), ...upstream.lie.metadata } }
    if (pathname.endsWith(WELL_KNOWN)) {
      const base = { issuer: `${issuer}${pathname.slice(0, -WELL_KNOWN.length)}`.replace(/\/$/, '') }
      const at = {
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        userinfo_endpoint: `${issuer}/userinfo`,
        jwks_uri: `${issuer}/jwks`,
        id_token_signing_alg_values_supported: ['ES256'],
      }
      return { status: 200, json: { ...base, ...at, ...upstream.lie.metadata } }
    }
    if (/\/(?:jwks|certs|keys)$/.test(pathname)) {
      const members = manner?.keyMembers ?? { alg }
      return { status: 200, json: { keys: [{ ...(await exportJWK(right.publicKey)), kid: 'k1', use: 'sig', ...members }] } }
    }
    if (pathname.endsWith('/token') || pathname === '/login/oauth/access_token') {
      const form = new URLSearchParams(await bodyOf(request))
      upstream.tokenForms.push(form)
      return redeem(form, request.headers.authorization ?? '')
    }
    if (upstream.lie.resource !== undefined) return upstream.lie.resource
    const claims = tokens.get((request.headers.authorization ?? '').replace(/^Bearer /i, ''))
    if (claims === undefined) return { status: 401, json: { error: 'invalid_token' } }
    if (pathname === '/userinfo') return { status: 200, json: upstream.lie.userinfo ?? claims }
    if (pathname === '/api/v3/user') return { status: 200, json: claims['user'] }
    if (pathname === '/api/v3/user/emails' && upstream.lie.emailsStatus !== undefined)
      return { status: upstream.lie.emailsStatus, json: { message: 'Resource not accessible by integration' } }
    return pathname === '/api/v3/user/emails' ? { status: 200, json: claims['emails'] } : { status: 404, json: {} }
  }

  const server = createServer((request, response) => {
    void answer(request).then(
      (answered) => send(response, answered),
      () => send(response, { status: 500, json: {} }),
    )
  })
  const upstream: Upstream = {
    get issuer() {
      return issuer
    },
    claims: {},
    lie: {},
    secret,
    asked: [],
    tokenForms: [],
    visit(url) {
      const asked = new URL(url).searchParams
      const redirectUri = asked.get('redirect_uri') ?? ''
      const location = new URL(redirectUri)
      location.searchParams.set('state', asked.get('state') ?? '')
      if (upstream.lie.error !== undefined) location.searchParams.set('error', upstream.lie.error)
      else {
        const code = randomBytes(16).toString('hex')
        const nonce = asked.get('nonce') ?? undefined
        codes.set(code, {
          challenge: asked.get('code_challenge') ?? '',
          redirectUri,
          nonce,
          openid: (asked.get('scope') ?? '').split(' ').includes('openid'),
          claims: upstream.claims,
        })
        location.searchParams.set('code', code)
      }
      // None of the well-known ones says who answers.
      const by = 'answeredBy' in upstream.lie ? upstream.lie.answeredBy : manner === undefined ? issuer : undefined
      if (by !== undefined) location.searchParams.set('iss', by)
      return { location, asked }
    },
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
    async start() {
      server.listen(Number(new URL(issuer).port), '127.0.0.1')
      await once(server, 'listening')
    },
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  issuer = `http://localhost:${(server.address() as AddressInfo).port}`
  return upstream
}

const newKeyPair = (alg: 'ES256' | 'RS256'): { publicKey: KeyObject; privateKey: KeyObject } =>
  alg === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('rsa', { modulusLength: 2048 })

function send(response: ServerResponse, { status, headers, json, text }: Answered): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text ?? JSON.stringify(json))
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString()
}
