// The bulkhead around password hashing: one child process of lower priority, a bounded queue before it, a fresh child after a crash.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setPriority } from 'node:os'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Call } from '#kernel/call.ts'
import type { Logger } from '#kernel/log.ts'
import { z } from '#kernel/schema.ts'
import { authErrors } from '../errors.ts'
import { type HashCost, longestMs } from './cost.ts'
import { parseHash } from './foreign.ts'
import type { WorkMessage } from './hash-worker.ts'

type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never

export type Work = WithoutId<Exclude<WorkMessage, { kind: 'drop' }>>

export interface HashProcessSettings {
  /** Hashes under way at once. */
  readonly concurrency: number
  /** Callers that may wait; one more is refused at once. */
  readonly maxWaiting: number
  /** Further places, for whoever is known here: a flood of strangers cannot take them. */
  readonly maxFavoured: number
  /** A hash that takes longer, and longer than one of its cost ever does, means that the child is stuck. */
  readonly timeoutMs: number
}

interface Task {
  readonly id: number
  readonly work: Work
  readonly call: Call
  readonly favoured: boolean
  readonly resolve: (value: string | boolean) => void
  readonly reject: (reason: unknown) => void
  readonly onAbort: () => void
  starts: number
  startedAt: number
  timer: NodeJS.Timeout | undefined
}

const NOT_STARTED = { starts: 0, startedAt: 0, timer: undefined }

const childMessage = z.union([
  z.strictObject({ ready: z.literal(true) }),
  z.strictObject({ id: z.int(), value: z.union([z.string(), z.boolean()]) }),
  z.strictObject({ id: z.int(), failed: z.literal(true) }),
])

/** The cause of the refusal where the child could not do it, whoever asks and however often. */
export const NOT_COMPUTABLE = new Error('The hash cannot be computed.')

/** Nobody joins a queue that is longer than this, however long a hash takes: a form that does not answer is sent again. */
const LONGEST_WAIT_MS = 5000
const LEAST_RETRY_S = 3
/** How much of the average the newest hash is. */
const NEWEST = 1 / 8
/** So many more than are computed at a time are with the child: it would stand still while this thread is busy with something else. */
const SENT_AHEAD = 1
const LOWER_PRIORITY = 10
const MAX_STARTS = 2
const FIRST_RESTART_MS = 50
const LAST_RESTART_MS = 5000
const KEPT_STDERR = 2000

export class HashProcess {
  readonly #settings: HashProcessSettings
  readonly #logger: Logger
  #child: ChildProcess | undefined
  #ready = false
  #stopping = false
  #crashes = 0
  #restart: NodeJS.Timeout | undefined
  #nextId = 1
  /** How long a hash takes, by those of late. */
  #averageMs = 0
  readonly #waiting: Task[] = []
  readonly #underWay = new Map<number, Task>()

  constructor(settings: HashProcessSettings, logger: Logger) {
    this.#settings = settings
    this.#logger = logger
  }

  /** For tests and for the status page. */
  get processId(): number | undefined {
    return this.#child?.pid
  }

  get waiting(): number {
    return this.#waiting.length
  }

  start(): void {
    this.#stopping = false
    this.#spawnOnce()
  }

  async stop(): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#restart)
    this.#restart = undefined
    for (const task of [...this.#waiting, ...this.#underWay.values()]) this.#settle(task, () => task.reject(authErrors.unavailable()))
    this.#underWay.clear()
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    if (child.connected) child.disconnect()
    const timer = setTimeout(() => child.kill('SIGKILL'), 1000)
    await exited
    clearTimeout(timer)
  }

  health(): string | undefined {
    return this.#ready ? undefined : 'the password hashing process is not running'
  }

  /** Waits for a place, then for the answer. Rejects at once with `auth.busy` when the queue is full, and when the caller goes. */
  run(call: Call, work: Work, { favoured = false }: { readonly favoured?: boolean } = {}): Promise<string | boolean> {
    if (this.#stopping) return Promise.reject(authErrors.unavailable())
    if (call.signal.aborted) return Promise.reject(call.signal.reason)
    if (this.#isFull(favoured)) {
      const seconds = Math.max(LEAST_RETRY_S, Math.ceil(this.#waitMs(this.#aheadOf(favoured)) / 1000))
      return Promise.reject(authErrors.busy({ detail: 'Please try again in a few seconds.', headers: { 'retry-after': String(seconds) } }))
    }
    this.#spawnOnce()
    return new Promise((resolve, reject) => {
      const id = this.#nextId
      this.#nextId += 1
      const task: Task = { id, work, call, favoured, resolve, reject, onAbort: () => this.#leave(task), ...NOT_STARTED }
      call.signal.addEventListener('abort', task.onAbort, { once: true })
      this.#queue(task)
      this.#pump()
    })
  }

  #isFull(favoured: boolean): boolean {
    const { maxWaiting, maxFavoured } = this.#settings
    if (this.#waitMs(this.#aheadOf(favoured)) > LONGEST_WAIT_MS) return true
    const known = this.#aheadOf(true)
    return favoured ? known >= maxFavoured : this.#waiting.length - known >= maxWaiting
  }

  #aheadOf(favoured: boolean): number {
    return favoured ? this.#waiting.filter((task) => task.favoured).length : this.#waiting.length
  }

  /** Until whoever has so many before them in the queue is computed. What is being computed is about half done. */
  #waitMs(ahead: number): number {
    const { concurrency } = this.#settings
    const computing = Math.min(this.#underWay.size, concurrency)
    return ((ahead + this.#underWay.size - computing / 2) * this.#averageMs) / concurrency
  }

  /** The favoured stand before all others, in their order. */
  #queue(task: Task): void {
    const place = task.favoured ? this.#waiting.findIndex((other) => !other.favoured) : -1
    if (place === -1) this.#waiting.push(task)
    else this.#waiting.splice(place, 0, task)
  }

  #pump(): void {
    while (this.#ready && this.#underWay.size < this.#settings.concurrency + SENT_AHEAD) {
      const task = this.#waiting.shift()
      if (task === undefined) break
      this.#underWay.set(task.id, task)
      this.#child?.send({ ...task.work, id: task.id }, () => {})
    }
    // The child takes them in their order.
    for (const task of [...this.#underWay.values()].slice(0, this.#settings.concurrency)) if (task.timer === undefined) this.#begun(task)
  }

  #begun(task: Task): void {
    task.starts += 1
    task.startedAt = performance.now()
    const limitMs = Math.max(this.#settings.timeoutMs, longestMs(costOf(task.work)))
    task.timer = setTimeout(() => this.#stuck(task, limitMs), limitMs)
  }

  /** The caller has gone: out of the queue, or let the hash run out without anybody listening, but not without its time limit. */
  #leave(task: Task): void {
    const { reason } = task.call.signal
    if (task.timer !== undefined) {
      task.reject(reason)
      return
    }
    if (this.#underWay.delete(task.id)) this.#child?.send({ id: task.id, kind: 'drop' } satisfies WorkMessage, () => {})
    this.#settle(task, () => task.reject(reason))
    this.#pump()
  }

  #settle(task: Task, tell: () => void): void {
    task.call.signal.removeEventListener('abort', task.onAbort)
    clearTimeout(task.timer)
    const place = this.#waiting.indexOf(task)
    if (place >= 0) this.#waiting.splice(place, 1)
    tell()
  }

  #stuck(task: Task, timeoutMs: number): void {
    this.#logger.error({ event: 'auth.hash_stuck', timeoutMs }, 'a password hash did not end; restarting its process')
    this.#underWay.delete(task.id)
    this.#settle(task, () => task.reject(authErrors.unavailable()))
    this.#child?.kill('SIGKILL')
  }

  #spawnOnce(): void {
    if (this.#child === undefined && this.#restart === undefined) this.#spawn()
  }

  #spawn(): void {
    // The same module under type stripping (.ts) and compiled (.js).
    const module = fileURLToPath(new URL(`./hash-worker${extname(import.meta.url)}`, import.meta.url))
    // No flags, and nothing of our environment: the child needs no secret of this process. It has a thread for each hash.
    const threads = String(this.#settings.concurrency)
    const child = fork(module, [threads], {
      env: { UV_THREADPOOL_SIZE: threads },
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    this.#child = child
    // At once, before the child has made its threads: on Linux they take the priority that their process has when they are made.
    lowerPriority(child.pid)
    let stderr = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-KEPT_STDERR)
    })
    child.on('message', (message) => this.#receive(message))
    let ended = false
    const end = (reason: string): void => {
      if (ended) return
      ended = true
      this.#ended(child, `${reason} ${stderr}`.trim())
    }
    child.once('error', (error) => end(error.message))
    child.once('exit', (code, signal) => end(`exit ${code ?? signal}`))
  }

  #receive(message: unknown): void {
    const parsed = childMessage.parse(message)
    if ('ready' in parsed) {
      this.#ready = true
      this.#pump()
      return
    }
    this.#crashes = 0
    const task = this.#underWay.get(parsed.id)
    if (task === undefined) return
    this.#underWay.delete(task.id)
    this.#measured(performance.now() - task.startedAt)
    this.#settle(task, () =>
      'value' in parsed ? task.resolve(parsed.value) : task.reject(authErrors.unavailable({ cause: NOT_COMPUTABLE })),
    )
    this.#pump()
  }

  #measured(tookMs: number): void {
    this.#averageMs = this.#averageMs === 0 ? tookMs : this.#averageMs + (tookMs - this.#averageMs) * NEWEST
  }

  #ended(child: ChildProcess, reason: string): void {
    if (this.#child !== child) return
    this.#child = undefined
    this.#ready = false
    if (this.#stopping) return
    this.#logger.error({ event: 'auth.hash_process_ended', reason }, 'the password hashing process ended; starting another')
    for (const task of this.#underWay.values()) {
      clearTimeout(task.timer)
      task.timer = undefined
    }
    const unfinished = [...this.#underWay.values()].filter((task) => !task.call.signal.aborted)
    this.#underWay.clear()
    // Once more for each: hashing changes nothing. A second crash may be the work's own fault.
    for (const task of unfinished.filter((one) => one.starts >= MAX_STARTS)) this.#settle(task, () => task.reject(authErrors.unavailable()))
    this.#waiting.unshift(...unfinished.filter((one) => one.starts < MAX_STARTS))
    const delay = Math.min(LAST_RESTART_MS, FIRST_RESTART_MS * 2 ** this.#crashes)
    this.#crashes += 1
    this.#restart = setTimeout(() => {
      this.#restart = undefined
      this.#spawn()
    }, delay)
  }
}

/** Nothing for hashes of other systems than Argon2: the usual limit is enough for those that may move in. */
function costOf(work: Work): HashCost {
  if (work.kind === 'hash') return { memoryKiB: work.memoryCost, passes: work.timeCost }
  const stored = parseHash(work.phc)
  return stored?.kind === 'argon2' ? stored : { memoryKiB: 0, passes: 0 }
}

function lowerPriority(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    setPriority(pid, LOWER_PRIORITY)
  } catch {
    // Gone already: its exit is reported on its own.
  }
}
