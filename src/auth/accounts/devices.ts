// Browsers that have signed in to an address before. Being known gives no access; it gives a sign-in throttle of one's own.
import { randomToken } from '#kernel/ids.ts'
import { createMac, type KeyRing } from '#kernel/keyring.ts'

export interface Devices {
  /** A value for this browser to keep: random, and bound to the address by a code that only we can make. */
  remember(email: string): string
  /** The name of the device, or `undefined` when it is not known for this address. */
  recognise(email: string, value: string | undefined): string | undefined
}

const RANDOM_BYTES = 16

export function createDevices(keyRing: KeyRing): Devices {
  const mac = createMac(keyRing.deriveAll('auth:known-device'))
  const signed = (email: string, random: string): string => `${random.length}!${random}!${email}`
  return {
    remember(email) {
      const random = randomToken(RANDOM_BYTES)
      return `${random}.${mac.make(signed(email, random))}`
    },
    recognise(email, value) {
      const [random, code, ...rest] = value?.split('.') ?? []
      if (random === undefined || code === undefined || rest.length > 0) return undefined
      return mac.isOf(signed(email, random), code) ? random : undefined
    },
  }
}
