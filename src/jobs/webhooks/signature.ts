// Signatures and secrets after the Standard Webhooks convention: HMAC-SHA256 over `id.timestamp.body`, and a secret that begins with `whsec_`.
import { hmacSha256, type KeyRing } from '#kernel/keyring.ts'
import type { WebhookRecord } from './schemas.ts'

const PREFIX = 'whsec_'
/** Time enough to bring the new secret to every receiver; until then both sign. */
const BOTH_LIVE_MS = 7 * 24 * 60 * 60 * 1000

export interface SignedBody {
  readonly id: string
  /** Epoch seconds of this try, so that a receiver may refuse what was kept back. */
  readonly timestamp: number
  readonly body: string
}

/** The keys that sign now, newest first. */
export function liveKeys(
  keyRing: KeyRing,
  { name, state, now }: { name: string; state: WebhookRecord | undefined; now: number },
): Buffer[] {
  const generation = state?.generation ?? 1
  const isBothLive = state !== undefined && generation > 1 && now < state.rotatedAt + BOTH_LIVE_MS
  const generations = isBothLive ? [generation, generation - 1] : [generation]
  // Of every version of the master key: the receiver has the secret of the one that was the newest when it was shown.
  return generations.flatMap((each) => keyRing.deriveAll(`webhook:${each}:${name}`))
}

export function secretOf(key: Buffer): string {
  return `${PREFIX}${key.toString('base64')}`
}

export function signatureHeaders(keys: readonly Buffer[], { id, timestamp, body }: SignedBody): Readonly<Record<string, string>> {
  const signatures = keys.map((key) => `v1,${hmacSha256(key, `${id}.${timestamp}.${body}`).toString('base64')}`)
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signatures.join(' ') }
}
