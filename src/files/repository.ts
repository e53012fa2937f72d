// How files are remembered: one document each, found by id, by storage key and by state.
import type { Call } from '#kernel/call.ts'
import { defineCollection } from '#kernel/collection.ts'
import type { Database, Page, Stored } from '../database/contract.ts'
import { type FileRecord, fileRecord } from './schemas.ts'

const files = defineCollection<FileRecord>({
  name: 'files',
  schema: fileRecord,
  indexes: {
    by_storage_key: { fields: ['storageKey'], unique: true },
    by_state: { fields: ['state', 'stateAt'] },
    by_owner: { fields: ['ownerId', 'createdAt'] },
  },
})

export interface FilesRepository {
  find(call: Call, id: string): Promise<Stored<FileRecord> | undefined>
  findByStorageKey(call: Call, storageKey: string): Promise<Stored<FileRecord> | undefined>
  /** Oldest first. */
  listByState(
    call: Call,
    state: FileRecord['state'],
    page: { readonly below: number; readonly limit: number; readonly after?: string },
  ): Promise<Page<FileRecord>>
  listByOwner(call: Call, ownerId: string, page: { readonly limit: number; readonly after?: string | undefined }): Promise<Page<FileRecord>>
  insert(call: Call, record: FileRecord): Promise<void>
  /** False when the file is gone or not in the state `from` with that holder. */
  changeState(call: Call, id: string, change: StateChange): Promise<boolean>
  delete(call: Call, id: string, ifVersion: number): Promise<boolean>
}

export interface StateChange {
  readonly from: FileRecord['state']
  readonly to: FileRecord['state']
  readonly holderBefore?: string
  readonly holder?: string
  readonly at: number
}

export function createFilesRepository(database: Database): FilesRepository {
  const collection = database.collection(files)
  return {
    find: (call, id) => collection.get(call, id),
    findByStorageKey: (call, storageKey) => collection.getByKey(call, 'by_storage_key', { storageKey }),
    listByState: (call, state, page) => {
      const after = page.after === undefined ? {} : { after: page.after }
      return collection.list(call, { index: 'by_state', where: { state }, range: { below: page.below }, limit: page.limit, ...after })
    },
    listByOwner: (call, ownerId, { limit, after }) =>
      collection.list(call, { index: 'by_owner', where: { ownerId }, limit, ...(after === undefined ? {} : { after }) }),
    insert: async (call, record) => {
      await collection.insert(call, record)
    },
    changeState: async (call, id, change) => {
      const where = { state: change.from, holder: change.holderBefore }
      const stored = await collection.update(call, id, { set: { state: change.to, stateAt: change.at, holder: change.holder }, where })
      return stored !== undefined
    },
    delete: (call, id, ifVersion) => collection.delete(call, id, { ifVersion }),
  }
}
