// Imports that nobody goes on with: their process has vanished, or never ran jobs. They are taken up again, and given up when that does not help.
import type { Clock } from '#kernel/clock.ts'
import { type JobDefinition, job } from '#kernel/job.ts'
import type { Logger } from '#kernel/log.ts'
import { z } from '#kernel/schema.ts'
import { changed, endedWith, importJob, isLive } from './lifecycle.ts'
import type { ImportsRepository } from './repository.ts'
import type { Spool } from './spool.ts'

export interface SweepParts {
  readonly imports: ImportsRepository
  readonly spool: Spool
  readonly clock: Clock
  readonly logger: Logger
}

const EVERY_MS = 5 * 60 * 1000
/** Longer than a fetch may take. */
const IDLE_MS = 15 * 60 * 1000
const MOST_REVIVALS = 3
const ORPHAN_MS = 60 * 60 * 1000

export function importSweepJob({ imports, spool, clock, logger }: SweepParts): JobDefinition {
  return job({
    name: 'resource.import-sweep',
    input: z.strictObject({}),
    everyMs: EVERY_MS,
    async handle({ call }) {
      const before = clock.now() - IDLE_MS
      for (const state of ['waiting', 'running'] as const) {
        for (const { value } of await imports.idleSince(call, state, before)) {
          const revived = await changed(imports, call, {
            id: value.id,
            change: (record) => {
              if (!isLive(record) || record.beatAt >= before) return undefined
              if (record.revivals >= MOST_REVIVALS)
                return { set: endedWith('failed', clock.now(), 'The import broke off again and again.') }
              const revivals = record.revivals + 1
              const turn = `revival ${record.rows} ${revivals}`
              return { set: { revivals, beatAt: clock.now() }, events: [importJob(record.id, turn)] }
            },
          })
          if (revived !== undefined) logger.warn({ importId: value.id, state: revived.value.state }, 'an import had broken off')
        }
      }
      // Whoever was sending it has gone.
      for (const { value } of await imports.idleSince(call, 'receiving', before)) await imports.delete(call, value.id)
      for await (const { id, part, changedAt } of spool.list()) {
        if (changedAt > clock.now() - ORPHAN_MS) continue
        const record = (await imports.find(call, id))?.value
        if (record === undefined || (part === 'source' && !isLive(record))) await spool.remove(id, part)
      }
    },
  })
}
