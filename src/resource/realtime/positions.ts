// Event ids for clients: the sequence of an event, sealed. Sequences count everybody's writes, so nobody may read them or tell two of them apart.
import type { KeyRing } from '#kernel/keyring.ts'

export interface Positions {
  /** `binding` names what is followed and by whom: a position opens nowhere else. */
  seal(binding: string, sequence: number): string
  /** `undefined` for what is no position of this subscription. */
  open(binding: string, position: string): number | undefined
}

const PURPOSE = 'resource.position'
const MAX_LENGTH = 128
/** All sequences have one length, or the length would tell how many there are. */
const DIGITS = 16

export function createPositions(keyRing: KeyRing): Positions {
  return {
    seal: (binding, sequence) => keyRing.seal(PURPOSE, binding, String(sequence).padStart(DIGITS, '0')),
    open(binding, position) {
      if (position.length > MAX_LENGTH) return undefined
      const opened = keyRing.open(PURPOSE, binding, position)
      return opened === undefined ? undefined : Number(opened)
    },
  }
}
