// Which engine a database URL means. A driver is loaded when it is needed: most programs use one, and start the faster for it.
import type { Logger } from '#kernel/log.ts'
import type { Durability } from './drivers/sqlite/connection.ts'
import { createSqliteEngine } from './drivers/sqlite/engine.ts'
import type { Engine } from './ports.ts'

export interface EngineOptions {
  readonly logger: Logger
  /** For SQLite; the others are always durable. `full` unless told. */
  readonly durability?: Durability
}

const KNOWN = 'sqlite:<file>, postgres://user:password@host/database or mongodb://user:password@host/database'

/**
 * The engine behind `sqlite:<file>`, `postgres://...` or `mongodb://...`, not started yet. Throws with what is wrong, and never with the URL itself, which
 * may hold a password.
 */
export async function engineFor(url: string, { logger, durability = 'full' }: EngineOptions): Promise<Engine> {
  const scheme = /^([a-z+]+):/.exec(url)?.[1] ?? ''
  switch (scheme) {
    case 'sqlite':
      return createSqliteEngine({ file: fileOf(url), durability, logger })
    case 'postgres':
    case 'postgresql': {
      const { createPostgresEngine } = await import('./drivers/postgres/engine.ts')
      return createPostgresEngine({ url, logger })
    }
    case 'mongodb':
    case 'mongodb+srv': {
      const { createMongoEngine } = await import('./drivers/mongodb/engine.ts')
      return createMongoEngine({ url, logger })
    }
    default:
      throw new Error(`The database URL begins with ${scheme === '' ? 'no scheme' : `"${scheme}:"`}. Give ${KNOWN}.`)
  }
}

function fileOf(url: string): string {
  const file = url.replace(/^sqlite:(?:\/\/(?=\/))?/, '')
  if (file === '' || file.startsWith('//'))
    throw new Error('The URL of a SQLite database needs a file: sqlite:data/main.db or sqlite:/var/lib/app/main.db.')
  return decodeURIComponent(file)
}
