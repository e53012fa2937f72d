// A database that can move house, in this process: what the tests of moving and of backups share.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineCollection } from '#kernel/collection.ts'
import { systemClock } from '#kernel/clock.ts'
import { createKeyRing } from '#kernel/keyring.ts'
import type { Running } from '#kernel/lifecycle.ts'
import { createLogger } from '#kernel/log.ts'
import { z } from '#kernel/schema.ts'
import { Secret } from '#kernel/secret.ts'
import type { Collection, Database } from '../../src/database/contract.ts'
import { createDatabase } from '../../src/database/database.ts'
import { engineFor } from '../../src/database/engines.ts'
import { createHouse, type House } from '../../src/database/move/house.ts'
import { createStateFile } from '../../src/database/move/state.ts'
import { type Photo, photos, type Ticket, tickets } from './database.ts'

const bookSchema = z.strictObject({
  id: z.string(),
  title: z.string(),
  ownerId: z.string(),
  pages: z.number(),
  tags: z.array(z.string()).optional(),
  details: z.record(z.string(), z.unknown()).optional(),
})
export type Book = z.infer<typeof bookSchema>

export const books = defineCollection<Book>({
  name: 'books',
  schema: bookSchema,
  indexes: { byOwner: { fields: ['ownerId', 'pages'] } },
  search: { fields: ['title'], filters: ['ownerId'] },
})

export interface OpenedHouse {
  readonly house: House
  readonly database: Database
  readonly photos: Collection<Photo>
  readonly tickets: Collection<Ticket>
  readonly books: Collection<Book>
  readonly log: readonly string[]
  stop(): Promise<void>
}

export interface HouseFolder {
  readonly path: string
  readonly keyRing: ReturnType<typeof createKeyRing>
  readonly masterKey: string
  sqlite(name: string): string
  /** Made, not started. */
  create(url: string, options?: { readonly isOwner?: boolean }): Promise<{ server: Running<Database>; house: House; log: string[] }>
  open(url: string, options?: { readonly isOwner?: boolean }): Promise<OpenedHouse>
  remove(): Promise<void>
}

export async function houseFolder(path?: string): Promise<HouseFolder> {
  const folder = path ?? (await mkdtemp(join(tmpdir(), 'ninefold-house-')))
  const masterKey = randomBytes(32).toString('base64url')
  const keyRing = createKeyRing(new Secret(masterKey))
  const create: HouseFolder['create'] = async (url, { isOwner = true } = {}) => {
    const log: string[] = []
    const logger = createLogger({ level: 'debug', stream: { write: (line) => log.push(line) } })
    const make = async (address: string) => await engineFor(address, { logger })
    const house = createHouse({
      url,
      engine: await make(url),
      engineFor: make,
      state: createStateFile(join(folder, 'house.json'), keyRing),
      isOwner: () => isOwner,
      clock: systemClock,
      logger,
    })
    const server = createDatabase({ engine: house.engine, clock: systemClock, logger, sweepEveryMs: 50 })
    return { server, house, log }
  }
  return {
    path: folder,
    keyRing,
    masterKey,
    sqlite: (name) => `sqlite:${encodeURI(join(folder, `${name}.db`))}`,
    create,
    async open(url, options) {
      const { server, house, log } = await create(url, options)
      const database = server.contract
      const opened = {
        house,
        database,
        photos: database.collection(photos),
        tickets: database.collection(tickets),
        books: database.collection(books),
        log,
        stop: () => server.stop(),
      }
      await server.start()
      return opened
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
