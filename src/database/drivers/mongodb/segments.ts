// Stored events: all of one record in one document, whose id is the number of the first. Numbers have no gaps, so the next segment is found by its id.
import type { Collection, Db } from 'mongodb'
import type { StoredEvent } from '../../contract.ts'
import { isDuplicate } from './connection.ts'

export interface Segment {
  readonly _id: string
  readonly first: number
  readonly last: number
  /** JSON text: MongoDB need not understand what an event carries. */
  readonly events: string
}

export const EVENTS = 'ninefold_events'
const LARGEST = 500

export function eventId(sequence: number): string {
  return String(sequence).padStart(16, '0')
}

function segmentOf(events: readonly StoredEvent[]): Segment {
  const [first, last] = [events[0]?.sequence ?? 0, events.at(-1)?.sequence ?? 0]
  return { _id: eventId(first), first, last, events: JSON.stringify(events) }
}

/** In order of their numbers. What is there already is the same. */
export async function putEvents(db: Db, events: readonly StoredEvent[]): Promise<void> {
  const segments = db.collection<Segment>(EVENTS)
  for (let at = 0; at < events.length; at += LARGEST) {
    try {
      await segments.insertOne(segmentOf(events.slice(at, at + LARGEST)))
    } catch (error) {
      if (!isDuplicate(error)) throw error
    }
  }
}

/** Puts events over what is there, when a database is moved here. */
export async function loadEvents(db: Db, events: readonly StoredEvent[]): Promise<void> {
  const segments = db.collection<Segment>(EVENTS)
  for (let at = 0; at < events.length; at += LARGEST) {
    const { _id, ...segment } = segmentOf(events.slice(at, at + LARGEST))
    await segments.replaceOne({ _id }, segment, { upsert: true })
  }
}

export class Segments {
  readonly #stored: Collection<Segment>
  /** Where the oldest was, so that it need not be searched for. */
  #oldest: number | undefined

  constructor(db: Db) {
    this.#stored = db.collection(EVENTS)
  }

  /** The number of the oldest stored event. */
  async first(): Promise<number | undefined> {
    const known = this.#oldest === undefined ? null : await this.#stored.findOne({ _id: eventId(this.#oldest) })
    if (known !== null) return known.first
    const oldest = await this.#stored
      .find({}, { projection: { first: 1 } })
      .sort({ _id: 1 })
      .limit(1)
      .next()
    this.#oldest = oldest?.first
    return oldest?.first
  }

  async read(range: {
    /** All unless told. */
    readonly topics?: readonly string[]
    readonly after: number
    readonly upTo: number
    readonly limit: number
  }): Promise<StoredEvent[]> {
    const { topics, upTo, limit } = range
    const wanted = topics === undefined ? undefined : new Set(topics)
    const found: StoredEvent[] = []
    let { after } = range
    while (after < upTo && found.length < limit) {
      const segment = await this.#following(after)
      if (segment === undefined) break
      const events: StoredEvent[] = JSON.parse(segment.events)
      found.push(...events.filter(({ sequence, topic }) => sequence > after && sequence <= upTo && (wanted?.has(topic) ?? true)))
      after = segment.last
    }
    return found.slice(0, limit)
  }

  /** Removes about `limit` of the oldest, up to a number. Answers `limit` when there may be more. */
  async prune(upTo: number, limit: number): Promise<number> {
    let removed = 0
    for (let first = await this.first(); first !== undefined && first <= upTo && removed < limit; first = await this.first()) {
      const segment = await this.#stored.findOne({ _id: eventId(first) })
      if (segment !== null && segment.last > upTo) break
      await this.#stored.deleteOne({ _id: eventId(first) })
      removed += segment === null ? 1 : segment.last - segment.first + 1
      this.#oldest = segment === null ? undefined : segment.last + 1
    }
    return Math.min(removed, limit)
  }

  async #following(after: number): Promise<Segment | undefined> {
    // Nearly always the reader stands between two segments.
    const next = await this.#stored.findOne({ _id: eventId(after + 1) })
    if (next !== null) return next
    // In the middle of one, or before a gap: what was pruned, or a load that left one.
    const around = await this.#stored
      .find({ last: { $gt: after } })
      .sort({ _id: 1 })
      .limit(1)
      .next()
    return around ?? undefined
  }
}
