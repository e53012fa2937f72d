// What is no business of people, clients or services: keys, and what is done to somebody else.
import { type Call, isOperator } from '#kernel/call.ts'
import { authErrors } from './errors.ts'

/** Throws `auth.operators_only` for everybody but operators and the platform itself. */
export function requireOperator({ principal }: Call): void {
  if (!isOperator(principal)) throw authErrors.operators_only()
}
