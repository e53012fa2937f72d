// How day keys are stored, and how they are destroyed: overwritten, then deleted, so that no free page of the file keeps them.
import type { Call } from '#kernel/call.ts'
import { defineCollection } from '#kernel/collection.ts'
import { hasCode } from '#kernel/errors.ts'
import type { Database } from '../../database/contract.ts'
import { type DayKey, dayKey } from './schemas.ts'

// No expiry field: an expired document is only hidden at first, and hidden is not destroyed.
const dayKeys = defineCollection<DayKey>({ name: 'day_keys', schema: dayKey, indexes: { byEnd: { fields: ['destroyAt'] } } })

const BLANK = 'A'.repeat(43)

export interface DayKeys {
  /** Stores the candidate, unless the day has a key already; the answer is the one that counts. */
  settle(call: Call, candidate: DayKey): Promise<DayKey>
  destroyUntil(call: Call, now: number): Promise<number>
}

export function createDayKeys(database: Database): DayKeys {
  const collection = database.collection(dayKeys)
  return {
    async settle(call, candidate) {
      const known = await collection.get(call, candidate.id)
      if (known !== undefined) return known.value
      try {
        return (await collection.insert(call, candidate)).value
      } catch (error) {
        const winner = hasCode(error, 'database.duplicate') ? await collection.get(call, candidate.id) : undefined
        if (winner === undefined) throw error
        return winner.value
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
