// A third party that signs people in: Print Shop's part of the code flow with PKCE, without a browser.
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import type { Person, ReachedPlatform } from './person.ts'
import { PASSWORD } from './person.ts'
import { type Reply, send } from './http.ts'
import { formsOf, type Page } from './visitor.ts'

export interface Tokens {
  readonly access_token: string
  readonly refresh_token?: string
  readonly id_token?: string
  readonly scope: string
  readonly expires_in: number
}

export interface Authorization {
  readonly code: string
  readonly verifier: string
  readonly redirectUri: string
  readonly state: string
}

export function redirectUri(platform: Pick<ReachedPlatform, 'port'>): string {
  return `http://printshop.localhost:${platform.port + 1}/callback`
}

export function authorizationUrl(
  platform: ReachedPlatform,
  verifier: string,
  overrides: Readonly<Record<string, string | undefined>> = {},
): URL {
  const url = new URL(`${platform.origin('accounts')}/authorize`)
  const parameters = {
    client_id: 'print-shop',
    response_type: 'code',
    redirect_uri: redirectUri(platform),
    scope: 'openid offline_access photos:read',
    state: 'a state',
    nonce: 'a nonce',
    prompt: 'consent',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...overrides,
  }
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) url.searchParams.set(name, value)
  }
  return url
}

/** Goes to the authorization endpoint, signs in when asked, agrees when asked, and comes back with the code. */
export async function authorize(
  platform: ReachedPlatform,
  person: Person,
  overrides: Readonly<Record<string, string | undefined>> = {},
): Promise<Authorization> {
  const verifier = randomBytes(32).toString('base64url')
  let page: Page = await person.visitor.visit(authorizationUrl(platform, verifier, overrides))
  for (let step = 0; step < 3 && page.url.host.startsWith('accounts.'); step += 1) {
    const forms = formsOf(page.body)
    if (forms.some((form) => form.names.includes('password')))
      page = await person.visitor.submit(page, { email: person.email, password: PASSWORD })
    else page = await person.visitor.submit(page, { decision: 'allow' })
  }
  assert.equal(page.url.host, `printshop.localhost:${platform.port + 1}`, page.body)
  assert.equal(page.url.searchParams.get('iss'), platform.origin('accounts'))
  return {
    code: page.url.searchParams.get('code') ?? '',
    verifier,
    redirectUri: redirectUri(platform),
    state: page.url.searchParams.get('state') ?? '',
  }
}

export function tokenRequest(platform: ReachedPlatform, parameters: Readonly<Record<string, string>>): Promise<Reply> {
  return send({
    port: platform.port,
    host: new URL(platform.origin('accounts')).host,
    method: 'POST',
    path: '/token',
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: `http://printshop.localhost:${platform.port + 1}` },
    body: new URLSearchParams({ client_id: 'print-shop', ...parameters }).toString(),
  })
}

export function redeem(platform: ReachedPlatform, authorization: Authorization): Promise<Reply> {
  return tokenRequest(platform, {
    grant_type: 'authorization_code',
    code: authorization.code,
    code_verifier: authorization.verifier,
    redirect_uri: authorization.redirectUri,
  })
}

export function refresh(platform: ReachedPlatform, refreshToken: string): Promise<Reply> {
  return tokenRequest(platform, { grant_type: 'refresh_token', refresh_token: refreshToken })
}

/** The whole flow. */
export async function thirdPartyTokens(platform: ReachedPlatform, person: Person): Promise<Tokens> {
  const reply = await redeem(platform, await authorize(platform, person))
  assert.equal(reply.status, 200, reply.body)
  return JSON.parse(reply.body) as Tokens
}
