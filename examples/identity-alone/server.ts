// An app that knows nothing of Ninefold: an OpenID Connect client made with `openid-client`, and an API that checks its tokens with `jose`.
import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import * as oidc from 'openid-client'
import { knowLocalhost } from './localhost.ts'
import { DEVELOPMENT_SECRET } from './ninefold.config.ts'

const { values } = parseArgs({
  options: { port: { type: 'string', default: '8081' }, issuer: { type: 'string', default: 'http://accounts.localhost:8080' } },
})
const origin = `http://shop.localhost:${values.port}`
const API = 'https://shop.example/api'

interface Session {
  readonly name: string
  readonly sid: string
  readonly idToken: string
  readonly accessToken: string
}

/** In memory, as this is an example: a restart signs everybody out here. */
const sessions = new Map<string, Session>()
const begun = new Map<string, { readonly verifier: string; readonly state: string }>()

knowLocalhost()
const provider = await oidc.discovery(new URL(values.issuer), 'shop', undefined, oidc.ClientSecretBasic(DEVELOPMENT_SECRET), {
  execute: [oidc.allowInsecureRequests],
})
const { jwks_uri: keysAt = '' } = provider.serverMetadata()
const keys = createRemoteJWKSet(new URL(keysAt))

const cookieOf = (request: IncomingMessage, name: string): string =>
  new RegExp(`(?:^|; )${name}=([\\w-]+)`).exec(request.headers.cookie ?? '')?.[1] ?? ''
const newCookie = (name: string, value: string, seconds: number): string =>
  `${name}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${seconds}`

function page(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': "default-src 'none'" })
  response.end(`<!doctype html><html lang="en"><meta charset="utf-8"><title>The Shop</title><h1>The Shop</h1>${body}</html>`)
}

function redirect(response: ServerResponse, to: URL | string, ...cookies: readonly string[]): void {
  response.writeHead(303, { location: String(to), 'set-cookie': [...cookies] }).end()
}

const escaped = (words: string): string => words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void

const home: Handler = (request, response) => {
  const session = sessions.get(cookieOf(request, 'shop'))
  if (session === undefined) page(response, '<p><a href="/sign-in">Sign in</a></p>')
  else page(response, `<p>Good day, ${escaped(session.name)}.</p><p><a href="/orders">Your orders</a> <a href="/sign-out">Sign out</a></p>`)
}

const signIn: Handler = async (_request, response) => {
  const id = randomBytes(32).toString('base64url')
  const verifier = oidc.randomPKCECodeVerifier()
  const state = oidc.randomState()
  begun.set(id, { verifier, state })
  setTimeout(() => begun.delete(id), 600_000).unref()
  const to = oidc.buildAuthorizationUrl(provider, {
    redirect_uri: `${origin}/callback`,
    scope: 'openid profile orders:read',
    resource: API,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
  })
  redirect(response, to, newCookie('begun', id, 600))
}

const callback: Handler = async (request, response) => {
  const id = cookieOf(request, 'begun')
  const transaction = begun.get(id)
  begun.delete(id)
  if (transaction === undefined) {
    redirect(response, '/sign-in')
    return
  }
  const checks = { pkceCodeVerifier: transaction.verifier, expectedState: transaction.state, idTokenExpected: true }
  const tokens = await oidc.authorizationCodeGrant(provider, new URL(request.url ?? '/', origin), checks)
  const claims = tokens.claims()
  const [name, sid] = [claims?.['name'], claims?.['sid']]
  if (typeof name !== 'string' || typeof sid !== 'string') throw new Error('The ID token lacks a name or a session.')
  const session = randomBytes(32).toString('base64url')
  sessions.set(session, { name, sid, idToken: tokens.id_token ?? '', accessToken: tokens.access_token })
  redirect(response, '/', newCookie('shop', session, 86_400), newCookie('begun', '', 0))
}

/** What any API of yours does with a token: signature, issuer, audience, time, type (RFC 9068 section 4), and then the scope. */
async function subjectOf(token: string): Promise<string> {
  const { payload } = await jwtVerify(token, keys, { issuer: values.issuer, audience: API, typ: 'at+jwt' })
  if (!String(payload['scope']).split(' ').includes('orders:read')) throw new Error('The token does not allow reading orders.')
  return payload.sub ?? ''
}

const orders: Handler = async (request, response) => {
  const bearer = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  const token = bearer ?? sessions.get(cookieOf(request, 'shop'))?.accessToken
  const subject = token === undefined ? undefined : await subjectOf(token).catch(() => undefined)
  if (subject === undefined) response.writeHead(401, { 'www-authenticate': 'Bearer' }).end('Sign in first.\n')
  else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ buyer: subject, orders: [] }))
}

const signOut: Handler = (request, response) => {
  const id = cookieOf(request, 'shop')
  const hint = sessions.get(id)?.idToken
  sessions.delete(id)
  const to = oidc.buildEndSessionUrl(provider, {
    post_logout_redirect_uri: `${origin}/`,
    ...(hint === undefined ? {} : { id_token_hint: hint }),
  })
  redirect(response, to, newCookie('shop', '', 0))
}

/** Back-channel logout: the person has signed out elsewhere, or an operator has ended the session. */
const signedOut: Handler = async (request, response) => {
  const token = new URLSearchParams(await text(request)).get('logout_token') ?? ''
  const { payload } = await jwtVerify(token, keys, { issuer: values.issuer, audience: 'shop', typ: 'logout+jwt' })
  for (const [id, { sid }] of sessions) if (sid === payload['sid']) sessions.delete(id)
  response.writeHead(200).end()
}

const HANDLERS: Readonly<Record<string, Handler>> = {
  'GET /': home,
  'GET /sign-in': signIn,
  'GET /callback': callback,
  'GET /orders': orders,
  'GET /sign-out': signOut,
  'POST /signed-out': signedOut,
}

const server = createServer((request, response) => {
  const handler = HANDLERS[`${request.method} ${new URL(request.url ?? '/', origin).pathname}`]
  const answer = async (): Promise<void> => {
    if (handler === undefined) response.writeHead(404).end('There is nothing here.\n')
    else await handler(request, response)
  }
  void answer().catch((error: unknown) => response.writeHead(400).end(`${error instanceof Error ? error.message : 'That did not work.'}\n`))
})
server.listen(Number(values.port), '127.0.0.1', () => process.stdout.write(`The shop is open: ${origin}\n`))
