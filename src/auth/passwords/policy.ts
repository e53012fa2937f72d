// Which passwords may be chosen: 8 to 256 characters of any kind, taken exactly as typed (ASVS 5.0 V6.2.1, V6.2.5, V6.2.8, V6.2.9), none that
// everybody tries first (V6.2.4), and not the address that it protects.
import { isCommonPassword } from './common.ts'

const MIN_CHARACTERS = 8
const MAX_CHARACTERS = 256

/** What is wrong with it, in words for the person, or `undefined`. */
export function passwordProblem(password: string, email: string): string | undefined {
  const characters = Array.from(password).length
  if (characters < MIN_CHARACTERS) return `Use at least ${MIN_CHARACTERS} characters.`
  if (characters > MAX_CHARACTERS) return `Use at most ${MAX_CHARACTERS} characters.`
  if (isCommonPassword(password)) return 'This is one of the passwords that everybody tries first. Please choose another.'
  const lower = password.toLowerCase()
  const local = email.slice(0, email.indexOf('@'))
  if (lower === email || lower === local) return 'Please do not use your own address as the password.'
  return undefined
}
