// Browsers that somebody has signed in to an account in before. Being known gives no access; it gives throttles of one's own. A browser is known for what
// was proved in it: when the password changes, or a way in is taken away, whoever was in by the old one is a stranger again.
import type { Call } from '#kernel/call.ts'
import { randomToken } from '#kernel/ids.ts'
import { createMac, type KeyRing, sha256 } from '#kernel/keyring.ts'
import { normaliseEmail } from './email.ts'
import type { AccountsRepository } from './repository.ts'
import { credentialOf } from './schemas.ts'

/** An account as it was when something was proved of it. */
export interface KnownOwner {
  readonly accountId: string
  readonly email: string
  readonly credential: string
}

/** How many steps of a sign-in were proved in a browser: one opens no door of the second. */
export type Steps = 1 | 2

export interface KnownDevice {
  readonly name: string
  readonly steps: Steps
}

export interface Devices {
  /**
   * A value for this browser to keep: random, and bound by a code that only we can make to the address, to what was proved, which is what the account had
   * when it was looked at, and to how many steps. `before`: what the browser has kept so far; one for more steps of the same stays worth as much.
   */
  remember(owner: KnownOwner, steps: Steps, before?: string): string
  /** `undefined` when the browser is not known for this address, or not any more. */
  recognise(call: Call, email: string, value: string | undefined): Promise<KnownDevice | undefined>
}

export interface DevicesDependencies {
  readonly keyRing: KeyRing
  readonly accounts: Pick<AccountsRepository, 'findByEmail'>
}

const RANDOM_BYTES = 16

interface Mark extends KnownDevice {
  readonly proof: string
}

export function createDevices({ keyRing, accounts }: DevicesDependencies): Devices {
  const mac = createMac(keyRing.deriveAll('auth:known-device'))
  const signed = (email: string, { name, proof, steps }: Mark): string =>
    `${steps === 2 ? 'both steps!' : ''}${name.length}!${name}!${proof}!${email}`
  // Of the account, too: whoever has the address after it was deleted is somebody else.
  const proofOf = ({ accountId, credential }: Pick<KnownOwner, 'accountId' | 'credential'>): string => sha256(`${accountId}!${credential}`)
  const read = (email: string, value: string | undefined): Mark | undefined => {
    const [name, proof, code, ...rest] = value?.split('.') ?? []
    if (name === undefined || proof === undefined || code === undefined || rest.length > 0) return undefined
    return ([1, 2] as const).map((steps) => ({ name, proof, steps })).find((mark) => mac.isOf(signed(email, mark), code))
  }
  return {
    remember(owner, proved, before) {
      const proof = proofOf(owner)
      const known = read(owner.email, before)
      const steps = known?.proof === proof && known.steps > proved ? known.steps : proved
      const mark = { name: randomToken(RANDOM_BYTES), proof, steps }
      return `${mark.name}.${proof}.${mac.make(signed(owner.email, mark))}`
    },
    async recognise(call, typed, value) {
      const mark = read(typed, value)
      if (mark === undefined) return undefined
      // Only for whoever has shown to have been in: for all others known and unknown addresses cost the same.
      const email = normaliseEmail(typed)
      const account = email === undefined ? undefined : await accounts.findByEmail(call, email)
      if (account === undefined || proofOf({ accountId: account.id, credential: credentialOf(account) }) !== mark.proof) return undefined
      return { name: mark.name, steps: mark.steps }
    },
  }
}
