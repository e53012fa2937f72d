// The databases that scenarios are run on beside SQLite, where they are installed.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startFerret, withoutFerret } from '../../test/support/ferretdb.ts'
import { startMongoProxy } from '../../test/support/mongo-proxy.ts'
import { startPostgres, withoutPostgres } from '../../test/support/postgres.ts'
import { root } from './processes.ts'

/** Where files find their database, until they have ended. */
export interface Place {
  readonly url: string
  leave(): Promise<void>
}

/** What scenarios run on, for as long as they do. */
export interface TestedServer {
  placeFor(files: readonly string[]): Promise<Place>
  stop(): Promise<void>
}

export interface TestedDatabase {
  readonly name: string
  /** Why it cannot be tested here. */
  readonly missing: string | false
  /** Scenarios that are left out. */
  readonly without?: RegExp
  /** So many short files in a process. */
  readonly together: number
  start(): Promise<TestedServer>
}

/** They pass on FerretDB too, and take minutes there: commands, 20,000 questions, five tabs, files of many rows. PostgreSQL is the other database of these. */
const SLOW_ON_FERRETDB = /http[\\/]matrix|e2e[\\/](\w+-command|tabs)|resource-transfer[\\/](export|resume)/

/**
 * Several processes on one database, a platform and commands beside it among them: FerretDB 1.24 does not update atomically, so these have it behind a proxy
 * that makes it so, as MongoDB is.
 */
export function hasSeveralProcesses(file: string): boolean {
  return /from '\.\.\/support\/(auth-process|command)\.ts'/.test(readFileSync(join(root, file), 'utf8'))
}

async function ferretFor(files: readonly string[]): Promise<Place> {
  const server = await startFerret()
  const leave = async (): Promise<void> => await server.stop()
  if (!files.some(hasSeveralProcesses)) return { url: server.url('scenarios'), leave }
  try {
    const atomic = await startMongoProxy(server.port, { oneAtATime: true })
    return {
      url: atomic.url('scenarios'),
      async leave() {
        await Promise.allSettled([atomic.close()])
        await leave()
      },
    }
  } catch (error) {
    await leave()
    throw error
  }
}

export const OTHERS: readonly TestedDatabase[] = [
  {
    name: 'postgres',
    missing: withoutPostgres,
    together: 8,
    async start() {
      const server = await startPostgres({ settings: { max_connections: '600' } })
      return { placeFor: async () => ({ url: server.url(), leave: async () => {} }), stop: () => server.stop() }
    },
  },
  {
    name: 'mongodb',
    missing: withoutFerret,
    without: SLOW_ON_FERRETDB,
    // A ping of FerretDB looks at every collection of every database, and a platform that waits for that long believes its server away: a server has few files.
    together: 4,
    start: async () => ({ placeFor: ferretFor, stop: async () => {} }),
  },
]
