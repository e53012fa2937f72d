// What we change in the engine's own classes, all in one place; `model-changes.test.ts` fails when an upgrade moves them.
import type { RefreshToken, Session } from 'oidc-provider'
import Provider from 'oidc-provider'
import internals from 'oidc-provider/lib/helpers/weak_cache.js'
import type { Clock } from '#kernel/clock.ts'
import { hmacSha256 } from '#kernel/keyring.ts'
import { UsedBefore } from './artifact-storage.ts'
import { isSecretOf } from './client-facts.ts'
import { sidOf } from './ids.ts'

export function hashClientSecrets(provider: Provider, clock: Clock): void {
  provider.Client.prototype.compareClientSecret = function compareHashes(actual: string): boolean {
    return isSecretOf(this, actual, clock.now())
  }
}

/** Of two that show one proof at once the loser is told as whoever comes later: the engine looks first and writes then. */
export function detectReplaysAtOnce(provider: Provider): void {
  const { ReplayDetection } = provider
  const { unique } = ReplayDetection
  ReplayDetection.unique = async function uniqueEvenAtOnce(iss: string, jti: string, exp: number): Promise<boolean> {
    try {
      return await unique.call(this, iss, jti, exp)
    } catch (error) {
      if (error instanceof UsedBefore) return false
      throw error
    }
  }
}

/** The successor of a refresh token is computed from it, so that every racer arrives at the same one. */
export function deriveSuccessors(provider: Provider, key: Buffer): void {
  // The types do not tell of this method.
  const prototype: RefreshToken & { generateTokenId?: () => string } = provider.RefreshToken.prototype
  const random = prototype.generateTokenId
  if (random === undefined) throw new Error('The OpenID engine makes its token ids in another way than this release knows.')
  prototype.generateTokenId = function successorOrRandom(this: RefreshToken): string {
    const rotated = Provider.ctx?.oidc.entities.RotatedRefreshToken
    return rotated === undefined ? random.call(this) : hmacSha256(key, `rt-succ:${rotated.jti}`).toString('base64url')
  }
}

/** `sid` is computed from the grant, so that whoever has one can tell which grant to end. It is in every token. */
export function nameSessionsByGrant(provider: Provider): void {
  provider.Client.prototype.includeSid = () => true
  const prototype: Session = provider.Session.prototype
  function sidFor(this: Session, clientId: string): string | undefined
  function sidFor(this: Session, clientId: string, value: string): void
  function sidFor(this: Session, clientId: string): string | undefined {
    const grantId = this.grantIdFor(clientId)
    return grantId === undefined ? undefined : sidOf(grantId)
  }
  prototype.sidFor = sidFor
}

/**
 * A session that gets a new cookie is saved under its old record (see session-storage.ts), so nothing is left to delete. As the engine does it,
 * deleting first, the session is absent for a moment, and a refresh in that moment signs the person out.
 */
export function renewCookiesInPlace(provider: Provider): void {
  const prototype: Session & { oldId?: string | undefined } = provider.Session.prototype
  const { save } = prototype
  prototype.save = function saveInPlace(ttl: number): Promise<string> {
    this.oldId = undefined
    return save.call(this, ttl)
  }
}

/** `form_post` answers with a page whose inline script posts to the client, which our content security policy is there to stop. */
export function dropFormPost(provider: Provider): void {
  internals(provider).responseModes.delete('form_post')
}
