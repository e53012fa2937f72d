// Browsers that have signed in to an address before. Being known gives no access; it gives a sign-in throttle of one's own.
import { randomToken } from '#kernel/ids.ts'
import { equalSecrets, hmacSha256, type KeyRing } from '#kernel/keyring.ts'

export interface Devices {
  /** A value for this browser to keep: random, and bound to the address by a code that only we can make. */
  remember(email: string): string
  /** The name of the device, or `undefined` when it is not known for this address. */
  recognise(email: string, value: string | undefined): string | undefined
}

const RANDOM_BYTES = 16

export function createDevices(keyRing: KeyRing): Devices {
  const key = keyRing.derive('auth:known-device')
  const codeOf = (email: string, random: string): string => hmacSha256(key, `${random.length}!${random}!${email}`).toString('base64url')
  return {
    remember(email) {
      const random = randomToken(RANDOM_BYTES)
      return `${random}.${codeOf(email, random)}`
    },
    recognise(email, value) {
      const [random, code, ...rest] = value?.split('.') ?? []
      if (random === undefined || code === undefined || rest.length > 0) return undefined
      return equalSecrets(code, codeOf(email, random)) ? random : undefined
    },
  }
}
