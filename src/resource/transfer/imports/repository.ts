// How imports are stored. A change of one under way says where it believes it to be, so that two workers never write the same rows.
import type { Call } from '#kernel/call.ts'
import { defineCollection, type EventDraft } from '#kernel/collection.ts'
import { committed } from '#kernel/committed.ts'
import type { Database, Page, Stored } from '../../../database/contract.ts'
import { type ImportRecord, importRecord, type ImportState } from '../schemas.ts'

export const importsCollection = defineCollection<ImportRecord>({
  name: 'transfer_imports',
  schema: importRecord,
  indexes: {
    byState: { fields: ['state', 'beatAt'] },
    byOwner: { fields: ['ownerId', 'createdAt'] },
    slot: { fields: ['slot'], unique: true },
  },
  expiry: 'expiresAt',
})

export type ImportChange = { readonly [Field in keyof ImportRecord]?: ImportRecord[Field] | undefined }

export interface ImportsRepository {
  find(call: Call, id: string): Promise<Stored<ImportRecord> | undefined>
  /** Newest first. */
  listByOwner(call: Call, ownerId: string, limit: number): Promise<readonly ImportRecord[]>
  /** All of them, a page at a time. */
  pageByOwner(call: Call, ownerId: string, after?: string): Promise<Page<ImportRecord>>
  /** Those that have made no progress since. */
  idleSince(call: Call, state: ImportState, before: number): Promise<readonly Stored<ImportRecord>[]>
  /** False when the slot is taken. */
  insert(call: Call, record: ImportRecord): Promise<boolean>
  /** Only if nobody has changed it since it was read. */
  change(
    call: Call,
    stored: Stored<ImportRecord>,
    change: { set: ImportChange; events?: readonly EventDraft[] },
  ): Promise<Stored<ImportRecord> | undefined>
  /** Whatever state it is in. */
  delete(call: Call, id: string): Promise<boolean>
}

const MOST_IDLE = 100
const PAGE = 100

export function createImportsRepository(database: Database): ImportsRepository {
  const collection = database.collection(importsCollection)
  return {
    find: (call, id) => collection.get(call, id),
    async listByOwner(call, ownerId, limit) {
      const page = await collection.list(call, { index: 'byOwner', where: { ownerId }, order: 'descending', limit })
      return page.items.map(({ value }) => value)
    },
    pageByOwner: (call, ownerId, after) =>
      collection.list(call, { index: 'byOwner', where: { ownerId }, limit: PAGE, ...(after === undefined ? {} : { after }) }),
    async idleSince(call, state, before) {
      return (await collection.list(call, { index: 'byState', where: { state }, range: { below: before }, limit: MOST_IDLE })).items
    },
    async insert(call, record) {
      return await committed(collection.insert(call, record), 'duplicate')
    },
    change: (call, { value, version }, { set, events = [] }) => collection.update(call, value.id, { set, ifVersion: version }, { events }),
    delete: (call, id) => collection.delete(call, id),
  }
}
