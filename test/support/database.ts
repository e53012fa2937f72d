// What database tests share: a clock that stands still, collections of every kind of index, and opening and closing around a test.
import { systemCall } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { defineCollection } from '#kernel/collection.ts'
import { newId } from '#kernel/ids.ts'
import type { Running } from '#kernel/lifecycle.ts'
import { createLogger, type Logger } from '#kernel/log.ts'
import { z } from '#kernel/schema.ts'
import type { Collection, Database } from '../../src/database/contract.ts'
import { createDatabase } from '../../src/database/database.ts'
import type { Engine } from '../../src/database/ports.ts'
import { contractTest, type Exemption, patience } from './exemptions.ts'

export interface TestClock extends Clock {
  advance(ms: number): void
}

export function testClock(start = 1_800_000_000_000): TestClock {
  let now = start
  return {
    now: () => now,
    advance(ms) {
      now += ms
    },
  }
}

export const call = systemCall('database-contract')

const photoSchema = z.strictObject({
  id: z.string(),
  ownerId: z.string(),
  takenAt: z.number(),
  caption: z.string(),
  album: z.string().optional(),
  slug: z.string().optional(),
  starred: z.boolean().optional(),
  tags: z.array(z.string()).optional(),
})
export type Photo = z.infer<typeof photoSchema>

export const photos = defineCollection<Photo>({
  name: 'photos',
  schema: photoSchema,
  indexes: {
    byOwner: { fields: ['ownerId', 'takenAt'] },
    byAlbum: { fields: ['ownerId', 'album', 'takenAt'] },
    byStarred: { fields: ['starred'] },
    bySlug: { fields: ['slug'], unique: true },
    byOwnerAndSlug: { fields: ['ownerId', 'slug'], unique: true },
  },
})

const ticketSchema = z.strictObject({ id: z.string(), code: z.string(), uses: z.number(), expiresAt: z.number().optional() })
export type Ticket = z.infer<typeof ticketSchema>

export const tickets = defineCollection<Ticket>({
  name: 'tickets',
  schema: ticketSchema,
  indexes: { byCode: { fields: ['code'], unique: true }, byUses: { fields: ['uses'] } },
  expiry: 'expiresAt',
})

const articleSchema = z.strictObject({
  id: z.string(),
  ownerId: z.string(),
  title: z.string(),
  text: z.string().optional(),
  open: z.boolean().optional(),
  expiresAt: z.number().optional(),
  data: z.unknown().optional(),
})
export type Article = z.infer<typeof articleSchema>

export const articles = defineCollection<Article>({
  name: 'articles',
  schema: articleSchema,
  indexes: { byOwner: { fields: ['ownerId'] } },
  expiry: 'expiresAt',
  search: { fields: ['title', 'text'], filters: ['ownerId', 'open'] },
})

export function article(parts: Partial<Article> = {}): Article {
  return { id: newId(1), ownerId: 'ada', title: '', ...parts }
}

export function photo(parts: Partial<Photo> = {}): Photo {
  return { id: newId(1), ownerId: 'ada', takenAt: 0, caption: '', ...parts }
}

export function ticket(parts: Partial<Ticket> = {}): Ticket {
  const id = newId(1)
  return { id, code: id, uses: 0, ...parts }
}

export interface OpenParts {
  /** Names the stored data of one test. Opening the same place again finds what was stored before. */
  readonly place: string
  readonly clock: Clock
  readonly logger: Logger
  readonly sweepEveryMs?: number
}

export type OpenDatabase = (parts: OpenParts) => Running<Database>

/** An engine over the stored data of one place; not started. */
export type OpenEngine = (parts: { readonly place: string; readonly logger: Logger }) => Engine

export function databaseOn(openEngine: OpenEngine): OpenDatabase {
  return ({ place, clock, logger, sweepEveryMs = 10_000 }) =>
    createDatabase({ engine: openEngine({ place, logger }), clock, logger, sweepEveryMs })
}

export interface Opened {
  readonly database: Database
  readonly photos: Collection<Photo>
  readonly tickets: Collection<Ticket>
  readonly articles: Collection<Article>
  stop(): Promise<void>
}

export interface World {
  readonly clock: TestClock
  /** The lines that were logged, as text. */
  readonly log: readonly string[]
  /** A database that is not started; the test declares what it wants. */
  create(parts?: { readonly sweepEveryMs?: number }): Running<Database>
  /** Started, with the collections above. */
  open(parts?: { readonly sweepEveryMs?: number }): Promise<Opened>
  /** The bare engine, not started. Only where the suite was given one. */
  engine(): Engine
}

export type TestInWorld = (title: string, body: (world: World) => Promise<void>) => void

/** Every test gets data of its own, and what it opened is stopped after it. */
export function testsIn(open: OpenDatabase, exemptions: readonly Exemption[], openEngine?: OpenEngine): TestInWorld {
  return (title, body) => {
    const run = async (): Promise<void> => {
      const running: { stop(): Promise<void> }[] = []
      const log: string[] = []
      const logger = createLogger({ level: 'debug', stream: { write: (line) => log.push(line) } })
      const clock = testClock()
      const place = newId(1)
      const create = (parts: { readonly sweepEveryMs?: number } = {}): Running<Database> => {
        const server = open({ place, clock, logger, ...parts })
        running.push(server)
        return server
      }
      try {
        await body({
          clock,
          log,
          create,
          engine() {
            if (openEngine === undefined) throw new Error('The suite was not given an engine.')
            const engine = openEngine({ place, logger })
            running.push(engine)
            return engine
          },
          async open(parts) {
            const server = create(parts)
            const database = server.contract
            const opened = {
              database,
              photos: database.collection(photos),
              tickets: database.collection(tickets),
              articles: database.collection(articles),
              stop: () => server.stop(),
            }
            await server.start()
            return opened
          },
        })
      } finally {
        await Promise.all(running.map((server) => server.stop()))
      }
    }
    contractTest(title, run, exemptions)
  }
}

/** Waits until something is so, or fails after a while: slow servers on busy machines are no failure. */
export async function eventually(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + patience.ms
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`Waited for ${patience.ms / 1000} seconds, and still not: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
