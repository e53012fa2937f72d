// Whom a client asks for by an ID token of before (OpenID Connect Core sections 3.1.2.1 and 3.1.2.2): they, or nobody. The engine looks at it where a request
// begins; whoever signs in for the request comes after that, and whoever connects a device does, too.
import { decodeJwt } from 'jose'

/** Of a request that has begun: then the engine has validated the hint. */
export function asksForAnother(params: Readonly<Record<string, unknown>>, accountId: string): boolean {
  const { id_token_hint: hint } = params
  return typeof hint === 'string' && decodeJwt(hint).sub !== accountId
}
