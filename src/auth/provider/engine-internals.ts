// What of the engine is not its public interface, and the only file that reaches for it: an upgrade that moves one of these ends here, and
// the tests of model-changes.ts, authorization-steps.ts and sign-out.ts say which. What we change of them is there; private members have their names here.
import type { RefreshToken, Session } from 'oidc-provider'
import * as grantHelpers from 'oidc-provider/lib/helpers/grants.js'

export { default as authorizationSteps } from 'oidc-provider/lib/actions/authorization/index.js'
export * as signOutSteps from 'oidc-provider/lib/actions/end_session.js'
export { default as introspectionStack } from 'oidc-provider/lib/actions/introspection.js'
export { default as revocationStack } from 'oidc-provider/lib/actions/revocation.js'
export * as codeGrant from 'oidc-provider/lib/actions/grants/authorization_code.js'
export * as serviceGrant from 'oidc-provider/lib/actions/grants/client_credentials.js'
export { default as contexts } from 'oidc-provider/lib/helpers/als.js'
export { default as ServerChallenge } from 'oidc-provider/lib/helpers/challenge.js'
export { default as Router } from 'oidc-provider/lib/helpers/router.js'
export { default as internals } from 'oidc-provider/lib/helpers/weak_cache.js'
export { grantHelpers }

/** Whether the engine has made it for this very request, which has come without a cookie. */
export function isNewSession(session: Session): boolean {
  return Reflect.get(session, 'new') === true
}

/** Whether something of it is to be stored yet. */
export function isUnsavedSession(session: Session): boolean {
  return Reflect.get(session, 'touched') === true
}

/** Of one that is new nothing is stored then. */
export function leaveSessionUnsaved(session: Session): void {
  Reflect.set(session, 'touched', false)
}

/** What it had before it got another cookie, which the engine would remove first. */
export function forgetFormerCookie(session: Session): void {
  Reflect.set(session, 'oldId', undefined)
}

export function nameTokensBy(prototype: RefreshToken, make: () => string): void {
  if (typeof Reflect.get(prototype, 'generateTokenId') !== 'function')
    throw new Error('The OpenID engine makes its token ids in another way than this release knows.')
  Reflect.set(prototype, 'generateTokenId', make)
}
