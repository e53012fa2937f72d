// Seals what the engine wants stored. A sealed payload opens only in the row that it was sealed for, so that rows cannot be swapped.
import type { AdapterPayload } from 'oidc-provider'
import type { KeyRing } from '#kernel/keyring.ts'
import { z } from '#kernel/schema.ts'

export interface Place {
  readonly collection: string
  readonly id: string
}

export interface Vault {
  seal(place: Place, payload: AdapterPayload): string
  /** `undefined` when the value was changed, copied from another row, or sealed under another master key. */
  open(place: Place, sealed: string): AdapterPayload | undefined
}

export const VAULT_PURPOSE = 'auth.provider'
const stored = z.looseObject({})

export function payloadBinding({ collection, id }: Place): string {
  return `${collection}/${id}/payload`
}

export function createVault(keyRing: KeyRing): Vault {
  return {
    seal: (place, payload) => keyRing.seal(VAULT_PURPOSE, payloadBinding(place), JSON.stringify(payload)),
    open(place, sealed) {
      const text = keyRing.open(VAULT_PURPOSE, payloadBinding(place), sealed)
      return text === undefined ? undefined : stored.parse(JSON.parse(text))
    },
  }
}

/** Bearer values are the engine's ids: they are never stored, not even sealed, where the record can be found by their hash. */
export function withoutId(payload: AdapterPayload): AdapterPayload {
  const { jti: _jti, ...rest } = payload
  return rest
}
