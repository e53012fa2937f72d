// The connections: opened when they are needed, waited for in a queue that has an end, watched so that nobody waits for a server that is silent.
import type { Logger } from '#kernel/log.ts'
import { failedRead, unavailable } from './failures.ts'
import { type Command, Lost, type Outcome, Session } from './session.ts'
import { sql, statement } from './statement.ts'
import type { PostgresTarget } from './url.ts'

export interface PoolTimes {
  /** How long a request may wait for a connection. */
  readonly acquireMs: number
  /** How long the server may work on one statement. */
  readonly statementMs: number
  /** How long an answer may take before the connection is given up. Longer than the server's own limit, so that only a lost one meets it. */
  readonly answerMs: number
}

export const POOL_TIMES: PoolTimes = { acquireMs: 5000, statementMs: 10_000, answerMs: 15_000 }

export interface PoolSettings {
  readonly target: PostgresTarget
  readonly times: PoolTimes
  readonly logger: Logger
}

interface Waiter {
  readonly since: number
  take(session: Session): void
  refuse(error: Error): void
}

type Done = (error: Error | undefined, outcomes: Outcome[]) => void

const MAX_WAITING = 2000
const TICK_MS = 250
/** A probe of an idle server this often, and how long it may take. */
const PROBE_EVERY = 8
const PROBE_TICKS = 3
const DRAIN_MS = 10_000
const PROBE: Command = { statement: statement(sql`select 1`), values: [] }

export class Pool {
  readonly #settings: PoolSettings
  readonly #synchronousCommit: boolean
  readonly #sessions = new Set<Session>()
  readonly #idle: Session[] = []
  readonly #waiting: Waiter[] = []
  #opening = 0
  #tick = 0
  #answeredAt = 0
  #probing: { readonly since: number; session?: Session } | undefined
  #trouble: string | undefined
  #mayOpenAt = 0
  /** Failed rounds of opening connections since the last one that was opened. */
  #failures = 0
  #timer: NodeJS.Timeout | undefined
  #closed = true
  #ended = false
  #emptied: (() => void) | undefined

  constructor(settings: PoolSettings, synchronousCommit: boolean) {
    this.#settings = settings
    this.#synchronousCommit = synchronousCommit
  }

  async start(): Promise<void> {
    this.#closed = false
    this.#timer = setInterval(() => this.#watch(), TICK_MS)
    this.#timer.unref()
    try {
      await this.run([PROBE])
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  health(): string | undefined {
    return this.#trouble
  }

  /** One batch, in one transaction. Rejects with `Refused`, with `Lost`, or with `database.unavailable` when nothing was sent. */
  run(commands: readonly Command[]): Promise<Outcome[]> {
    return new Promise((resolve, reject) => {
      this.#give(commands, (error, outcomes) => (error === undefined ? resolve(outcomes) : reject(error)))
    })
  }

  /** What may be done twice is: a connection that was lost before it answered is no reason to refuse. */
  read(command: Command): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const commands = [command]
      let again = true
      const done: Done = (error, outcomes) => {
        const [outcome] = outcomes
        if (error === undefined && outcome !== undefined) resolve(outcome)
        else if (error instanceof Lost && again) {
          again = false
          this.#give(commands, done)
        } else reject(error === undefined ? new Error('A statement has answered nothing.') : failedRead(error))
      }
      this.#give(commands, done)
    })
  }

  /** A connection of its own, which is not of this pool. */
  async separate(): Promise<Session> {
    return await Session.open({ target: this.#settings.target })
  }

  /** Lets what is under way finish. */
  async stop(): Promise<void> {
    this.#closed = true
    if (this.#isBusy()) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, DRAIN_MS)
        this.#emptied = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    this.#ended = true
    clearInterval(this.#timer)
    for (const waiter of this.#waiting.splice(0)) waiter.refuse(unavailable('The database is closed; nothing was stored.'))
    await Promise.all([...this.#sessions].map(async (session) => (session.busy ? session.destroy() : await session.end())))
  }

  #isBusy(): boolean {
    return this.#waiting.length > 0 || [...this.#sessions].some((session) => session.busy)
  }

  #give(commands: readonly Command[], done: Done): void {
    const session = this.#takeIdle()
    if (session !== undefined) {
      this.#work(session, commands, done)
      return
    }
    const refusal = this.#refusal()
    if (refusal !== undefined) {
      done(unavailable(refusal), [])
      return
    }
    this.#waiting.push({
      since: this.#tick,
      take: (given) => this.#work(given, commands, done),
      refuse: (error) => done(error, []),
    })
    this.#openMore()
  }

  #takeIdle(): Session | undefined {
    for (let session = this.#idle.pop(); session !== undefined; session = this.#idle.pop()) if (session.isOpen) return session
    return undefined
  }

  #refusal(): string | undefined {
    if (this.#closed) return 'The database is closed; nothing was stored.'
    if (this.#waiting.length >= MAX_WAITING) return 'Too many requests wait for the database; nothing was stored.'
    if (this.#sessions.size === 0 && this.#tick < this.#mayOpenAt) return 'The database cannot be reached; nothing was stored.'
    return undefined
  }

  #work(session: Session, commands: readonly Command[], done: Done): void {
    session.busy = true
    session.since = this.#tick
    session.run(commands, (error, outcomes) => {
      session.busy = false
      if (!(error instanceof Lost)) {
        this.#answeredAt = this.#tick
        this.#trouble = undefined
      }
      this.#release(session)
      done(error, outcomes)
    })
  }

  #release(session: Session): void {
    if (session.isOpen) {
      const waiter = this.#waiting.shift()
      if (waiter === undefined) this.#idle.push(session)
      else waiter.take(session)
    } else {
      this.#forget(session)
    }
    if (this.#closed && this.#emptied !== undefined && !this.#isBusy()) this.#emptied()
  }

  #forget(session: Session): void {
    this.#sessions.delete(session)
    const place = this.#idle.indexOf(session)
    if (place !== -1) this.#idle.splice(place, 1)
    if (this.#waiting.length > 0) this.#openMore()
  }

  #openMore(): void {
    const { target } = this.#settings
    if (this.#opening >= this.#waiting.length || this.#sessions.size + this.#opening >= target.connections) return
    this.#opening += 1
    void this.#open()
  }

  async #open(): Promise<void> {
    const { target, times, logger } = this.#settings
    const round = this.#failures
    try {
      const session = await Session.open({ target, statementTimeoutMs: times.statementMs, synchronousCommit: this.#synchronousCommit })
      this.#opening -= 1
      if (this.#ended) {
        await session.end()
        return
      }
      this.#failures = 0
      this.#mayOpenAt = 0
      this.#trouble = undefined
      this.#sessions.add(session)
      session.onEnd(() => this.#forget(session))
      this.#release(session)
      this.#openMore()
    } catch (error) {
      this.#opening -= 1
      const reason = error instanceof Error ? error.message : String(error)
      // Those who wait for one of the other connections still may get it.
      if (this.#sessions.size > 0) return
      // Once may be chance, also of several at the same moment.
      if (round === this.#failures) this.#failures += 1
      if (this.#failures === 1 && this.#waiting.length > 0) {
        this.#openMore()
        return
      }
      if (this.#trouble === undefined) logger.error({ err: error }, 'the database cannot be reached')
      this.#trouble = `the database cannot be reached: ${reason}`
      this.#mayOpenAt = this.#tick + 2
      for (const waiter of this.#waiting.splice(0)) waiter.refuse(unavailable('The database cannot be reached; nothing was stored.', error))
      if (this.#closed) this.#emptied?.()
    }
  }

  #watch(): void {
    this.#tick += 1
    const { acquireMs, answerMs } = this.#settings.times
    const answerTicks = Math.ceil(answerMs / TICK_MS)
    for (const session of this.#sessions) {
      if (!session.busy || this.#tick - session.since <= answerTicks) continue
      this.#trouble = 'the database does not answer'
      session.destroy()
    }
    const acquireTicks = Math.ceil(acquireMs / TICK_MS)
    while (this.#waiting[0] !== undefined && this.#tick - this.#waiting[0].since > acquireTicks) {
      this.#waiting.shift()?.refuse(unavailable('All connections to the database are busy; nothing was stored.'))
    }
    this.#probe()
  }

  // So that health says what is so, and the first request after a failure finds a connection.
  #probe(): void {
    if (this.#closed) return
    if (this.#probing !== undefined) {
      const { since, session } = this.#probing
      if (this.#tick - since > PROBE_TICKS) {
        this.#trouble = 'the database does not answer'
        session?.destroy()
      }
      return
    }
    const due = this.#trouble === undefined ? this.#answeredAt + PROBE_EVERY : this.#mayOpenAt
    if (this.#tick < due || (this.#trouble === undefined && this.#idle.length === 0 && this.#sessions.size > 0)) return
    const session = this.#takeIdle()
    this.#probing = session === undefined ? { since: this.#tick } : { since: this.#tick, session }
    const done: Done = () => {
      this.#probing = undefined
    }
    if (session === undefined) this.#give([PROBE], done)
    else this.#work(session, [PROBE], done)
  }
}
