// How the engine's ids become keys of records.
import { sha256 } from '#kernel/keyring.ts'

/** The engine's ids of codes, refresh tokens, interactions and cookies are bearer secrets of 256 bits. */
export function recordId(bearer: string): string {
  return sha256(bearer)
}

/** The `sid` claim of all tokens of a grant: one authorisation of one client in one browser. Also the key of the grant's record. */
export function sidOf(grantId: string): string {
  return sha256(grantId)
}
