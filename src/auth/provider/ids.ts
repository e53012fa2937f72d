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

/** The `sub` of a client that acts for itself. No account id has a colon, so no client can be named to be somebody (RFC 9700 section 4.15). */
export function serviceSubject(clientId: string): string {
  return `client:${clientId}`
}
