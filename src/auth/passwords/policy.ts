// Which passwords may be chosen: 8 to 256 characters of any kind, taken exactly as typed (ASVS 5.0 V6.2.1, V6.2.5, V6.2.8, V6.2.9), none that
// everybody tries first (V6.2.4), and not the address that it protects.
import type { ProblemName } from '../texts/problem.ts'
import { isCommonPassword } from './common.ts'

export const MIN_CHARACTERS = 8
export const MAX_CHARACTERS = 256

/** What is wrong with it, or `undefined`. */
export function passwordProblem(
  password: string,
  email: string,
  isKnown: (password: string) => boolean = isCommonPassword,
): ProblemName | undefined {
  const characters = Array.from(password).length
  if (characters < MIN_CHARACTERS) return 'password_short'
  if (characters > MAX_CHARACTERS) return 'password_long'
  if (isKnown(password)) return 'password_common'
  const lower = password.toLowerCase()
  const local = email.slice(0, email.indexOf('@'))
  if (lower === email || lower === local) return 'password_address'
  return undefined
}
