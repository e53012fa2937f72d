// Delivery of stored events to their consumers: in order, at least once, from where each has stopped.
import { breath, ownTurn } from '#kernel/breath.ts'
import { type Call, systemCall } from '#kernel/call.ts'
import type { Logger } from '#kernel/log.ts'
import type { Subscription } from './contract.ts'
import type { Store } from './store.ts'

const BATCH = 100
const POLL_MS = 1000
const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 30_000
const DRAIN_MS = 10_000
/** After a batch: under load one read and one kept position serve the events of so long, and the first event of a quiet time waits for nothing. */
const GATHER_MS = 100
/** A consumer that has not been seen for this long no longer holds events back. */
const FORGET_MS = 30 * 24 * 60 * 60 * 1000
const PRUNE_LIMIT = 500

export interface PumpParts {
  readonly store: Store
  readonly logger: Logger
  /** How long events are kept although everybody has read them, for who comes back with the number of the last one it knows. */
  readonly keepMs: number
}

export interface EventPump {
  subscribe(subscription: Subscription): () => void
  start(): Promise<void>
  /** When all consumers so far have their position. */
  placed(): Promise<void>
  /** Events of these topics may have come; without topics, of any. */
  wake(topics?: ReadonlySet<string>): void
  /** Saves positions that only passed over other topics, then removes events that everybody has read. */
  prune(): Promise<void>
  stop(): Promise<void>
}

export function createEventPump({ store, logger, keepMs }: PumpParts): EventPump {
  const readers = new Map<string, ConsumerLoop>()
  let running = false
  let poll: NodeJS.Timeout | undefined
  const oldEnough = ageing(store, keepMs)
  const placed = async (): Promise<void> => {
    await Promise.all([...readers.values()].map(async (reader) => await reader.place()))
  }

  return {
    subscribe(subscription) {
      const { consumer } = subscription
      if (readers.has(consumer)) throw new Error(`The consumer ${consumer} is subscribed already: one name, one position.`)
      const reader = new ConsumerLoop(subscription, store, logger)
      readers.set(consumer, reader)
      if (running) reader.begin()
      return () => {
        if (readers.get(consumer) === reader) readers.delete(consumer)
        void reader.end()
      }
    },
    async start() {
      running = true
      // All positions are known before anything may be pruned.
      await placed()
      for (const reader of readers.values()) reader.begin()
      // Another process may have stored events.
      poll = setInterval(() => readers.forEach((reader) => reader.wake()), POLL_MS)
      poll.unref()
    },
    placed,
    wake(topics) {
      for (const reader of readers.values()) if (topics === undefined || reader.takes(topics)) reader.wake()
    },
    async prune() {
      await Promise.all([...readers.values()].map(async (reader) => await reader.save()))
      const oldest = store.now() - FORGET_MS
      const consumers = await store.ready().events.consumers()
      for (const { name, seenAt } of consumers) {
        if (seenAt >= oldest || readers.has(name)) continue
        logger.warn({ consumer: name, seenAt }, 'forgetting an event consumer that was not seen for 30 days')
        await store.maintain({ kind: 'forget', consumer: name })
      }
      const positions = consumers.filter(({ name, seenAt }) => seenAt >= oldest || readers.has(name)).map(({ position }) => position)
      if (positions.length === 0) return
      const upTo = Math.min(await oldEnough(), ...positions)
      if (upTo === 0) return
      const removeSome = async (): Promise<void> => {
        const removed = await store.maintain({ kind: 'prune', upTo, limit: PRUNE_LIMIT })
        if (running && removed === PRUNE_LIMIT) await removeSome()
      }
      await removeSome()
    },
    async stop() {
      running = false
      clearInterval(poll)
      await Promise.all([...readers.values()].map(async (reader) => await reader.end()))
    },
  }
}

/** The number up to which events are old enough to go. Which was the newest, and when that was seen, counts; whatever the clocks of other processes said. */
function ageing(store: Store, keepMs: number): () => Promise<number> {
  let heads: { readonly at: number; readonly head: number }[] = []
  return async () => {
    const now = store.now()
    heads.push({ at: now, head: await store.ready().events.head() })
    const old = heads.filter(({ at }) => at <= now - keepMs)
    const last = old.at(-1)
    heads = last === undefined ? heads : heads.slice(old.length - 1)
    return last?.head ?? 0
  }
}

/** One consumer, one batch at a time. */
class ConsumerLoop {
  readonly #subscription: Subscription
  readonly #store: Store
  readonly #logger: Logger
  readonly #abort = new AbortController()
  readonly #call: Call
  #position: number | undefined
  #placing: Promise<number> | undefined
  #saved = 0
  #savedAt = 0
  #ended = false
  #asked = true
  #resume: (() => void) | undefined
  #loop: Promise<void> | undefined

  constructor(subscription: Subscription, store: Store, logger: Logger) {
    this.#subscription = subscription
    this.#store = store
    this.#logger = logger.child({ consumer: subscription.consumer })
    this.#call = { ...systemCall(subscription.consumer), signal: this.#abort.signal }
  }

  begin(): void {
    this.#loop ??= this.#run()
  }

  takes(topics: ReadonlySet<string>): boolean {
    return this.#subscription.topics.some((topic) => topics.has(topic))
  }

  wake(): void {
    this.#asked = true
    this.#resume?.()
  }

  /** Finds or makes the position from which this consumer reads. */
  async place(): Promise<number> {
    if (this.#position !== undefined) return this.#position
    // Once, whoever asks: a second look would find a later end, and what came in between would be passed over.
    this.#placing ??= this.#findPlace().finally(() => {
      this.#placing = undefined
    })
    return await this.#placing
  }

  async #findPlace(): Promise<number> {
    const { events } = this.#store.ready()
    const { consumer, beginAtEnd } = this.#subscription
    const known = (await events.consumers()).find((candidate) => candidate.name === consumer)
    const position = known?.position ?? (beginAtEnd === true ? await events.head() : 0)
    await this.#savePosition(position)
    this.#position = position
    return position
  }

  async save(): Promise<void> {
    if (this.#position === undefined || this.#ended) return
    const anHourAgo = this.#store.now() - 60 * 60 * 1000
    if (this.#position > this.#saved || this.#savedAt < anHourAgo) await this.#savePosition(this.#position)
  }

  async end(): Promise<void> {
    this.#ended = true
    this.#resume?.()
    const timer = setTimeout(() => this.#abort.abort(), DRAIN_MS)
    const aborted = new Promise<void>((resolve) => {
      this.#abort.signal.addEventListener('abort', () => resolve(), { once: true })
    })
    await Promise.race([this.#loop, aborted])
    clearTimeout(timer)
  }

  async #run(): Promise<void> {
    let failures = 0
    while (!this.#ended) {
      try {
        const delivered = await this.#deliver()
        failures = 0
        if (delivered === BATCH) continue
        if (delivered > 0) await this.#rest(GATHER_MS)
        await this.#rest()
      } catch (error) {
        // It comes again at the next start.
        if (this.#ended) return
        const delayMs = Math.min(FIRST_RETRY_MS * 2 ** failures, LAST_RETRY_MS)
        failures += 1
        this.#logger.warn({ err: error, failures, delayMs }, 'an event batch failed and comes again')
        await this.#rest(delayMs)
      }
    }
  }

  /** How many events were delivered. */
  async #deliver(): Promise<number> {
    const position = await this.place()
    // Consumers are woken together, and rest for the same time.
    await ownTurn()
    if (this.#ended) return 0
    this.#asked = false
    const { events } = this.#store.ready()
    const upTo = await events.head()
    if (upTo <= position) return 0
    const batch = await events.read({ topics: this.#subscription.topics, after: position, upTo, limit: BATCH })
    const next = batch.length === BATCH ? (batch.at(-1)?.sequence ?? upTo) : upTo
    if (batch.length > 0) {
      await breath()
      if (this.#ended) return 0
      await this.#subscription.handle(batch, this.#call)
      await breath()
      await this.#savePosition(next)
    }
    // Passing over the events of other topics is only remembered here: it costs no write, and repeating it does no harm.
    this.#position = next
    return batch.length
  }

  async #savePosition(position: number): Promise<void> {
    await this.#store.maintain({ kind: 'position', consumer: this.#subscription.consumer, position })
    this.#saved = position
    this.#savedAt = this.#store.now()
  }

  /** Waits to be woken; with a time, waits that long and is not woken earlier. */
  async #rest(delayMs?: number): Promise<void> {
    if (this.#ended || (delayMs === undefined && this.#asked)) return
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        this.#resume = undefined
        resolve()
      }
      const timer = delayMs === undefined ? undefined : setTimeout(done, delayMs)
      timer?.unref()
      this.#resume = () => {
        if (delayMs === undefined || this.#ended) done()
      }
    })
  }
}
