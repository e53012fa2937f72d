// Clears what nobody will ever ask for again: uploads that nothing names, and bytes without a row.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { type JobDefinition, job } from '#kernel/job.ts'
import type { Logger } from '#kernel/log.ts'
import { z } from '#kernel/schema.ts'
import type { BlobStore } from './ports.ts'
import type { FilesRepository } from './repository.ts'
import type { FileRecord } from './schemas.ts'

const HOUR_MS = 60 * 60 * 1000
const LOOSE_MS = 24 * HOUR_MS
// Confirmation follows a write within seconds; the week is for a platform whose events stood still, where deleting would lose data.
const RESERVED_MS = 7 * 24 * HOUR_MS
const PAGE = 100

interface SweepDeps {
  readonly repository: FilesRepository
  readonly blobs: BlobStore
  readonly clock: Clock
  readonly logger: Logger
}

export function sweepJob(deps: SweepDeps): JobDefinition {
  return job({
    name: 'files.sweep',
    input: z.strictObject({}),
    everyMs: 6 * HOUR_MS,
    timeoutMs: 10 * 60 * 1000,
    maxAttempts: 3,
    handle: async ({ call }) => {
      const loose = await sweepState(deps, call, { state: 'loose', olderThanMs: LOOSE_MS })
      const reserved = await sweepState(deps, call, { state: 'reserved', olderThanMs: RESERVED_MS })
      const orphans = await sweepOrphans(deps, call)
      if (loose + reserved + orphans > 0) deps.logger.info({ loose, reserved, orphans }, 'files swept')
    },
  })
}

async function sweepState(
  deps: SweepDeps,
  call: Call,
  which: { readonly state: FileRecord['state']; readonly olderThanMs: number },
): Promise<number> {
  const below = deps.clock.now() - which.olderThanMs
  let swept = 0
  let after: string | undefined
  do {
    const page = await deps.repository.listByState(call, which.state, { below, limit: PAGE, ...(after === undefined ? {} : { after }) })
    for (const { value, version } of page.items) {
      call.signal.throwIfAborted()
      // With the version, so that a file that is put to use this very moment stays.
      if (!(await deps.repository.delete(call, value.id, version))) continue
      await deps.blobs.delete(value.storageKey)
      swept += 1
    }
    after = page.next
  } while (after !== undefined)
  return swept
}

async function sweepOrphans(deps: SweepDeps, call: Call): Promise<number> {
  const before = deps.clock.now() - LOOSE_MS
  let swept = 0
  for await (const blob of deps.blobs.list()) {
    call.signal.throwIfAborted()
    if (blob.writtenAt >= before) continue
    if ((await deps.repository.findByStorageKey(call, blob.key)) !== undefined) continue
    await deps.blobs.delete(blob.key)
    swept += 1
  }
  return swept
}
