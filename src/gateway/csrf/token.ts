// The second layer against forged requests: a signed double-submit token, `random.HMAC(len!binding!len!random)`. The binding is the
// session, or the pre-session of a browser that has none, so that a token of one session is worth nothing in another.
import { randomBytes } from 'node:crypto'
import { equalSecrets, type HmacKey, hmacSha256 } from '#kernel/keyring.ts'

const SHAPE = /^[\w-]{43}\.[\w-]{43}$/

function signature(key: HmacKey, binding: string, random: string): string {
  return hmacSha256(key, `${binding.length}!${binding}!${random.length}!${random}`).toString('base64url')
}

export function createCsrfToken(key: HmacKey, binding: string): string {
  const random = randomBytes(32).toString('base64url')
  return `${random}.${signature(key, binding, random)}`
}

/** True for a token that was made for this binding. */
export function isCsrfToken(key: HmacKey, binding: string, token: string | undefined): token is string {
  if (token === undefined || !SHAPE.test(token)) return false
  const [random = '', proof = ''] = token.split('.')
  return equalSecrets(proof, signature(key, binding, random))
}

/** Both halves of the double submit: the cookie and the request carry the same token, and it is ours for this binding. */
export function provesIntent(
  key: HmacKey,
  binding: string,
  sent: { readonly cookie: string | undefined; readonly submitted: string | undefined },
): boolean {
  if (sent.cookie === undefined || sent.submitted === undefined) return false
  return equalSecrets(sent.cookie, sent.submitted) && isCsrfToken(key, binding, sent.submitted)
}
