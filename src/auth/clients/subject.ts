/** The `sub` of a client that acts for itself. No account id has a colon, so no client can be named to be somebody (RFC 9700 section 4.15). */
export function clientSubject(clientId: string): string {
  return `client:${clientId}`
}
