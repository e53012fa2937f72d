// How often secrets of a client may be tried, wherever it authenticates: by client and by the address that they come from, so that nobody keeps a client of
// another address out. Each wrong one counts once: a machine that goes on with an old secret stops neither itself nor those beside it.
import { createSecretKey } from 'node:crypto'
import type { Client } from 'oidc-provider'
import Provider, { errors } from 'oidc-provider'
import type { Clock } from '#kernel/clock.ts'
import { hmacSha256, type KeyRing } from '#kernel/keyring.ts'
import type { Logger } from '#kernel/log.ts'
import type { Counts } from '../accounts/counts.ts'
import { type ThrottleRule, waitAfter } from '../accounts/throttle.ts'
import { isSecretOf } from './client-facts.ts'
import { currentCall, currentExchange } from './scope.ts'

/** Some three thousand guesses a day. The longest wait is what a machine beside the guesser is kept out for. */
const WRONG_SECRETS: ThrottleRule = { free: 30, firstWaitMs: 1000, longestWaitMs: 30_000, windowMs: 3_600_000 }

export interface SecretTriesParts {
  readonly counts: Counts
  readonly keyRing: KeyRing
  readonly clock: Clock
  readonly logger: Logger
}

export type CheckSecret = (client: Client, presented: string) => Promise<boolean>

/** RFC 6749 section 5.2 has no error for it; the status is that of RFC 6585 section 4. */
class TooManySecrets extends errors.OIDCProviderError {
  constructor() {
    super(429, 'temporarily_unavailable')
    this.error_description = 'too many secrets of this client were tried from here'
  }
}

/** Throws while too many were tried; what it would have been is not said then. */
export function createSecretCheck({ counts, keyRing, clock, logger }: SecretTriesParts): CheckSecret {
  const key = createSecretKey(keyRing.derive('auth:tried-secret'))
  return async (client, presented) => {
    const isRight = isSecretOf(client, presented, clock.now())
    const exchange = currentExchange()
    // Without an address a server of this process asks.
    if (exchange === undefined) return isRight
    const call = currentCall()
    const { clientId } = client
    const door = `client-secret:${clientId}:${exchange.client}`
    const waitMs = await counts.closedFor(call, door)
    if (waitMs > 0) {
      Provider.ctx?.set('retry-after', String(Math.ceil(waitMs / 1000)))
      throw new TooManySecrets()
    }
    if (isRight) return true
    // A wrong one may be the right one of yesterday: nothing is kept that could be searched through without the key.
    if (!(await counts.close(call, `wrong-${door}:${hmacSha256(key, presented).toString('base64url')}`, WRONG_SECRETS.windowMs)))
      return false
    const tries = await counts.add(call, door, { by: 1, ttlMs: WRONG_SECRETS.windowMs })
    const nextMs = waitAfter(tries, WRONG_SECRETS)
    if (nextMs > 0 && (await counts.close(call, door, nextMs)))
      logger.warn({ event: 'auth.secrets_tried', client: clientId, tries }, 'many secrets of a client are tried from one address')
    return false
  }
}
