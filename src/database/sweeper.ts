// Background removal of what readers no longer see: expired documents and events that everybody has read.
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '#kernel/log.ts'
import type { EventPump } from './events.ts'
import type { CollectionLayout } from './layout.ts'
import type { Store } from './store.ts'

/** A write that comes meanwhile waits for so many at most. */
const EXPIRE_LIMIT = 25
/** Of what a batch took. SQLite copies its log after it. */
const REST = 5
const LONGEST_REST_MS = 400

export interface SweeperParts {
  readonly store: Store
  readonly pump: EventPump
  readonly logger: Logger
  readonly everyMs: number
  readonly layouts: () => readonly CollectionLayout[]
}

export interface Sweeper {
  start(): void
  stop(): Promise<void>
}

export function createSweeper({ store, pump, logger, everyMs, layouts }: SweeperParts): Sweeper {
  let timer: NodeJS.Timeout | undefined
  let running = false
  let sweeping: Promise<void> = Promise.resolve()

  // Small batches, and after each a rest much longer than it took: whoever writes meanwhile waits for one at most, and most meet none.
  const removeExpired = async (collection: string): Promise<void> => {
    let removed: number
    do {
      const began = performance.now()
      removed = await store.maintain({ kind: 'expire', collection, limit: EXPIRE_LIMIT })
      if (removed === EXPIRE_LIMIT) await delay(Math.min(LONGEST_REST_MS, REST * (performance.now() - began)))
    } while (running && removed === EXPIRE_LIMIT)
  }
  // A process of the version before, which was not stopped, must not go on writing documents of a shape that nobody looks for any more.
  const lookForNewer = async (): Promise<void> => {
    const marks = new Map((await store.ready().marks()).map((mark) => [mark.name, mark]))
    for (const { name, shape } of layouts()) {
      if ((marks.get(name)?.target ?? shape) <= shape || store.superseded.has(name)) continue
      store.superseded.add(name)
      logger.error({ collection: name }, 'a newer version of this program has taken over the database; nothing more is written here')
    }
  }
  const sweep = async (): Promise<void> => {
    for (const { name, expiry } of layouts()) {
      if (expiry !== undefined) await removeExpired(name)
    }
    if (running) await pump.prune()
    if (running) await lookForNewer()
  }
  const sweepAndGoOn = async (): Promise<void> => {
    try {
      await sweep()
    } catch (error) {
      logger.warn({ err: error }, 'background removal failed and is tried again')
    }
    if (running) again()
  }
  const again = (): void => {
    timer = setTimeout(() => {
      sweeping = sweepAndGoOn()
    }, everyMs)
    timer.unref()
  }

  return {
    start() {
      running = true
      again()
    },
    async stop() {
      running = false
      clearTimeout(timer)
      await sweeping
    },
  }
}
