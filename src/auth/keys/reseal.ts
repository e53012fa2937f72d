// Sealing anew what a former version of the master key has sealed, so that the version can be taken away. Row by row, each if it is still as it was read:
// nobody waits for it, and whoever writes meanwhile seals with the newest version anyway.
import type { Call } from '#kernel/call.ts'
import type { CollectionDefinition } from '#kernel/collection.ts'
import { type JobDefinition, job } from '#kernel/job.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import type { Logger } from '#kernel/log.ts'
import { z } from '#kernel/schema.ts'
import type { Database } from '../../database/contract.ts'
import type { Resealed } from '../contract.ts'
import { requireOperator } from './operators-only.ts'

const PAGE = 100

/** One field of a collection that holds sealed texts. */
export interface SealedField {
  /** Declares the collection, so it must run before the database starts. */
  open(database: Database, keyRing: KeyRing): Reseal
}

type Reseal = (call: Call) => Promise<Resealed>

export interface SealedPlace<T> {
  /** Any declared index without unequal rights: all documents are walked along it. */
  readonly index: string
  readonly field: keyof T & string
  readonly purpose: string
  bindingOf(id: string): string
}

export function sealedField<T extends { readonly id: string }>(definition: CollectionDefinition<T>, place: SealedPlace<T>): SealedField {
  const { index, field, purpose, bindingOf } = place
  return {
    open: (database, keyRing) => {
      const collection = database.collection(definition)
      return async (call) => {
        const done = { sealedAnew: 0, unreadable: 0 }
        let after: string | undefined
        do {
          const page = await collection.list(call, { index, limit: PAGE, ...(after === undefined ? {} : { after }) })
          for (const { value, version } of page.items) {
            const sealed = value[field]
            if (typeof sealed !== 'string' || sealed === '' || !keyRing.isOutdated(sealed)) continue
            const text = keyRing.open(purpose, bindingOf(value.id), sealed)
            if (text === undefined) {
              done.unreadable += 1
              continue
            }
            const set = { ...value, [field]: keyRing.seal(purpose, bindingOf(value.id), text) }
            if ((await collection.update(call, value.id, { set, ifVersion: version })) !== undefined) done.sealedAnew += 1
          }
          after = page.next
        } while (after !== undefined && !call.signal.aborted)
        return done
      }
    },
  }
}

export interface Resealing {
  /** One walk through everything. Until one has found nothing, what was changed under it may still be sealed with a former version. */
  readonly reseal: Reseal
  /** While there is a former version of the master key. */
  readonly jobs: readonly JobDefinition[]
}

export interface ResealingDependencies {
  readonly database: Database
  readonly keyRing: KeyRing
  readonly logger: Logger
}

const EVERY_MS = 3_600_000

export function createResealing({ database, keyRing, logger }: ResealingDependencies, fields: readonly SealedField[]): Resealing {
  const opened = fields.map((field) => field.open(database, keyRing))
  const reseal: Reseal = async (call) => {
    requireOperator(call)
    const sum = { sealedAnew: 0, unreadable: 0 }
    for (const walk of opened) {
      const { sealedAnew, unreadable } = await walk(call)
      sum.sealedAnew += sealedAnew
      sum.unreadable += unreadable
    }
    return sum
  }
  const resealJob = job({
    name: 'auth.reseal',
    input: z.strictObject({}),
    everyMs: EVERY_MS,
    timeoutMs: EVERY_MS,
    async handle({ call }) {
      const done = await reseal(call)
      logger.info({ event: 'auth.resealed', ...done }, 'what a former version of the master key has sealed was sealed anew')
    },
  })
  return { reseal, jobs: keyRing.versions > 1 ? [resealJob] : [] }
}
