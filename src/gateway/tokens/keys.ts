// The public keys of the authorization server by `kid`: read again for an unknown one, but never more often than once a second, and when they are old,
// so that a key that is no longer published does not stay good here.
import { createPublicKey, type KeyObject } from 'node:crypto'
import { type Call, systemCall } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { z } from '#kernel/schema.ts'
import type { Auth } from '../../auth/contract.ts'

/** The one algorithm of access tokens. */
export const TOKEN_ALGORITHM = 'ES256'
/** Whoever invents a key has the set read, just before a new one is in it, say: auth waits for longer than this before that one signs. */
const COOL_DOWN_MS = 1000
const OLD_MS = 60_000

const publicKey = z.looseObject({
  kid: z.string().min(1).max(128),
  alg: z.literal(TOKEN_ALGORITHM),
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string(),
  y: z.string(),
})

export interface TokenKeys {
  find(call: Call, kid: string): Promise<KeyObject | undefined>
}

export function createTokenKeys({ auth, clock }: { readonly auth: Pick<Auth, 'keys'>; readonly clock: Clock }): TokenKeys {
  let keys = new Map<string, KeyObject>()
  let readAt = Number.NEGATIVE_INFINITY
  let reading: Promise<void> | undefined
  const read = async (call: Call): Promise<void> => {
    const set = await auth.keys(call)
    const next = new Map<string, KeyObject>()
    for (const candidate of set.keys) {
      // Keys for ID tokens have other algorithms; a private key must not have come here.
      const parsed = publicKey.safeParse(candidate)
      if (!parsed.success || 'd' in parsed.data) continue
      const { kid, kty, crv, x, y } = parsed.data
      next.set(kid, createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' }))
    }
    keys = next
    readAt = clock.now()
  }
  const readOnce = (call: Call): Promise<void> => {
    reading ??= read(call).finally(() => {
      reading = undefined
    })
    return reading
  }
  return {
    async find(call, kid) {
      const age = clock.now() - readAt
      if (!keys.has(kid)) {
        if (reading !== undefined || age >= COOL_DOWN_MS) await readOnce(call)
      } else if (age >= OLD_MS) {
        // Nobody waits for this one; while it fails, the revocations are too old as well, and nobody is let in.
        readOnce(systemCall('gateway.keys')).catch(() => {})
      }
      return keys.get(kid)
    },
  }
}
