/** The `sub` of a client that acts for itself. No account id has a colon, so no client can be named to be somebody (RFC 9700 section 4.15). */
export function clientSubject(clientId: string): string {
  return `${PREFIX}${clientId}`
}

export function clientOfSubject(subject: string): string | undefined {
  return subject.startsWith(PREFIX) ? subject.slice(PREFIX.length) : undefined
}

const PREFIX = 'client:'
