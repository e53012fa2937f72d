// How day keys are stored: sealed, so that a stolen database alone tells no address. And how they are destroyed: overwritten, then deleted, so that no free
// page of the file keeps them.
import type { Call } from '#kernel/call.ts'
import { defineCollection } from '#kernel/collection.ts'
import { hasCode } from '#kernel/errors.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import type { Database, Stored } from '../../database/contract.ts'
import { CLEAR_KEY_LENGTH, type DayKey, dayKey } from './schemas.ts'

// No expiry field: an expired document is only hidden at first, and hidden is not destroyed.
export const dayKeysCollection = defineCollection<DayKey>({
  name: 'day_keys',
  schema: dayKey,
  indexes: { byEnd: { fields: ['destroyAt'] } },
})

const PURPOSE = 'monitoring.day-key'
const BLANK = 'A'.repeat(CLEAR_KEY_LENGTH)

export interface DayKeys {
  /** Stores the candidate, unless the day has a key already; the answer is the one that counts. Both in clear. */
  settle(call: Call, candidate: DayKey): Promise<DayKey>
  destroyUntil(call: Call, now: number): Promise<number>
}

export function createDayKeys(database: Database, keyRing: KeyRing): DayKeys {
  const collection = database.collection(dayKeysCollection)
  const sealed = ({ id, key }: DayKey): string => keyRing.seal(PURPOSE, bindingOf(id), key)

  /** The key that counts. Stored anew where it is as an earlier release kept it, in clear, or opens with a former version of the master key alone. */
  const opened = async (call: Call, { value, version }: Stored<DayKey>, candidate: DayKey): Promise<DayKey | undefined> => {
    const isClear = value.key.length === CLEAR_KEY_LENGTH
    const key = isClear ? value.key : keyRing.open(PURPOSE, bindingOf(value.id), value.key)
    if (key !== undefined && !isClear && !keyRing.isOutdated(value.key)) return { ...value, key }
    // What opens with no master key is lost: the day goes on with another key, and its pseudonyms begin anew.
    const counting = { ...value, key: key ?? candidate.key }
    const kept = await collection.update(call, value.id, { set: { key: sealed(counting) }, ifVersion: version })
    return kept === undefined ? undefined : counting
  }

  const known = async (call: Call, candidate: DayKey): Promise<DayKey | undefined> => {
    const found = await collection.get(call, candidate.id)
    if (found === undefined) return undefined
    // Of two processes that store it anew at once one wins, and the other reads what that one has stored.
    return (await opened(call, found, candidate)) ?? (await known(call, candidate))
  }
  return {
    async settle(call, candidate) {
      const present = await known(call, candidate)
      if (present !== undefined) return present
      try {
        await collection.insert(call, { ...candidate, key: sealed(candidate) })
        return candidate
      } catch (error) {
        const winner = hasCode(error, 'database.duplicate') ? await known(call, candidate) : undefined
        if (winner === undefined) throw error
        return winner
      }
    },
    async destroyUntil(call, now) {
      const { items } = await collection.list(call, { index: 'byEnd', range: { below: now + 1 }, limit: 100 })
      for (const { value } of items) {
        await collection.update(call, value.id, { set: { key: BLANK } })
        await collection.delete(call, value.id)
      }
      return items.length
    },
  }
}

function bindingOf(id: string): string {
  return `${dayKeysCollection.name}/${id}/key`
}
