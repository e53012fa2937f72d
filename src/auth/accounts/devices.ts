// Browsers that have signed in to an address before. Being known gives no access; it gives a sign-in throttle of one's own. A browser is known for what it
// has proved: when the password changes, or a way in is taken away, whoever was in by the old one is a stranger again.
import type { Call } from '#kernel/call.ts'
import { randomToken } from '#kernel/ids.ts'
import { createMac, type KeyRing, sha256 } from '#kernel/keyring.ts'
import { normaliseEmail } from './email.ts'
import type { AccountsRepository } from './repository.ts'
import { type Account, credentialOf } from './schemas.ts'

export interface Devices {
  /**
   * A value for this browser to keep: random, and bound by a code that only we can make to the address and to what was proved, which is what the account
   * had when it was looked at.
   */
  remember(email: string, proved: Pick<Account, 'id' | 'password' | 'waysVersion'>): string
  /** The name of the device, or `undefined` when it is not known for this address, or not any more. */
  recognise(call: Call, email: string, value: string | undefined): Promise<string | undefined>
}

export interface DevicesDependencies {
  readonly keyRing: KeyRing
  readonly accounts: Pick<AccountsRepository, 'findByEmail'>
}

const RANDOM_BYTES = 16

export function createDevices({ keyRing, accounts }: DevicesDependencies): Devices {
  const mac = createMac(keyRing.deriveAll('auth:known-device'))
  const signed = (email: string, random: string, proof: string): string => `${random.length}!${random}!${proof}!${email}`
  // Of the account, too: whoever has the address after it was deleted is somebody else.
  const proofOf = (account: Pick<Account, 'id' | 'password' | 'waysVersion'>): string => sha256(`${account.id}!${credentialOf(account)}`)
  return {
    remember(email, proved) {
      const random = randomToken(RANDOM_BYTES)
      const proof = proofOf(proved)
      return `${random}.${proof}.${mac.make(signed(email, random, proof))}`
    },
    async recognise(call, typed, value) {
      const [random, proof, code, ...rest] = value?.split('.') ?? []
      if (random === undefined || proof === undefined || code === undefined || rest.length > 0) return undefined
      if (!mac.isOf(signed(typed, random, proof), code)) return undefined
      // Only for whoever has shown to have been in: for all others known and unknown addresses cost the same.
      const email = normaliseEmail(typed)
      const account = email === undefined ? undefined : await accounts.findByEmail(call, email)
      return account !== undefined && proofOf(account) === proof ? random : undefined
    },
  }
}
