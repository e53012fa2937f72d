// The public key that a service account is given: one that its assertions can be checked with, and that every database can store.
import { unstorable } from '#kernel/storable.ts'
import type { PublicKeyDefinition } from '../clients/contract.ts'
import { publicKeyDefinition } from '../clients/schemas.ts'
import { authErrors } from '../errors.ts'
import { isPublicKey, isUsableKey } from '../provider/client-authentication.ts'
import { fieldProblem } from '../texts/problem.ts'

export function parsePublicKey(text: string): PublicKeyDefinition {
  const parsed = publicKeyDefinition.safeParse(jsonOf(text))
  if (!parsed.success || unstorable(parsed.data) !== undefined || !isPublicKey(parsed.data))
    throw authErrors.bad_details({ fields: [fieldProblem('key', 'key_not_public')] })
  if (!isUsableKey(parsed.data)) throw authErrors.bad_details({ fields: [fieldProblem('key', 'key_unusable')] })
  return parsed.data
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
