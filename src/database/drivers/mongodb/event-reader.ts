// Stored events and the consumers' positions.
import type { Collection } from 'mongodb'
import type { StoredEvent } from '../../contract.ts'
import type { Consumer, EventStore, WriteRequest } from '../../ports.ts'
import type { Connection } from './connection.ts'
import type { Journal } from './journal.ts'
import { CONSUMERS, type StoredConsumer } from './load.ts'
import { Segments } from './segments.ts'
import { writeMark } from './setup.ts'

export type KeepRequest = Exclude<WriteRequest, { kind: 'write' | 'expire' }>

export class EventReader implements EventStore {
  readonly #connection: Connection
  readonly #journal: Journal
  readonly #segments: Segments
  readonly #consumers: Collection<StoredConsumer>

  constructor(connection: Connection, journal: Journal) {
    this.#connection = connection
    this.#journal = journal
    this.#segments = new Segments(connection.db)
    this.#consumers = connection.db.collection(CONSUMERS)
  }

  // Records are applied one after the other, so that no lower number can appear later.
  async head(): Promise<number> {
    return await this.#connection.read(async () => await this.#journal.newestSequence())
  }

  async first(): Promise<number> {
    return await this.#connection.read(async () => (await this.#segments.first()) ?? (await this.#journal.newestSequence()) + 1)
  }

  async read(range: Parameters<EventStore['read']>[0]): Promise<StoredEvent[]> {
    return await this.#connection.read(async () => await this.#segments.read(range))
  }

  async stored(after: number, limit: number): Promise<StoredEvent[]> {
    return await this.#connection.read(async () => await this.#segments.read({ after, upTo: Number.MAX_SAFE_INTEGER, limit }))
  }

  async consumers(): Promise<Consumer[]> {
    const found = await this.#connection.read(async () => await this.#consumers.find().toArray())
    return found.map(({ _id, position, seenAt }) => ({ name: _id, position, seenAt }))
  }

  /** Housekeeping that may be done twice and needs no journal. */
  async keep(request: KeepRequest): Promise<number> {
    return await this.#connection.read(async () => {
      if (request.kind === 'prune') return await this.#segments.prune(request.upTo, request.limit)
      if (request.kind === 'forget') return (await this.#consumers.deleteOne({ _id: request.consumer })).deletedCount
      if (request.kind === 'mark') await writeMark(this.#connection.db, request.mark)
      else {
        const { consumer, position, now } = request
        await this.#consumers.updateOne({ _id: consumer }, { $max: { position }, $set: { seenAt: now } }, { upsert: true })
      }
      return 1
    })
  }
}
