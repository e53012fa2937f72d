// The request log on its way to its database: queued, written in batches, bounded in memory and in effort. Under a flood errors and slow
// requests are kept first, and what is dropped is counted.
import { type Call, systemCall } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { newId } from '#kernel/ids.ts'
import type { Logger } from '#kernel/log.ts'
import type { RequestRecord } from '../contract.ts'
import { createBoundedQueue } from './queue.ts'
import type { RequestRepository } from './repository.ts'
import type { LoggedRequest, StatusClass } from './schemas.ts'

/** With the size of a batch, 200 rows a second at most: about 2 per cent of a core, however many requests there are. */
const FLUSH_MS = 100
/** A hundred at once would keep every request waiting for ten milliseconds. */
const ROWS_AT_ONCE = 20
const CAPACITY = 1000
const SLOW_MS = 1000
const DAY_MS = 24 * 60 * 60 * 1000
const COMPLAIN_EVERY_MS = 60_000

export interface RequestLog {
  /** Never throws, never waits. */
  add(record: RequestRecord): void
  start(): void
  /** Writes what is queued, as far as the database takes it. */
  stop(): Promise<void>
  dropped(): number
  queued(): number
}

export interface RequestLogParts {
  readonly repository: RequestRepository
  readonly clock: Clock
  readonly logger: Logger
  readonly retentionDays: number
}

export function createRequestLog({ repository, clock, logger, retentionDays }: RequestLogParts): RequestLog {
  const call: Call = systemCall('monitoring')
  const notable = createBoundedQueue<RequestRecord>(CAPACITY)
  const ordinary = createBoundedQueue<RequestRecord>(CAPACITY)
  const keepMs = retentionDays * DAY_MS
  let lost = 0
  let complainedAt = Number.NEGATIVE_INFINITY
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<boolean> | undefined

  const queued = (): number => notable.size() + ordinary.size()
  const write = async (): Promise<boolean> => {
    const first = notable.take(ROWS_AT_ONCE)
    const batch = [...first, ...ordinary.take(ROWS_AT_ONCE - first.length)]
    try {
      await repository.insertAll(
        call,
        batch.map((record) => rowOf(record, keepMs)),
      )
      return true
    } catch (error) {
      lost += batch.length
      // A broken log database must not fill the log with itself.
      if (clock.now() - complainedAt >= COMPLAIN_EVERY_MS) logger.warn({ err: error, lost }, 'the request log cannot be written')
      complainedAt = clock.now()
      return false
    }
  }
  const flush = async (): Promise<boolean> => {
    // One batch per turn bounds what the log may cost, however many requests there are.
    writing ??= write().finally(() => {
      writing = undefined
    })
    return await writing
  }

  return {
    add(record) {
      if (record.status >= 400 || record.durationMs >= SLOW_MS) notable.push(record)
      else ordinary.push(record)
    },
    start() {
      timer = setInterval(() => {
        if (queued() > 0) void flush()
      }, FLUSH_MS)
      timer.unref()
    },
    async stop() {
      clearInterval(timer)
      await writing
      while (queued() > 0 && (await flush()));
      lost += queued()
    },
    dropped: () => lost + notable.dropped() + ordinary.dropped(),
    queued,
  }
}

const CLASSES: readonly StatusClass[] = ['1xx', '2xx', '3xx', '4xx', '5xx']

function rowOf(record: RequestRecord, keepMs: number): LoggedRequest {
  return {
    ...record,
    id: newId(record.at),
    durationMs: Math.round(record.durationMs * 100) / 100,
    statusClass: CLASSES[Math.floor(record.status / 100) - 1] ?? '5xx',
    expiresAt: record.at + keepMs,
  }
}
