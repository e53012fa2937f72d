// Sealing anew what a former version of the master key has sealed, so that the version can be taken away. Row by row, each if it is still as it was read:
// nobody waits for it, and whoever writes meanwhile seals with the newest version anyway.
import type { Call } from '#kernel/call.ts'
import { type JobDefinition, job } from '#kernel/job.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import type { Logger } from '#kernel/log.ts'
import { z } from '#kernel/schema.ts'
import type { Database } from '../../database/contract.ts'
import type { Resealed } from '../contract.ts'
import type { SealedField, SealedRows } from './sealed-field.ts'
import { requireOperator } from '../operators-only.ts'

export interface Resealing {
  /** One walk through everything. Until one has found nothing, what was changed under it may still be sealed with a former version. */
  reseal(this: void, call: Call): Promise<Resealed>
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
  const reseal: Resealing['reseal'] = async (call) => {
    requireOperator(call)
    const done = { sealedAnew: 0, unreadable: 0 }
    for (const rows of opened) {
      const { sealedAnew, unreadable } = await resealed(rows, call, keyRing)
      done.sealedAnew += sealedAnew
      done.unreadable += unreadable
    }
    return done
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

async function resealed(rows: SealedRows, call: Call, keyRing: KeyRing): Promise<Resealed> {
  const done = { sealedAnew: 0, unreadable: 0 }
  for await (const page of rows.pages(call)) {
    for (const row of page.filter(({ sealed }) => keyRing.isOutdated(sealed))) {
      const text = row.text()
      if (text === undefined) done.unreadable += 1
      else if (await row.reseal(text)) done.sealedAnew += 1
    }
  }
  return done
}
