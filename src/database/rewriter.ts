// Brings stored documents to the present shape: a page at a time, each in a transaction of its own that replaces exactly what was read, so that no
// reader and no writer ever waits for it. Killed in the middle, it finds at the next start what is left.
import { setImmediate, setTimeout } from 'node:timers/promises'
import type { Document } from '#kernel/collection.ts'
import type { Logger } from '#kernel/log.ts'
import type { Codec } from './document.ts'
import { type Fitting, fit, markOf, type Rewriting, rewritingOf, type Unfit } from './migrations.ts'
import type { Mark, NamedRow, Step } from './ports.ts'
import type { Store } from './store.ts'

const PAGE = 50
const MAX_TRIES = 20
const MAX_LOGGED = 10
const RETRY_MS = 5000

export interface Rewritable extends Fitting {
  readonly codec: Codec<Document>
  readonly unfit: Unfit
}

export interface RewriterParts {
  readonly store: Store
  readonly logger: Logger
  readonly collections: () => readonly Rewritable[]
}

interface Task {
  readonly collection: Rewritable
  readonly rewriting: Rewriting
  readonly mark: Mark
}

/** Told of a document that cannot be rewritten; throws where that ends everything. */
type Failed = (id: string, cause: unknown) => void

export class Rewriter {
  readonly #parts: RewriterParts
  readonly #broken = new Set<string>()
  readonly #stopping = new AbortController()
  #running = false
  #background: Promise<void> = Promise.resolve()

  constructor(parts: RewriterParts) {
    this.#parts = parts
  }

  /** Does what the start waits for, and begins the rest. */
  async start(): Promise<void> {
    this.#running = true
    const tasks = await this.#due()
    const first = tasks.filter(({ rewriting }) => rewriting.first)
    const later = tasks.filter(({ rewriting }) => !rewriting.first)
    for (const task of first) await this.#rehearse(task)
    for (const { collection, mark } of tasks) await this.#record({ ...mark, target: collection.layout.shape })
    for (const { collection, rewriting } of later) Object.assign(collection.unfit, rewriting.unfit)
    for (const task of first) {
      await this.#rewrite(task, (id, cause) => {
        throw problemOf(task, id, cause)
      })
    }
    this.#background = this.#rewriteLater(later)
  }

  /** Rejects when documents could not be rewritten. */
  async settled(): Promise<void> {
    await this.#background
    const [name] = this.#broken
    if (name !== undefined)
      throw new Error(`Documents of collection ${name} could not be brought to the present shape; the log names them.`)
  }

  async stop(): Promise<void> {
    this.#running = false
    this.#stopping.abort()
    await this.#background
  }

  async #record(mark: Mark): Promise<void> {
    await this.#parts.store.maintain({ kind: 'mark', mark })
  }

  async #due(): Promise<Task[]> {
    const marks = new Map((await this.#parts.store.ready().marks()).map((mark) => [mark.name, mark]))
    const tasks: Task[] = []
    for (const collection of this.#parts.collections()) {
      const mark = marks.get(collection.layout.name)
      const rewriting = mark === undefined ? undefined : rewritingOf(mark, collection)
      if (mark === undefined || (rewriting === undefined && mark.search !== collection.searchMark)) await this.#record(markOf(collection))
      else if (rewriting !== undefined) tasks.push({ collection, rewriting, mark })
    }
    return tasks
  }

  /** Tries everything without writing, so that a migration that does not work is found before anything is changed. */
  async #rehearse(task: Task): Promise<void> {
    await this.#walk(task, async (rows) => {
      stepsFor(task, rows, (id, cause) => {
        throw problemOf(task, id, cause)
      })
      return true
    })
  }

  async #rewrite(task: Task, failed: Failed): Promise<void> {
    const { layout, unfit } = task.collection
    let failures = 0
    const count: Failed = (id, cause) => {
      failures += 1
      failed(id, cause)
    }
    // Until a walk finds nothing that another writer left in an earlier shape.
    while (!(await this.#walk(task, async (rows) => await this.#write(stepsFor(task, rows, count), count)))) {
      if (!this.#running) return
    }
    const about = { collection: layout.name, shape: layout.shape }
    if (failures > 0) {
      this.#broken.add(layout.name)
      this.#parts.logger.error({ ...about, failures }, 'documents could not be brought to the present shape; tried again at the next start')
      return
    }
    await this.#record(markOf(task.collection))
    Object.assign(unfit, fit())
    this.#parts.logger.info(about, 'all documents have the present shape')
  }

  async #rewriteLater(tasks: readonly Task[]): Promise<void> {
    for (const task of tasks) {
      let isDone = false
      while (this.#running && !isDone) {
        try {
          await this.#rewrite(task, logging(this.#parts.logger, task))
          isDone = true
        } catch (error) {
          this.#parts.logger.warn({ err: error }, 'a migration was interrupted and goes on')
          await setTimeout(RETRY_MS, undefined, { signal: this.#stopping.signal, ref: false }).catch(() => {})
        }
      }
    }
  }

  /** Shows every page, again if it was not clean. False when one never was, or when it was stopped. */
  async #walk({ collection, rewriting }: Task, visit: (rows: readonly NamedRow[]) => Promise<boolean>): Promise<boolean> {
    let after = ''
    let tries = 0
    let clean = true
    while (this.#running) {
      const rows = await this.#parts.store.ready().rows(collection.layout, { after, limit: PAGE })
      if (rows.length === 0) return clean
      const began = performance.now()
      const isClean = await visit(rows)
      tries += 1
      if (isClean || tries > MAX_TRIES) {
        clean = isClean && clean
        tries = 0
        after = rows.at(-1)?.id ?? after
      }
      // As long as it has worked, it lets others work.
      if (rewriting.first) await setImmediate()
      else await setTimeout(Math.ceil(performance.now() - began))
    }
    return false
  }

  /** False when a document was changed meanwhile and the page has to be looked at again. */
  async #write(steps: readonly Step[], failed: Failed): Promise<boolean> {
    const [only] = steps
    if (only === undefined) return true
    const answer = await this.#parts.store.write(steps, [])
    if (answer.kind === 'done') return true
    if (steps.length === 1) {
      if (answer.kind !== 'duplicate') return false
      failed(only.id, new Error(`Another document has its value of ${answer.index ?? 'the id'}.`))
      return true
    }
    // One of them spoils the transaction of all, so each gets its own.
    let clean = true
    for (const step of steps) clean = (await this.#write([step], failed)) && clean
    return clean
  }
}

function stepsFor({ collection: { layout, codec }, rewriting }: Task, rows: readonly NamedRow[], failed: Failed): Step[] {
  return rows.flatMap((row): Step[] => {
    const isOutdated = row.shape !== undefined && row.shape < layout.shape
    if (!rewriting.all && !isOutdated) return []
    try {
      return [{ kind: 'reshape', collection: layout.name, id: row.id, before: row, ...codec.reshape(row).stored }]
    } catch (error) {
      failed(row.id, error)
      return []
    }
  })
}

function problemOf({ collection: { layout }, mark }: Task, id: string, cause: unknown): Error {
  return new Error(`Document ${id} of collection ${layout.name} cannot be brought from shape ${mark.shape} to ${layout.shape}.`, { cause })
}

function logging(logger: Logger, task: Task): Failed {
  let logged = 0
  return (id, cause) => {
    logged += 1
    if (logged <= MAX_LOGGED) logger.error({ err: problemOf(task, id, cause) }, 'a document could not be migrated')
  }
}
