// How jobs are stored: one collection, by state and time, all of them or those of a name. Every change of a state is a compare-and-set.
import type { Call } from '#kernel/call.ts'
import { defineCollection, insertInto } from '#kernel/collection.ts'
import { committed } from '#kernel/committed.ts'
import { hasCode } from '#kernel/errors.ts'
import type { Database, Page, Stored } from '../database/contract.ts'
import { type JobRecord, type JobState, jobRecord } from './schemas.ts'

const jobs = defineCollection<JobRecord>({
  name: 'jobs',
  schema: jobRecord,
  indexes: {
    byState: { fields: ['state', 'at'] },
    byName: { fields: ['name', 'state', 'at'] },
    live: { fields: ['liveKey'], unique: true },
  },
  expiry: 'expiresAt',
})

export type JobChange = { readonly [Field in keyof JobRecord]?: JobRecord[Field] | undefined }

/** The right to change a running job: whoever claimed it later has a greater attempt. */
export interface Hold {
  readonly id: string
  readonly attempt: number
}

export interface JobsRepository {
  get(call: Call, id: string): Promise<Stored<JobRecord> | undefined>
  /** False when the id, or a live job with the same key, is there already. */
  insert(call: Call, job: JobRecord): Promise<boolean>
  /** Those that are there already are passed over. */
  insertAll(call: Call, records: readonly JobRecord[]): Promise<void>
  /** In order of `at`, up to and including `until`. */
  due(
    call: Call,
    state: 'waiting' | 'running',
    part: { readonly until: number; readonly limit: number },
  ): Promise<readonly Stored<JobRecord>[]>
  /** Newest first for those that ended, next first for the others. */
  inState(call: Call, state: JobState, limit: number): Promise<Page<JobRecord>>
  /** Newest first. Ask again with `next` as `after`: what changes meanwhile does not come twice. */
  ofName(call: Call, which: { readonly name: string; readonly state: JobState }, after?: string): Promise<Page<JobRecord>>
  /** Only if nobody has changed it since it was read. */
  change(call: Call, job: Stored<JobRecord>, set: JobChange): Promise<Stored<JobRecord> | undefined>
  /** Only while the hold lasts. */
  changeHeld(call: Call, hold: Hold, set: JobChange): Promise<boolean>
}

const COMMIT_LIMIT = 100
const PAGE = 1000

export function createJobsRepository(database: Database): JobsRepository {
  const collection = database.collection(jobs)

  const insert = async (call: Call, job: JobRecord): Promise<boolean> => {
    return await committed(collection.insert(call, job), 'duplicate')
  }

  return {
    get: (call, id) => collection.get(call, id),
    insert,
    async insertAll(call, records) {
      for (let start = 0; start < records.length; start += COMMIT_LIMIT) {
        const batch = records.slice(start, start + COMMIT_LIMIT)
        try {
          await database.commit(
            call,
            batch.map((job) => insertInto(jobs, job)),
          )
        } catch (error) {
          if (!hasCode(error, 'database.duplicate')) throw error
          for (const job of batch) await insert(call, job)
        }
      }
    },
    async due(call, state, { until, limit }) {
      const { items } = await collection.list(call, { index: 'byState', where: { state }, range: { below: until + 1 }, limit })
      return items
    },
    async inState(call, state, limit) {
      const order = state === 'failed' || state === 'done' ? 'descending' : 'ascending'
      return await collection.list(call, { index: 'byState', where: { state }, order, limit })
    },
    async ofName(call, where, after) {
      const place = after === undefined ? {} : { after }
      return await collection.list(call, { index: 'byName', where, order: 'descending', limit: PAGE, ...place })
    },
    change: (call, job, set) => collection.update(call, job.value.id, { set, ifVersion: job.version }),
    async changeHeld(call, { id, attempt }, set) {
      return (await collection.update(call, id, { set, where: { state: 'running', attempt } })) !== undefined
    },
  }
}
