// The journal: every write of every process is one record, and the records have one order. Inserting the record with the next number is the commit:
// it is the one thing that every server decides atomically. A record is applied to the documents before the next one may be appended.
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Collection, Db } from 'mongodb'
import type { StoredEvent } from '../../contract.ts'
import { isDuplicate, isRefusal, unavailable } from './connection.ts'
import type { StoredDocument } from './stored.ts'

export interface DocumentChange {
  readonly collection: string
  readonly id: string
  /** `null` takes what is left of a deleted document away. */
  readonly document: StoredDocument | null
  /** Nothing was stored under this id, so that it can be inserted. */
  readonly fresh: boolean
}

export interface KeyChange {
  readonly key: string
  readonly collection: string
  readonly index: string
  /** `null` gives the values up. */
  readonly holder: string | null
  readonly fresh: boolean
}

export interface Changes {
  readonly documents: readonly DocumentChange[]
  readonly keys: readonly KeyChange[]
  readonly events: readonly StoredEvent[]
}

export interface JournalRecord extends Changes {
  readonly number: number
  /** The newest event after this record. */
  readonly sequence: number
}

interface StoredRecord {
  readonly _id: string
  /** Tells this try of this process from everybody else's. */
  readonly token: string
  readonly by: string
  /** When, by the clock of the process. For cleaning only. */
  readonly at: number
  readonly sequence: number
  /** The changes as JSON text. */
  readonly changes: string
}

interface Head {
  readonly _id: string
  readonly number: number
  readonly sequence: number
}

export type Applier = (record: JournalRecord, first: boolean) => Promise<void>

/** How long another process may take to apply its record before somebody does it in its place. */
const HELP_AFTER_MS = 1500
const GIVE_UP_MS = 8000
const RETRY_MS = 50
const LOOK_AGAIN_MS = 10
/** Old records are removed after ten minutes, so who was away looks again before it appends. */
const BELIEVED_MS = 60_000
const KEPT_MS = 10 * 60_000
const CLEAN_AT_ONCE = 200

const HEAD = 'head'

export function padded(number: number): string {
  return String(number).padStart(16, '0')
}

/** Nobody knows whether the record is stored. */
export class Uncertain extends Error {}

export class Journal {
  readonly #records: Collection<StoredRecord>
  readonly #state: Collection<Head>
  readonly #apply: Applier
  readonly #process = randomUUID()
  #applied = 0
  #sequence = 0
  #believedAt = Number.NEGATIVE_INFINITY
  /** Our own record, from the moment it may be stored until it is applied. */
  #inFlight: { readonly number: number; readonly done: Promise<void> } | undefined
  #noting: Promise<unknown> = Promise.resolve()

  constructor(db: Db, apply: Applier) {
    this.#records = db.collection('ninefold_journal')
    this.#state = db.collection('ninefold_state')
    this.#apply = apply
  }

  /** The number of the last record that is certainly applied. */
  get applied(): number {
    return this.#applied
  }

  get sequence(): number {
    return this.#sequence
  }

  /** Finds the end of the journal and applies what somebody has left there. */
  async open(): Promise<void> {
    await this.#look()
    await this.catchUp()
  }

  /** Before an append: what others have done meanwhile. */
  async ready(): Promise<void> {
    if (performance.now() - this.#believedAt > BELIEVED_MS) await this.#look()
  }

  /** The newest sequence of all processes. */
  async newestSequence(): Promise<number> {
    await this.#look()
    return this.#sequence
  }

  /** Applies, or sees others apply, every record that is there. */
  async catchUp(): Promise<void> {
    for (;;) {
      const record = await this.#records.findOne({ _id: padded(this.#applied + 1) })
      if (record === null) return
      await this.#follow(record)
    }
  }

  /**
   * `stored` when the changes, which were decided after record `number - 1`, are record `number` and applied. Otherwise somebody else was first and that
   * is applied: the changes of record `number` where they are known. Throws `Uncertain` when nobody knows, and the server's refusal when nothing was stored.
   */
  async append(number: number, changes: Changes): Promise<'stored' | Changes | undefined> {
    if (number !== this.#applied + 1) return undefined
    const sequence = changes.events.at(-1)?.sequence ?? this.#sequence
    return await this.#store({ number, sequence, ...changes })
  }

  /** Records that no later event gets this number or a lower one. */
  async reserve(sequence: number): Promise<void> {
    for (;;) {
      await this.ready()
      const reserved = { number: this.#applied + 1, sequence: Math.max(this.#sequence, sequence), documents: [], keys: [], events: [] }
      if ((await this.#store(reserved)) === 'stored') return
    }
  }

  /** Waits until everything of a record is there. */
  async settled(number: number): Promise<void> {
    const end = performance.now() + GIVE_UP_MS
    while (number > this.#applied) {
      if (this.#inFlight !== undefined && this.#inFlight.number >= number) await this.#inFlight.done
      else {
        await this.#look()
        if (number <= this.#applied) return
        const record = await this.#records.findOne({ _id: padded(this.#applied + 1) })
        if (record === null) await delay(LOOK_AGAIN_MS)
        else await this.#follow(record)
      }
      if (performance.now() > end) throw unavailable('A write of another process is not finished.')
    }
  }

  /** Removes records that nobody can need any more. */
  async clean(): Promise<void> {
    const head = await this.#state.findOne({ _id: HEAD })
    if (head === null) return
    const old = await this.#records.find({ at: { $lt: Date.now() - KEPT_MS } }, { projection: { _id: 1 }, limit: CLEAN_AT_ONCE }).toArray()
    const removable = old.filter(({ _id }) => _id < padded(head.number))
    if (removable.length > 0)
      await this.#records.bulkWrite(
        removable.map(({ _id }) => ({ deleteOne: { filter: { _id } } })),
        { ordered: false },
      )
  }

  /** Waits for what is written after an answer. */
  async close(): Promise<void> {
    await this.#noting
  }

  async #store(record: JournalRecord): Promise<'stored' | Changes | undefined> {
    const { number, sequence, documents, keys, events } = record
    const token = randomUUID()
    const _id = padded(number)
    const changes = JSON.stringify({ documents, keys, events })
    const stored: StoredRecord = { _id, token, by: this.#process, at: Date.now(), sequence, changes }
    const { promise: done, resolve, reject } = Promise.withResolvers<void>()
    // Readers who wait for it get the error; without readers nobody does.
    done.catch(() => {})
    this.#inFlight = { number, done }
    try {
      if (!(await this.#insert(stored))) {
        this.#inFlight = undefined
        resolve()
        const other = await this.#records.findOne({ _id })
        if (other === null) return undefined
        await this.#follow(other)
        return this.#applied === number ? JSON.parse(other.changes) : undefined
      }
      await this.#finish(record, true)
      resolve()
      return 'stored'
    } catch (error) {
      reject(error instanceof Error ? error : new Error(String(error)))
      throw error
    } finally {
      this.#inFlight = undefined
    }
  }

  // The same record with the same token may be sent again and again until the server has said something about it.
  async #insert(record: StoredRecord): Promise<boolean> {
    const end = performance.now() + GIVE_UP_MS
    for (let sent = false; ; ) {
      try {
        await this.#records.insertOne(record)
        return true
      } catch (error) {
        if (isDuplicate(error)) {
          const stored = await this.#stored(record._id, end)
          return stored?.token === record.token
        }
        // Its answer to a second try says nothing about the first.
        if (isRefusal(error) && !sent) throw error
        sent = true
        if (performance.now() > end) throw new Uncertain('The server has not said whether the record is stored.', { cause: error })
        await delay(RETRY_MS)
      }
    }
  }

  async #stored(_id: string, end: number): Promise<StoredRecord | null> {
    for (;;) {
      try {
        return await this.#records.findOne({ _id })
      } catch (cause) {
        if (performance.now() > end) throw new Uncertain('The server has not said whose record is stored.', { cause })
        await delay(RETRY_MS)
      }
    }
  }

  async #finish(record: JournalRecord, first: boolean): Promise<void> {
    const end = performance.now() + GIVE_UP_MS
    for (let again = !first; ; again = true) {
      try {
        await this.#apply(record, !again)
        break
      } catch (cause) {
        if (performance.now() > end)
          throw new Uncertain('The write is stored, and the server went away before it could be applied.', { cause })
        await delay(RETRY_MS)
      }
    }
    this.#passed(record)
    // Others may go on from here. It is only a hint, so an answer need not wait for it.
    this.#noting = this.#noting.then(async () => await this.#note(record)).catch(() => {})
  }

  #passed({ number, sequence }: { readonly number: number; readonly sequence: number }): void {
    this.#believedAt = performance.now()
    if (number <= this.#applied) return
    this.#applied = number
    this.#sequence = Math.max(this.#sequence, sequence)
  }

  async #note({ number, sequence }: { readonly number: number; readonly sequence: number }): Promise<void> {
    await this.#state.updateOne({ _id: HEAD }, { $max: { number, sequence } }, { upsert: true })
  }

  async #look(): Promise<void> {
    const head = await this.#state.findOne({ _id: HEAD })
    this.#passed(head ?? { number: 0, sequence: 0 })
  }

  /** A record that is there and may not be applied: its process says so soon, or has died and is helped. */
  async #follow(stored: StoredRecord): Promise<void> {
    const number = Number(stored._id)
    const isOurs = stored.by === this.#process
    const end = performance.now() + HELP_AFTER_MS
    while (!isOurs && performance.now() < end) {
      await this.#look()
      if (this.#applied >= number) return
      await delay(LOOK_AGAIN_MS)
    }
    // Of our own, only one that was given up can be met here.
    if (this.#applied >= number) return
    const changes: Changes = JSON.parse(stored.changes)
    await this.#finish({ number, sequence: stored.sequence, ...changes }, false)
    await this.#noting
  }
}
