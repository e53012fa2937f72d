// Writes that may wait until the request under way has all of its writes together: one commit is one wait for the disk, whatever is in it. The engine
// stores each record by itself; a first sign-in would wait thirteen times, and so it waits once for each request.
import { ownTurn } from '#kernel/breath.ts'
import type { Call } from '#kernel/call.ts'
import { committed } from '#kernel/committed.ts'
import type { Database } from '../../database/contract.ts'
import { currentCall, refusalOfAll, waitingWrites } from './scope.ts'
import type { PatientWrite, Write } from './write.ts'

export interface Pending {
  /** Done with the next write that cannot wait, at the latest when the request has its answer; at once where no request is under way. */
  defer(write: PatientWrite): Promise<void>
  /** Done now, together with all that waits. False when it was in the way of somebody's write: then nothing of it was done, and what waited was. */
  commit(call: Call, write: Write): Promise<boolean>
  /** What still waits. Before the answer is sent. */
  flush(): Promise<void>
  /** What still waits is not done: what it was for is refused. */
  forget(): void
}

export function createPending(database: Pick<Database, 'commit'>): Pending {
  const attempt = async (call: Call, writes: readonly Write[]): Promise<boolean> => {
    const operations = writes.flatMap((write) => write.operations)
    if (operations.length === 0) return true
    const events = writes.flatMap((write) => write.events ?? [])
    if (!(await committed(database.commit(call, operations, events), 'conflict', 'duplicate'))) return false
    // One commit of the database answers several requests at once.
    await ownTurn()
    return true
  }
  /** All at once; when anything was in the way, each for itself. */
  const settle = async (call: Call, waiting: readonly PatientWrite[], own: Write): Promise<boolean> => {
    if (await attempt(call, [...waiting, own])) {
      for (const write of waiting) await write.after?.()
      return true
    }
    for (const write of waiting) await doAlone(write)
    return waiting.length > 0 && (await attempt(call, [own]))
  }
  const take = (): PatientWrite[] => waitingWrites()?.splice(0) ?? []
  const unlessRefused = (): void => {
    const refusal = refusalOfAll()
    if (refusal !== undefined) throw refusal
  }
  return {
    async defer(write) {
      unlessRefused()
      const waiting = waitingWrites()
      if (waiting === undefined) await doAlone(write)
      else waiting.push(write)
    },
    async commit(call, write) {
      unlessRefused()
      return settle(call, take(), write)
    },
    async flush() {
      unlessRefused()
      await settle(currentCall(), take(), { operations: [] })
    },
    forget() {
      take()
    },
  }
}

async function doAlone(write: PatientWrite): Promise<void> {
  await write.alone()
  await write.after?.()
}
