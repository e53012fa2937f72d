// Whose authority a call to the files server needs.
import type { Call, UserPrincipal } from '#kernel/call.ts'
import { httpErrors } from '#kernel/http/problem.ts'

export function requireUser(call: Call): UserPrincipal {
  if (call.principal.kind !== 'user') throw httpErrors.unauthenticated({ headers: { 'www-authenticate': 'Bearer' } })
  return call.principal
}

/** RFC 6750 section 3.1. Sessions of the app's own frontends carry scopes too and are held to them alike. */
export function requireScope(principal: UserPrincipal, scope: string): void {
  if (principal.scopes.includes(scope)) return
  throw httpErrors.insufficient_scope({
    detail: `This needs the scope ${scope}.`,
    headers: { 'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"` },
  })
}
