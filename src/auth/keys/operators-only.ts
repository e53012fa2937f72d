// What is no business of people, clients or services: keys, and letting somebody else in.
import type { Call } from '#kernel/call.ts'
import { httpErrors } from '#kernel/http/problem.ts'

export function requireOperator({ principal }: Call): void {
  if (principal.kind !== 'operator' && principal.kind !== 'system') throw httpErrors.forbidden({ detail: 'This is for operators.' })
}
