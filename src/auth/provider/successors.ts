// What follows a refresh token: computed from it, so that every racer arrives at the same one, in every process.
import { createMac } from '#kernel/keyring.ts'

export interface Successors {
  /** With what they are computed. Told before anybody asks, again when the engine is built anew. */
  use(secret: Buffer): void
  of(token: string): string
}

export function createSuccessors(): Successors {
  let mac: ReturnType<typeof createMac> | undefined
  return {
    use(secret) {
      mac = createMac([secret])
    },
    of(token) {
      if (mac === undefined) throw new Error('The authorization server has not been started.')
      return mac.make(`rt-succ:${token}`)
    },
  }
}
