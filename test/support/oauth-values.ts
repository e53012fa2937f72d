// What the requests of the code flow are made of, and what their answers say.
import { createHash, randomBytes } from 'node:crypto'

export interface Pkce {
  readonly verifier: string
  readonly challenge: string
}

export function pkce(): Pkce {
  const verifier = randomBytes(32).toString('base64url')
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') }
}

export function claimsOf(token: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'))
}

export function errorOf(reply: { readonly body: string }): string {
  return (JSON.parse(reply.body) as { error: string }).error
}
