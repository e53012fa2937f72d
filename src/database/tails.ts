// Followers without a stored position. One reader for all of them; who cannot keep up reads its own way until it is level again, so that nothing is
// kept in memory for the slow.
import type { Logger } from '#kernel/log.ts'
import type { StoredEvent, Tail } from './contract.ts'
import type { Store, StoredEvents } from './store.ts'

const BATCH = 200
const POLL_MS = 1000
const RETRY_MS = 500

interface Follower {
  readonly tail: Tail
  readonly topics: ReadonlySet<string>
  position: number
  busy: boolean
  left: boolean
}

interface Batch {
  readonly events: readonly StoredEvent[]
  readonly upTo: number
}

export class Tails {
  readonly #store: Store
  readonly #logger: Logger
  readonly #followers = new Set<Follower>()
  /** Where the reader of all is; no follower is further. */
  #position = 0
  #running = false
  #reading: Promise<void> | undefined
  #asked = false
  #poll: NodeJS.Timeout | undefined

  constructor(store: Store, logger: Logger) {
    this.#store = store
    this.#logger = logger
  }

  follow(tail: Tail): () => void {
    if (!this.#running) throw new Error('Events can be followed while the database is started.')
    const follower: Follower = { tail, topics: new Set(tail.topics), position: tail.after ?? this.#position, busy: false, left: false }
    this.#followers.add(follower)
    if (follower.position < this.#position) void this.#catchUp(follower)
    return () => {
      follower.left = true
      this.#followers.delete(follower)
    }
  }

  async start(): Promise<void> {
    this.#position = await this.#store.ready().events.head()
    this.#running = true
    this.#poll = setInterval(() => this.wake(), POLL_MS)
    this.#poll.unref()
  }

  /** What this process has stored, or that anybody may have stored something. */
  wake(stored?: StoredEvents): void {
    if (stored !== undefined && this.#passes(stored)) return
    this.#asked = true
    if (!this.#running || this.#reading !== undefined) return
    this.#reading = this.#readOn()
      .catch((error: unknown) => this.#logger.warn({ err: error }, 'events could not be read and are tried again'))
      .finally(() => {
        this.#reading = undefined
        if (this.#asked) this.wake()
      })
  }

  /** Of most events nobody here wants to know: then there is nothing to read, and the followers are told how far they are. */
  #passes({ topics, count, last }: StoredEvents): boolean {
    if (last === undefined || this.#reading !== undefined || last - count !== this.#position) return false
    for (const follower of this.#followers) if (!topics.isDisjointFrom(follower.topics)) return false
    this.#advance({ events: [], upTo: last }, () => true)
    return true
  }

  /** For whom `knows` is true, the batch has all that it wants to know of. */
  #advance(batch: Batch, knows: (follower: Follower) => boolean): void {
    const from = this.#position
    this.#position = batch.upTo
    for (const follower of this.#followers) {
      if (follower.busy) continue
      const isLevel = follower.position >= from && knows(follower)
      void this.#catchUp(follower, isLevel ? batch : undefined)
    }
  }

  async stop(): Promise<void> {
    this.#running = false
    clearInterval(this.#poll)
    this.#followers.clear()
    await this.#reading
  }

  async #readOn(): Promise<void> {
    const { events } = this.#store.ready()
    while (this.#running) {
      this.#asked = false
      const head = await events.head()
      if (head <= this.#position) {
        if (this.#asked) continue
        return
      }
      const topics = [...new Set([...this.#followers].flatMap(({ tail }) => tail.topics))]
      const found = topics.length === 0 ? [] : await events.read({ topics, after: this.#position, upTo: head, limit: BATCH })
      const upTo = found.length === BATCH ? (found.at(-1)?.sequence ?? head) : head
      // Who came while this was read may want topics that were not asked for, and reads for itself.
      this.#advance({ events: found, upTo }, ({ tail }) => tail.topics.every((topic) => topics.includes(topic)))
      // What was stored after the look wakes this reader, or is found by the next poll.
      if (found.length < BATCH && !this.#asked) return
    }
  }

  /** Its first part runs at once, so that a handler that waits for nothing keeps its follower level. */
  async #catchUp(follower: Follower, first?: Batch): Promise<void> {
    follower.busy = true
    if (first !== undefined) await this.#deliver(follower, first)
    while (this.#running && !follower.left && follower.position < this.#position) {
      try {
        const upTo = this.#position
        const { topics } = follower.tail
        const events = await this.#store.ready().events.read({ topics, after: follower.position, upTo, limit: BATCH })
        await this.#deliver(follower, { events, upTo: events.length === BATCH ? (events.at(-1)?.sequence ?? upTo) : upTo })
      } catch (error) {
        this.#logger.warn({ err: error }, 'events could not be read for a follower and are tried again')
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref())
      }
    }
    follower.busy = false
  }

  async #deliver(follower: Follower, { events, upTo }: Batch): Promise<void> {
    const own = events.filter((event) => event.sequence > follower.position && follower.topics.has(event.topic))
    follower.position = Math.max(follower.position, upTo)
    if (follower.left) return
    try {
      await follower.tail.handle(own, upTo)
    } catch (error) {
      this.#logger.warn({ err: error }, 'a follower of events has failed')
    }
  }
}
