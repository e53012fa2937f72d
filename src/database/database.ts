// The database server without its engine: collections, commits, events and upkeep on whatever engine is given.
import type { Clock } from '#kernel/clock.ts'
import { idle, type Running } from '#kernel/lifecycle.ts'
import type { Logger } from '#kernel/log.ts'
import { type Caches, createCaches } from './cached.ts'
import { commit } from './commit.ts'
import type { Database } from './contract.ts'
import { createEventPump, type EventPump } from './events.ts'
import type { CollectionLayout } from './layout.ts'
import { refuseUnknown } from './marks.ts'
import { planOf } from './plan.ts'
import type { Engine } from './ports.ts'
import { createRegistry, type Registry } from './registry.ts'
import { Rewriter } from './rewriter.ts'
import { createStore, type EventAtRest, type Store, type StoredEvents } from './store.ts'
import { createSweeper, type Sweeper } from './sweeper.ts'
import { Tails } from './tails.ts'

export interface DatabaseParts {
  readonly engine: Engine
  readonly clock: Clock
  readonly logger: Logger
  /** How often expired documents and read events are removed. */
  readonly sweepEveryMs: number
  /** How long an event can be asked for again after everybody has read it. Five minutes unless told. */
  readonly keepEventsMs?: number
  /** What becomes of an event before it is stored; nothing unless told. */
  readonly eventAtRest?: EventAtRest | undefined
}

const KEEP_EVENTS_MS = 5 * 60_000

interface Parts {
  readonly engine: Engine
  readonly store: Store
  readonly registry: Registry
  readonly caches: Caches
  readonly pump: EventPump
  readonly tails: Tails
  readonly rewriter: Rewriter
  readonly sweeper: Sweeper
}

export function createDatabase({ engine, clock, logger, sweepEveryMs, keepEventsMs, eventAtRest }: DatabaseParts): Running<Database> {
  let started = false
  const wake = (stored?: StoredEvents): void => {
    pump.wake(stored?.topics)
    tails.wake(stored)
  }
  const store = createStore({ engine, clock, isStarted: () => started, eventAtRest, wake })
  const caches = createCaches(() => clock.now())
  const registry = createRegistry(store, caches)
  const pump: EventPump = createEventPump({ store, logger, keepMs: keepEventsMs ?? KEEP_EVENTS_MS })
  const tails = new Tails(store, logger)
  const rewriter = new Rewriter({ store, logger, collections: () => registry.all() })
  const layouts = (): CollectionLayout[] => registry.all().map(({ layout }) => layout)
  const sweeper = createSweeper({ store, pump, logger, everyMs: sweepEveryMs, layouts })
  const parts: Parts = { engine, store, registry, caches, pump, tails, rewriter, sweeper }
  let unwatch = (): void => {}

  const open = async (): Promise<void> => {
    registry.close()
    try {
      await engine.start(registry.declared())
      // Once more, in case an engine does not: documents of another shape are not to be written over.
      refuseUnknown(await engine.marks(), layouts())
      started = true
      await rewriter.start()
      // Before anybody reads, so that nothing that is remembered can be older than where the following of its events begins.
      await tails.start()
      caches.follow((tail) => tails.follow(tail))
      await pump.start()
      unwatch = engine.events.watch?.(() => wake()) ?? unwatch
      sweeper.start()
    } catch (error) {
      await close()
      throw error
    }
  }
  const close = async (): Promise<void> => {
    unwatch()
    await rewriter.stop()
    await sweeper.stop()
    await tails.stop()
    await pump.stop()
    started = false
    caches.clear()
    await engine.stop()
  }
  let opening: Promise<void> | undefined
  let closing: Promise<void> | undefined
  return idle(contractOf(parts), {
    async start() {
      opening ??= open()
      await opening
    },
    async stop() {
      await opening?.catch(() => {})
      closing ??= close()
      await closing
    },
    async health() {
      return started ? engine.health() : 'the database is not started'
    },
  })
}

function contractOf({ engine, store, registry, caches, pump, tails, rewriter }: Parts): Database {
  return {
    get capabilities() {
      return engine.capabilities
    },
    collection: (definition) => registry.declare(definition),
    async commit(_call, operations, events = []) {
      try {
        await commit({ store, registered: (name) => registry.find(name) }, operations, [...caches.eventsOf(operations), ...events])
      } finally {
        caches.forget(operations)
      }
    },
    subscribe: (subscription) => pump.subscribe(subscription),
    subscribed: async () => await pump.placed(),
    tail: (tail) => tails.follow(tail),
    async events() {
      const { events } = store.ready()
      // In this order: what is added or removed in between makes the answer smaller, never too promising.
      const newest = await events.head()
      return { newest, oldest: await events.first() }
    },
    settled: async () => await rewriter.settled(),
    plan: async () => planOf(await engine.plan(registry.declared()), registry.all()),
  }
}
