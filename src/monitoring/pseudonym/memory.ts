// What pseudonyms keep in memory: the keys of the days at hand, and the answers for addresses that come again.
import { randomBytes } from 'node:crypto'

export interface KeyMemory {
  /** A key is made when there is none: the caller cannot wait for a database. */
  of(day: number): Buffer
  isSettled(day: number): boolean
  /** The key that counts for the day, as it is stored. */
  settle(day: number, bytes: Buffer): void
  forgetBefore(day: number): void
}

export function createKeyMemory(): KeyMemory {
  const keys = new Map<number, { readonly bytes: Buffer; readonly settled: boolean }>()
  return {
    of(day) {
      const known = keys.get(day)
      if (known !== undefined) return known.bytes
      const bytes = randomBytes(32)
      keys.set(day, { bytes, settled: false })
      return bytes
    },
    isSettled: (day) => keys.get(day)?.settled === true,
    settle: (day, bytes) => void keys.set(day, { bytes, settled: true }),
    forgetBefore(day) {
      for (const [known, { bytes }] of keys) {
        if (known >= day) continue
        bytes.fill(0)
        keys.delete(known)
      }
    },
  }
}

export interface AnswerMemory {
  get(key: string): string | undefined
  keep(key: string, value: string): string
  clear(): void
}

/** Two generations instead of a list of uses: as good as least-recently-used here, at the price of one lookup. */
export function createAnswerMemory(capacity: number): AnswerMemory {
  let young = new Map<string, string>()
  let old = new Map<string, string>()
  const keep = (key: string, value: string): string => {
    if (young.size >= capacity / 2) {
      old = young
      young = new Map()
    }
    young.set(key, value)
    return value
  }
  return {
    get(key) {
      const found = young.get(key)
      if (found !== undefined) return found
      const aged = old.get(key)
      return aged === undefined ? undefined : keep(key, aged)
    },
    keep,
    clear() {
      young = new Map()
      old = new Map()
    },
  }
}
