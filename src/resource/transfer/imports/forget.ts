// When an account is gone: its imports with the rows that could not be taken, and one that still runs, which finds nothing to go on with.
import type { Call } from '#kernel/call.ts'
import type { ImportsRepository } from './repository.ts'
import type { Spool } from './spool.ts'

const PAGE = 100

export interface ForgetParts {
  readonly imports: Pick<ImportsRepository, 'listByOwner' | 'delete'>
  readonly spool: Pick<Spool, 'remove'>
}

/** Again and again is the same. */
export async function forgetImports({ imports, spool }: ForgetParts, call: Call, ownerId: string): Promise<void> {
  for (;;) {
    const records = await imports.listByOwner(call, ownerId, PAGE)
    if (records.length === 0) return
    for (const { id } of records) {
      for (const part of ['source', 'report'] as const) await spool.remove(id, part)
      // The last, so that what breaks off is found again.
      await imports.delete(call, id)
    }
  }
}
