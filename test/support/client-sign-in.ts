// Signing somebody in to a client that registered itself or comes by a document: what was asked, and what its token request needs.
import { Browser, type OauthWorld, pkce, type Reply } from './oauth.ts'

export interface SignedIn {
  readonly asked: readonly string[]
  /** What each consent page has named. */
  readonly named: readonly (readonly string[])[]
  readonly last: Reply
  readonly location: URL
  /** Of the token request. */
  readonly form: Record<string, string>
}

export interface Asking {
  readonly browser?: Browser
  readonly account: string
  readonly redirectUri: string
  readonly scope?: string
  readonly resource?: string
  /** Done while the person is asked for consent. */
  readonly meanwhile?: () => Promise<void>
}

export async function signInTo(
  world: OauthWorld,
  clientId: string,
  {
    browser = new Browser(world),
    account,
    redirectUri,
    scope = 'openid offline_access photos:read photos:write',
    resource,
    meanwhile,
  }: Asking,
): Promise<SignedIn> {
  const { verifier, challenge } = pkce()
  const query = new URLSearchParams({
    client_id: clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...(resource === undefined ? {} : { resource }),
  })
  const found = await browser.authorize(`/authorize?${query.toString()}`, { account, ...(meanwhile === undefined ? {} : { meanwhile }) })
  const code = found.location.searchParams.get('code') ?? ''
  return { ...found, form: { grant_type: 'authorization_code', client_id: clientId, code, code_verifier: verifier } }
}
