// The face of a relay: an engine like any other.
import type { Awaitable, Engine, Row, WriteAnswer, WriteRequest } from '../ports.ts'
import type { Declared } from '../layout.ts'
import type { Rewriting } from './rewriting.ts'

export interface Switchboard {
  readonly rewriting: Rewriting
  primary(): Engine
  start(collections: readonly Declared[]): Promise<void>
  stop(): Promise<void>
  write(request: WriteRequest): Promise<WriteAnswer>
  note(collection: string, id: string): void
  watch(wake: () => void): () => void
}

export function relayEngine(relay: Switchboard): Engine {
  const { rewriting } = relay
  const primary = (): Engine => relay.primary()
  const one = (found: Awaitable<Row | undefined>): Awaitable<Row | undefined> => {
    const read = rewriting.reading()
    return read === undefined ? found : mapped(found, (row) => (row === undefined ? undefined : read(row)))
  }
  const many = <T extends Row>(found: Awaitable<readonly T[]>): Awaitable<readonly T[]> => {
    const read = rewriting.reading()
    return read === undefined ? found : mapped(found, (rows) => rows.map(read))
  }
  return {
    get capabilities() {
      return primary().capabilities
    },
    form: primary().form,
    start: (collections) => relay.start(collections),
    stop: () => relay.stop(),
    health: () => primary().health(),
    plan: (collections) => primary().plan(collections),
    marks: () => primary().marks(),
    find: (collection, id, now) => one(primary().find(collection, id, now)),
    findByKey: (collection, key, now) => one(primary().findByKey(collection, key, now)),
    rows: (collection, page) => many(primary().rows(collection, page)),
    scan: (collection, stretch, now) => many(primary().scan(collection, stretch, now)),
    count: (collection, stretch, now) => primary().count(collection, stretch, now),
    search(collection, search, now) {
      const found = primary().search(collection, search, now)
      const read = rewriting.reading()
      return read === undefined ? found : mapped(found, (page) => ({ ...page, rows: page.rows.map(read) }))
    },
    snapshot: () => primary().snapshot(),
    async load(batch) {
      await primary().load(batch)
      if (batch.kind === 'rows') for (const { id } of batch.rows) relay.note(batch.collection, id)
      if (batch.kind === 'erase') for (const id of batch.ids) relay.note(batch.collection, id)
    },
    write: (request) => relay.write(request),
    scrub: async (upToBytes) => await primary().scrub?.(upToBytes),
    events: {
      head: () => primary().events.head(),
      first: () => primary().events.first(),
      read: (range) => primary().events.read(range),
      consumers: () => primary().events.consumers(),
      watch: (wake) => relay.watch(wake),
    },
  }
}

// What an engine has at once stays at once.
function mapped<T, U>(value: Awaitable<T>, map: (value: T) => U): Awaitable<U> {
  return value instanceof Promise ? mappedLater(value, map) : map(value)
}

async function mappedLater<T, U>(value: Promise<T>, map: (value: T) => U): Promise<U> {
  return map(await value)
}
