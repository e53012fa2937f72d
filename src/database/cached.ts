// Read-through caching of a collection: reads by id and by unique key. Everything that decides on a document (updates, commits, conditions) reads the
// database itself, and every write ends what is kept about its document, here before it is answered and in other processes by its event.
import type { CollectionDefinition, Document, EventDraft, Operation } from '#kernel/collection.ts'
import type { Collection, Tail, WriteOptions } from './contract.ts'
import { ReadCache } from './read-cache.ts'

/** As long as events are kept: who was away for longer could have missed the end of what it remembers. */
const MAX_LIFETIME_MS = 5 * 60_000
const MAX_STALE_MS = 60 * 60_000

/** What the database knows of the caches of its collections. */
export interface Caches {
  /** The collection itself, or the same with a cache in front. */
  wrap<T extends Document>(definition: CollectionDefinition<T>, collection: Collection<T>): Collection<T>
  /** What tells other processes about the operations of a commit. */
  eventsOf(operations: readonly Operation[]): EventDraft[]
  forget(operations: readonly Operation[]): void
  /** Begins to listen to what other processes write, when anything is cached. */
  follow(begin: (tail: Tail) => void): void
  clear(): void
}

const topicOf = (collection: string): string => `cache.${collection}`
const eventOf = (collection: string, id: string): EventDraft => ({ topic: topicOf(collection), key: id, data: null })

export function createCaches(now: () => number): Caches {
  const caches = new Map<string, Pick<ReadCache<never>, 'forget' | 'clear'>>()
  const idOf = (operation: Operation): string => (operation.kind === 'insert' ? operation.value.id : operation.id)
  return {
    wrap<T extends Document>(definition: CollectionDefinition<T>, collection: Collection<T>) {
      const { cache: rules, name, expiry } = definition
      if (rules === undefined) return collection
      checkRules(name, rules)
      const endOf = (value: object): number => {
        const end: unknown = expiry === undefined ? undefined : Reflect.get(value, expiry)
        return typeof end === 'number' ? end : Number.POSITIVE_INFINITY
      }
      const cache = new ReadCache<T>({ rules, now, endOf })
      caches.set(name, cache)
      return cached({ name, collection, cache })
    },
    eventsOf: (operations) =>
      operations.flatMap((operation) => (caches.has(operation.collection) ? [eventOf(operation.collection, idOf(operation))] : [])),
    forget(operations) {
      for (const operation of operations) caches.get(operation.collection)?.forget(idOf(operation))
    },
    follow(begin) {
      if (caches.size === 0) return
      const byTopic = new Map([...caches].map(([name, cache]) => [topicOf(name), cache]))
      begin({
        topics: [...byTopic.keys()],
        handle(events) {
          for (const { topic, key } of events) byTopic.get(topic)?.forget(key)
        },
      })
    },
    clear() {
      for (const cache of caches.values()) cache.clear()
    },
  }
}

interface CachedParts<T extends Document> {
  readonly name: string
  readonly collection: Collection<T>
  readonly cache: ReadCache<T>
}

function cached<T extends Document>({ name, collection, cache }: CachedParts<T>): Collection<T> {
  const withEvent = <Options extends WriteOptions>(id: string, options: Options | undefined): Options & WriteOptions => ({
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- without options there is nothing but the events below
    ...(options ?? ({} as Options)),
    // The end of what is remembered comes first: whoever is told of the write reads the document then.
    events: [eventOf(name, id), ...(options?.events ?? [])],
  })
  // Whatever became of the write: when its outcome is not known, it may have been stored.
  const ending = async <Result>(id: string, write: () => Promise<Result>): Promise<Result> => {
    try {
      return await write()
    } finally {
      cache.forget(id)
    }
  }
  return {
    async get(call, id, options) {
      if (options?.fresh === true) cache.forget(id)
      return await cache.read({ name: `id ${id}`, id }, async () => await collection.get(call, id))
    },
    async getByKey(call, index, values) {
      const asked = {
        name: `key ${index} ${JSON.stringify(Object.entries(values).toSorted(([left], [right]) => (left < right ? -1 : 1)))}`,
      }
      return await cache.read(asked, async () => await collection.getByKey(call, index, values))
    },
    list: async (call, query) => await collection.list(call, query),
    count: async (call, query, upTo) => await collection.count(call, query, upTo),
    search: async (call, query) => await collection.search(call, query),
    insert: async (call, value, options) =>
      await ending(value.id, async () => await collection.insert(call, value, withEvent(value.id, options))),
    // oxlint-disable-next-line eslint/max-params -- the contract has four
    update: async (call, id, change, options) =>
      await ending(id, async () => await collection.update(call, id, change, withEvent(id, options))),
    delete: async (call, id, options) => await ending(id, async () => await collection.delete(call, id, withEvent(id, options))),
  }
}

function checkRules(name: string, { lifetimeMs, staleWhileDownMs = 0 }: NonNullable<CollectionDefinition['cache']>): void {
  if (!(lifetimeMs > 0 && lifetimeMs <= MAX_LIFETIME_MS))
    throw new Error(`The cache of collection ${name} needs a lifetime of at most five minutes.`)
  if (!(staleWhileDownMs >= 0 && staleWhileDownMs <= MAX_STALE_MS)) {
    throw new Error(`The cache of collection ${name} may answer for at most an hour while the database is down.`)
  }
}
