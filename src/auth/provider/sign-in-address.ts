// Signing in for the account pages themselves: the ordinary flow with a client of our own, for its cookie only. Nobody knows the verifier, so
// the code that it ends with is worth nothing, and is not redeemed.
import { randomToken } from '#kernel/ids.ts'
import { type KeyRing, sha256 } from '#kernel/keyring.ts'
import { ACCOUNTS_CALLBACK, ACCOUNTS_CLIENT } from './clients.ts'

const PURPOSE = 'auth.return-to'
const BINDING = 'state'
/** A path of this origin and nothing that a browser could read as another host. */
const LOCAL_PATH = /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/

export interface SignInAddressParts {
  readonly issuer: string
  readonly keyRing: KeyRing
  /** Asks for the credential whoever is signed in. */
  readonly again?: boolean
}

export function signInAddress({ issuer, keyRing, again = false }: SignInAddressParts, returnTo: string): string {
  const query = new URLSearchParams({
    client_id: ACCOUNTS_CLIENT,
    redirect_uri: `${issuer}${ACCOUNTS_CALLBACK}`,
    response_type: 'code',
    scope: 'openid',
    code_challenge: sha256(randomToken()),
    code_challenge_method: 'S256',
    state: keyRing.seal(PURPOSE, BINDING, returnTo),
    ...(again ? { prompt: 'login' } : {}),
  })
  return `/authorize?${query.toString()}`
}

/** Where to go after signing in; the account page when the state is not one of ours. */
export function returnPath(keyRing: KeyRing, state: string | undefined): string {
  const path = state === undefined ? undefined : keyRing.open(PURPOSE, BINDING, state)
  return path !== undefined && LOCAL_PATH.test(path) ? path : '/account'
}
