// The connection to the server: bounded waits everywhere, majority and journalled writes, and a pulse that knows within a second when it is gone. A server
// that is only slow to answer a ping is not: whatever else it has answered meanwhile is a sign of life.
import { setImmediate, setTimeout as delay } from 'node:timers/promises'
import { type Db, MongoClient, type MongoClientOptions, MongoError, MongoServerError } from 'mongodb'
import type { AppError } from '#kernel/errors.ts'
import { databaseErrors } from '../../errors.ts'

export interface Connection {
  readonly db: Db
  /** Why the server cannot be used just now. */
  down(): string | undefined
  /** Called when it has answered something else than a read, as a sign of life. */
  heard(): void
  /** Runs a read: fails at once while the server is known to be away, and says so in our words. */
  read<Result>(work: () => Promise<Result>): Promise<Result>
  close(): Promise<void>
}

export interface ConnectionSettings {
  readonly url: string
  readonly maxPoolSize?: number
}

const DEFAULT_DATABASE = 'ninefold'
const POOL = 20
const CONNECT_MS = 2000
const QUEUE_MS = 2000
/** The longest that one command may take. A page of a large collection on a server without real indexes takes seconds. */
const COMMAND_MS = 15_000
const PULSE_MS = 250
const PULSE_TIMEOUT_MS = 700
const DUPLICATE_KEY = 11_000

// Writes are not retried by the driver: the journal has its own way, by token, so that nothing is done twice.
const WAITS = {
  serverSelectionTimeoutMS: CONNECT_MS,
  connectTimeoutMS: CONNECT_MS,
  waitQueueTimeoutMS: QUEUE_MS,
  retryWrites: false,
} as const

/** The driver's own messages repeat parts of the URL, which may be the password. */
function clientFor(url: string, options: MongoClientOptions): MongoClient {
  try {
    return new MongoClient(url, options)
  } catch {
    throw new Error(
      'The URL of the MongoDB database cannot be read. It is mongodb://user:password@host/database, with what is special in the password percent-encoded, and options that the driver knows.',
    )
  }
}

export async function connect({ url, maxPoolSize = POOL }: ConnectionSettings): Promise<Connection> {
  const client = clientFor(url, {
    appName: 'ninefold',
    maxPoolSize,
    retryReads: true,
    writeConcern: { w: 'majority', journal: true },
    readPreference: 'primary',
    ...WAITS,
    heartbeatFrequencyMS: PULSE_MS * 2,
    socketTimeoutMS: COMMAND_MS,
    ignoreUndefined: true,
  })
  const named = client.options.dbName === 'test' && !/\/test(\?|$)/.test(url) ? DEFAULT_DATABASE : client.options.dbName
  try {
    await client.connect()
    await client.db(named).command({ ping: 1 })
  } catch (cause) {
    await client.close()
    throw unavailable('The MongoDB server cannot be reached.', cause)
  }
  const pulse = startPulse(url, client)
  return {
    db: client.db(named),
    down: () => pulse.reason(),
    heard: () => pulse.heard(),
    async read(work) {
      const reason = pulse.reason()
      if (reason !== undefined) throw unavailable(`The database cannot answer: ${reason}.`)
      try {
        const found = await work()
        pulse.heard()
        return found
      } catch (error) {
        throw asUnavailable(error)
      }
    },
    async close() {
      await pulse.stop()
      await client.close()
    },
  }
}

interface Pulse {
  reason(): string | undefined
  heard(): void
  stop(): Promise<void>
}

/** On a connection of its own, so that busy ones do not look like a server that is away. */
function startPulse(url: string, others: MongoClient): Pulse {
  const own = new MongoClient(url, { ...WAITS, appName: 'ninefold-pulse', maxPoolSize: 1, socketTimeoutMS: CONNECT_MS })
  let reason: string | undefined
  let busy = false
  let heardAt = Number.NEGATIVE_INFINITY
  const beat = async (): Promise<void> => {
    if (busy) return
    busy = true
    const since = performance.now()
    const isThere = (await answersInTime(own)) || heardAt >= since
    // After an absence the others must have found the server again, too.
    reason = isThere && (reason === undefined || (await answersInTime(others))) ? undefined : 'the MongoDB server does not answer'
    busy = false
  }
  const interval = setInterval(() => void beat(), PULSE_MS)
  interval.unref()
  return {
    reason: () => reason,
    heard() {
      heardAt = performance.now()
    },
    async stop() {
      clearInterval(interval)
      await own.close()
    },
  }
}

async function answersInTime(client: MongoClient): Promise<boolean> {
  let answered = false
  const ping = client.db('admin').command({ ping: 1 })
  const note = async (): Promise<void> => {
    try {
      await ping
      answered = true
    } catch {
      // A server that is away is one that does not answer.
    }
  }
  const ending = new AbortController()
  await Promise.race([note(), delay(PULSE_TIMEOUT_MS, undefined, { ref: false, signal: ending.signal }).catch(() => {})])
  ending.abort()
  // When this process was busy itself, the answer may be waiting to be read.
  await setImmediate()
  return answered
}

export function unavailable(detail: string, cause?: unknown): AppError {
  return databaseErrors.unavailable({ detail, headers: { 'Retry-After': '1' }, ...(cause === undefined ? {} : { cause }) })
}

/** What came from the driver in our words; everything else as it is. */
export function asUnavailable(error: unknown): unknown {
  return error instanceof MongoError ? unavailable('The database cannot answer now.', error) : error
}

export function isDuplicate(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === DUPLICATE_KEY
}

/** The server has answered, and its answer is no: nothing of the command was done. */
export function isRefusal(error: unknown): error is MongoServerError {
  return error instanceof MongoServerError && error.code !== DUPLICATE_KEY && !error.hasErrorLabel('RetryableWriteError')
}
