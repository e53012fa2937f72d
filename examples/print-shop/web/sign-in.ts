// Signing in with Pixel Diary: OpenID Connect, authorization code with PKCE, as a public client (RFC 9700). Tokens live in the object made here.
import {
  AuthorizationResponseError,
  authorizationCodeGrantRequest,
  calculatePKCECodeChallenge,
  generateRandomCodeVerifier,
  generateRandomNonce,
  generateRandomState,
  getValidatedIdTokenClaims,
  None,
  processAuthorizationCodeResponse,
  validateAuthResponse,
} from 'oauth4webapi'
import { Connection } from './connection.ts'
import type { Provider } from './provider.ts'

/** Why the person came back without access, in words for them. */
export class SignInError extends Error {
  override readonly name = 'SignInError'
}

const SCOPE = 'openid offline_access photos:read'
const redirectUri = (): string => `${location.origin}/callback`
const jsonHeaders = { 'content-type': 'application/json' }

/** Leaves for the provider. What must be remembered meanwhile is in a cookie that scripts cannot read. */
export async function beginSignIn({ config, server, resource }: Provider): Promise<void> {
  const transaction = { state: generateRandomState(), nonce: generateRandomNonce(), verifier: generateRandomCodeVerifier() }
  const kept = await fetch('/transaction', { method: 'PUT', headers: jsonHeaders, body: JSON.stringify(transaction) })
  if (!kept.ok || server.authorization_endpoint === undefined) throw new SignInError('Signing in is not possible just now.')
  const target = new URL(server.authorization_endpoint)
  target.search = new URLSearchParams({
    client_id: config.clientId,
    redirect_uri: redirectUri(),
    response_type: 'code',
    scope: SCOPE,
    resource,
    prompt: 'consent',
    state: transaction.state,
    nonce: transaction.nonce,
    code_challenge: await calculatePKCECodeChallenge(transaction.verifier),
    code_challenge_method: 'S256',
  }).toString()
  location.assign(target)
}

/** After the redirect back: checks the answer and exchanges the code. */
export async function finishSignIn(provider: Provider, answer: URL): Promise<Connection> {
  const { server, client, options, resource } = provider
  const taken = await fetch('/transaction', { method: 'DELETE', headers: jsonHeaders })
  const transaction: { state?: string; nonce?: string; verifier?: string } = await taken.json()
  const { state, nonce, verifier } = transaction
  if (state === undefined || nonce === undefined || verifier === undefined)
    throw new SignInError('That sign-in took too long, or began in another browser.')
  const parameters = checkAnswer(provider, answer, state)
  const response = await authorizationCodeGrantRequest(server, client, None(), parameters, redirectUri(), verifier, {
    ...options,
    additionalParameters: { resource },
  })
  const tokens = await processAuthorizationCodeResponse(server, client, response, { expectedNonce: nonce, requireIdToken: true })
  const person = getValidatedIdTokenClaims(tokens)?.sub
  if (person === undefined) throw new SignInError('Pixel Diary did not say who you are.')
  return new Connection(provider, person, tokens)
}

function checkAnswer({ server, client }: Provider, answer: URL, state: string): URLSearchParams {
  try {
    return validateAuthResponse(server, client, answer, state)
  } catch (error) {
    if (error instanceof AuthorizationResponseError && error.error === 'access_denied')
      throw new SignInError('You chose not to let us see your photos. That is fine.')
    throw new SignInError('Pixel Diary\u2019s answer did not fit our question, so we did not take it.')
  }
}
