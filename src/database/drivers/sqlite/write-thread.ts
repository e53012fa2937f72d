// The calling thread's end of the writer thread: sends requests in order, pairs the answers, and starts the thread again when it dies.
import { Worker } from 'node:worker_threads'
import type { Logger } from '#kernel/log.ts'
import { databaseErrors } from '../../errors.ts'
import type { CollectionLayout } from '../../layout.ts'
import type { WriteAnswer } from '../../ports.ts'
import type { WriterRequest } from './batch.ts'
import type { Durability } from './connection.ts'

export interface WriterSettings {
  readonly file: string
  readonly durability: Durability
  readonly layouts: readonly CollectionLayout[]
}

export type ToWriter =
  | { readonly kind: 'requests'; readonly requests: readonly WriterRequest[] }
  | { readonly kind: 'scrub' }
  | { readonly kind: 'close' }
export type FromWriter = { readonly kind: 'ready' } | { readonly kind: 'answers'; readonly answers: readonly WriteAnswer[] }

export interface Writer {
  start(): Promise<void>
  submit(request: WriterRequest): Promise<WriteAnswer>
  /** Behind all that was submitted. Done with one row when the log could not be emptied yet, else with none. */
  scrub(): Promise<WriteAnswer>
  stop(): Promise<void>
  health(): string | undefined
}

interface Waiting {
  resolve(answer: WriteAnswer): void
  reject(error: Error): void
}

const MAX_WAITING = 10_000
const FIRST_RESTART_MS = 100
const LAST_RESTART_MS = 5000

// `.ts` in the source tree, `.js` in the compiled package.
const program = new URL(`./writer${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`, import.meta.url)

export class WriteThread implements Writer {
  readonly #settings: WriterSettings
  readonly #logger: Logger
  #worker: Worker | undefined
  #state: 'down' | 'ready' | 'stopped' = 'down'
  #restarts = 0
  #restart: NodeJS.Timeout | undefined
  #outbox: WriterRequest[] = []
  /** In the order of their requests, which is the order of the answers. */
  #waiting: Waiting[] = []

  constructor(settings: WriterSettings, logger: Logger) {
    this.#settings = settings
    this.#logger = logger
  }

  async start(): Promise<void> {
    const worker = new Worker(program, { workerData: this.#settings, name: 'database-writer', env: {} })
    this.#worker = worker
    try {
      await new Promise<void>((resolve, reject) => {
        worker.once('error', reject)
        worker.once('exit', () => reject(new Error('The writer thread ended before it was ready.')))
        worker.on('message', (message: FromWriter) => {
          if (message.kind === 'answers') this.#settle(message.answers)
          else resolve()
        })
      })
    } catch (error) {
      if (this.#worker === worker) this.#worker = undefined
      throw error
    }
    if (this.#state === 'stopped') return
    this.#state = 'ready'
    this.#restarts = 0
    worker.on('error', (error) => this.#logger.error({ err: error }, 'the database writer thread failed'))
    worker.once('exit', () => this.#lost())
  }

  async submit(request: WriterRequest): Promise<WriteAnswer> {
    if (this.#state !== 'ready') throw unavailable('The writer is not running; nothing was stored.')
    if (this.#waiting.length >= MAX_WAITING) throw unavailable('Too many writes are waiting; nothing was stored.')
    return await new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      this.#outbox.push(request)
      // One message for all requests of this turn.
      if (this.#outbox.length === 1) queueMicrotask(() => this.#send())
    })
  }

  async scrub(): Promise<WriteAnswer> {
    const worker = this.#worker
    if (this.#state !== 'ready' || worker === undefined) throw unavailable('The writer is not running.')
    this.#send()
    return await new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      this.#post(worker, { kind: 'scrub' })
    })
  }

  async stop(): Promise<void> {
    const wasReady = this.#state === 'ready'
    if (wasReady) this.#send()
    this.#state = 'stopped'
    clearTimeout(this.#restart)
    const worker = this.#worker
    this.#worker = undefined
    if (worker === undefined) return
    if (!wasReady) {
      await worker.terminate()
      return
    }
    // The thread answers what it was sent before, then closes its file and ends.
    await new Promise<void>((resolve) => {
      worker.once('exit', () => resolve())
      this.#post(worker, { kind: 'close' })
    })
  }

  health(): string | undefined {
    return this.#state === 'ready' ? undefined : 'the database writer is not running'
  }

  #send(): void {
    const requests = this.#outbox
    if (requests.length === 0 || this.#worker === undefined) return
    this.#outbox = []
    this.#post(this.#worker, { kind: 'requests', requests })
  }

  #post(worker: Worker, message: ToWriter): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is not a window and has no origin
    worker.postMessage(message)
  }

  #settle(answers: readonly WriteAnswer[]): void {
    const settled = this.#waiting.splice(0, answers.length)
    for (const [number, waiting] of settled.entries()) {
      const answer = answers[number]
      if (answer !== undefined) waiting.resolve(answer)
    }
  }

  #lost(): void {
    const unanswered = this.#waiting
    this.#waiting = []
    this.#outbox = []
    for (const waiting of unanswered)
      waiting.reject(unavailable('The writer ended before it answered; the write may or may not be stored.'))
    if (this.#state === 'stopped') return
    this.#state = 'down'
    this.#worker = undefined
    this.#logger.error({ unanswered: unanswered.length }, 'the database writer thread ended and is started again')
    this.#startLater()
  }

  #startLater(): void {
    const delayMs = Math.min(FIRST_RESTART_MS * 2 ** this.#restarts, LAST_RESTART_MS)
    this.#restarts += 1
    this.#restart = setTimeout(() => {
      this.start().catch((error: unknown) => {
        this.#logger.error({ err: error }, 'the database writer thread could not be started')
        if (this.#state !== 'stopped') this.#startLater()
      })
    }, delayMs)
  }
}

function unavailable(detail: string): Error {
  return databaseErrors.unavailable({ detail, headers: { 'Retry-After': '1' } })
}
