// What signs the engine's cookies, in place of Keygrip: that one imports its key anew for each signature and takes SHA-1. The values themselves are
// random or sealed; the signature tells at once what was never ours.
import { createSecretKey } from 'node:crypto'
import type { Configuration } from 'oidc-provider'
import { equalSecrets, hmacSha256, type KeyRing } from '#kernel/keyring.ts'

type Keys = NonNullable<NonNullable<Configuration['cookies']>['keys']>
export type CookieSigner = Exclude<Keys, readonly unknown[]>

export function createCookieSigner(keyRing: KeyRing): CookieSigner {
  const keys = keyRing.deriveAll('auth.cookies').map((key) => createSecretKey(key))
  const [newest] = keys
  if (newest === undefined) throw new Error('There is no key to sign cookies with.')
  const codeOf = (key: typeof newest, data: string): string => hmacSha256(key, data).toString('base64url')
  // A cookie of a former key counts, and is signed anew: the engine asks which key it was.
  const index = (data: string, code: string): number => keys.findIndex((key) => equalSecrets(code, codeOf(key, data)))
  return { sign: (data) => codeOf(newest, data), verify: (data, code) => index(data, code) >= 0, index }
}
