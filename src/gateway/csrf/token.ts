// The second layer against forged requests: a signed double-submit token, `random.HMAC(len!binding!len!random)`. The binding is the
// session, or the pre-session of a browser that has none, so that a token of one session is worth nothing in another.
import { randomToken } from '#kernel/ids.ts'
import { equalSecrets, type Mac } from '#kernel/keyring.ts'

const SHAPE = /^[\w-]{43}\.[\w-]{43}$/

const signed = (binding: string, random: string): string => `${binding.length}!${binding}!${random.length}!${random}`

export function createCsrfToken(mac: Mac, binding: string): string {
  const random = randomToken()
  return `${random}.${mac.make(signed(binding, random))}`
}

/** True for a token that was made for this binding. */
export function isCsrfToken(mac: Mac, binding: string, token: string | undefined): token is string {
  if (token === undefined || !SHAPE.test(token)) return false
  const [random = '', proof = ''] = token.split('.')
  return mac.isOf(signed(binding, random), proof)
}

/** Both halves of the double submit: the cookie and the request carry the same token, and it is ours for this binding. */
export function provesIntent(
  mac: Mac,
  binding: string,
  sent: { readonly cookie: string | undefined; readonly submitted: string | undefined },
): boolean {
  if (sent.cookie === undefined || sent.submitted === undefined) return false
  return equalSecrets(sent.cookie, sent.submitted) && isCsrfToken(mac, binding, sent.submitted)
}
