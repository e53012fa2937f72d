// Takes what waits into one journal record, again and again: decided, appended, applied, answered.
import { BSON } from 'mongodb'
import type { Logger } from '#kernel/log.ts'
import type { Load, WriteAnswer } from '../../ports.ts'
import { type Connection, unavailable } from './connection.ts'
import { decide } from './decide.ts'
import { type Changes, type Journal, Uncertain } from './journal.ts'
import { loadBatch } from './load.ts'
import type { Decidable } from './requests.ts'
import { type StateParts, StateReader } from './state-reader.ts'

export interface WriterParts extends StateParts {
  readonly connection: Connection
  readonly journal: Journal
  readonly logger: Logger
  /** Called with what a record has deleted, for the time when nothing of it is needed any more. */
  readonly deleted: (collection: string, id: string, number: number) => void
}

type Work = { readonly kind: 'decide'; readonly request: Decidable } | { readonly kind: 'load'; readonly batch: Load }

interface Waiting {
  readonly work: Work
  resolve(answer: WriteAnswer): void
  reject(error: unknown): void
}

interface Deciding extends Waiting {
  readonly request: Decidable
}

const MAX_WAITING = 10_000
const MAX_REQUESTS = 200
const MAX_STEPS = 500
/** A document of MongoDB has at most 16 MB, and a record of the journal is one, as text. */
const LARGEST_DOCUMENT = 12_000_000
const LARGEST_RECORD = 12_000_000
const SHARED_RECORD = 3_000_000
const MAX_ROUNDS = 100
const FINISH_AGAIN_MS = 1000

export class Writer {
  readonly #parts: WriterParts
  #waiting: Waiting[] = []
  #running: Promise<void> | undefined
  #stopped = false
  #finishing: NodeJS.Timeout | undefined

  constructor(parts: WriterParts) {
    this.#parts = parts
  }

  async submit(work: Work): Promise<WriteAnswer> {
    if (this.#stopped) throw unavailable('The database is closed; nothing was stored.')
    const down = this.#parts.connection.down()
    if (down !== undefined) throw unavailable(`Nothing was stored: ${down}.`)
    if (this.#waiting.length >= MAX_WAITING) throw unavailable('Too many writes are waiting; nothing was stored.')
    return await new Promise((resolve, reject) => {
      this.#waiting.push({ work, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  /** What waits is still done. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#finishing)
    await this.#running
  }

  async #run(): Promise<void> {
    // What is submitted in this turn of the event loop shares the first record.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#waiting.length > 0) {
      const first = this.#waiting[0]
      if (first?.work.kind === 'load') await this.#load(first, first.work.batch)
      else await this.#commit(this.#batch())
    }
    this.#running = undefined
  }

  #batch(): Deciding[] {
    const batch: Deciding[] = []
    let steps = 0
    for (const waiting of this.#waiting) {
      if (waiting.work.kind !== 'decide' || batch.length >= MAX_REQUESTS || steps >= MAX_STEPS) break
      const { request } = waiting.work
      steps += request.kind === 'write' ? request.steps.length + 1 : MAX_STEPS
      if (batch.length > 0 && steps > MAX_STEPS) break
      batch.push({ ...waiting, request })
    }
    this.#waiting.splice(0, batch.length)
    return batch
  }

  async #commit(batch: readonly Deciding[]): Promise<void> {
    try {
      const answers = await this.#answers(batch)
      this.#parts.connection.heard()
      for (const [at, waiting] of batch.entries()) {
        const answer = answers[at]
        if (answer !== undefined) waiting.resolve(answer)
      }
    } catch (error) {
      if (error instanceof TooLarge && batch.length > 1) {
        const half = Math.ceil(batch.length / 2)
        await this.#commit(batch.slice(0, half))
        await this.#commit(batch.slice(half))
        return
      }
      if (batch.length > 1 && !(error instanceof Uncertain) && this.#parts.connection.down() === undefined) {
        // The fault may be in one of them, and the others are not to suffer from it.
        for (const one of batch) await this.#commit([one])
        return
      }
      this.#fail(batch, error)
    }
  }

  async #answers(batch: readonly Deciding[]): Promise<readonly WriteAnswer[]> {
    const { journal, layouts } = this.#parts
    const requests = batch.map(({ request }) => request)
    let state: StateReader | undefined
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      await journal.ready()
      const [number, sequence] = [journal.applied + 1, journal.sequence]
      if (state === undefined) {
        state = new StateReader(this.#parts)
        await state.prefetch(requests)
      }
      const { answers, changes } = await decide({ layouts, state }, requests, { number, sequence })
      if (changes.documents.length === 0 && changes.keys.length === 0 && changes.events.length === 0) return answers
      checkSize(changes, batch.length)
      const other = await journal.append(number, changes)
      if (other === 'stored') {
        this.#remember(changes, number)
        return answers
      }
      if (other === undefined || journal.applied !== number) state = undefined
      else state.absorb(other, number)
    }
    throw new Error('Too many other processes write at once.')
  }

  #remember({ documents }: Changes, number: number): void {
    for (const { collection, id, document } of documents) if (document?._gone !== undefined) this.#parts.deleted(collection, id, number)
  }

  #fail(batch: readonly Waiting[], error: unknown): void {
    const isUncertain = error instanceof Uncertain
    this.#parts.logger.warn({ err: error, writes: batch.length }, isUncertain ? 'the outcome of writes is not known' : 'writes failed')
    const reason = error instanceof Error ? error.message : String(error)
    for (const waiting of batch) {
      if (isUncertain) waiting.reject(unavailable('The server went away before it answered; the write may or may not be stored.', error))
      else waiting.resolve({ kind: 'failed', reason })
    }
    if (isUncertain) this.#finishLater()
  }

  // A record that was left behind is applied as soon as the server is back, not only with the next write.
  #finishLater(): void {
    clearTimeout(this.#finishing)
    if (this.#stopped) return
    this.#finishing = setTimeout(() => {
      this.#parts.journal.catchUp().catch(() => this.#finishLater())
    }, FINISH_AGAIN_MS)
    this.#finishing.unref()
  }

  async #load(waiting: Waiting, batch: Load): Promise<void> {
    this.#waiting.shift()
    try {
      waiting.resolve({ kind: 'done', rows: await loadBatch(this.#parts, batch) })
    } catch (error) {
      this.#fail([waiting], error)
    }
  }
}

class TooLarge extends Error {}

// What MongoDB would refuse is refused before it is in the journal, where it would stand in everybody's way.
function checkSize(changes: Changes, requests: number): void {
  let total = JSON.stringify(changes.events).length
  for (const { document } of changes.documents) {
    const size = document === null ? 0 : BSON.calculateObjectSize(document)
    if (size > LARGEST_DOCUMENT) throw new TooLarge('A document of MongoDB has at most 16 MB.')
    total += size
  }
  if (total > (requests > 1 ? SHARED_RECORD : LARGEST_RECORD))
    throw new TooLarge('The write is larger than a record of the journal can be.')
}
