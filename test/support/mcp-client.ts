// The client of the official MCP library, as a program on a person's machine has it, and the person who lets it in.
import assert from 'node:assert/strict'
import type { OAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js'
import type { OAuthClientInformationMixed, OAuthTokens } from '@modelcontextprotocol/sdk/shared/auth.js'
import { send } from './http.ts'
import { PASSWORD, type Person } from './person.ts'
import { formsOf, type Page } from './visitor.ts'

export const REDIRECT = 'http://127.0.0.1:33418/callback'
export const METADATA = {
  redirect_uris: [REDIRECT],
  client_name: 'Helper',
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code', 'refresh_token'],
}

/** The library's fetch, to this machine whatever the host is called. */
export async function localFetch(input: string | URL, init: RequestInit = {}): Promise<Response> {
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

export interface Memory {
  readonly provider: OAuthClientProvider
  readonly seen: { client?: OAuthClientInformationMixed; tokens?: OAuthTokens; verifier?: string; asked?: URL }
}

export function remembering(clientMetadataUrl?: string): Memory {
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

/** Signs in and allows, as people do. Gives the code, and every page of the accounts origin that was shown on the way. */
export async function agreeTo(asked: URL, { visitor, email }: Person, sees: readonly RegExp[]): Promise<{ code: string; shown: Page[] }> {
  const shown: Page[] = []
  let page = await visitor.visit(asked)
  let consent = ''
  for (let step = 0; step < 3 && page.url.host.startsWith('accounts.'); step += 1) {
    const isSignIn = formsOf(page.body).some((form) => form.names.includes('password'))
    shown.push(page)
    if (!isSignIn) consent = page.body
    page = await visitor.submit(page, isSignIn ? { email, password: PASSWORD } : { decision: 'allow' })
  }
  for (const words of sees) assert.match(consent, words)
  assert.equal(page.url.origin, new URL(REDIRECT).origin, page.body)
  return { code: page.url.searchParams.get('code') ?? '', shown }
}
