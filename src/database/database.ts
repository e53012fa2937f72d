// The database server without its engine: collections, commits, events and upkeep on whatever engine is given.
import type { Clock } from '#kernel/clock.ts'
import { idle, type Running } from '#kernel/lifecycle.ts'
import type { Logger } from '#kernel/log.ts'
import { commit } from './commit.ts'
import type { Database } from './contract.ts'
import { createEventPump, type EventPump } from './events.ts'
import type { Engine } from './ports.ts'
import { createRegistry } from './registry.ts'
import { createStore } from './store.ts'
import { createSweeper } from './sweeper.ts'

export interface DatabaseParts {
  readonly engine: Engine
  readonly clock: Clock
  readonly logger: Logger
  /** How often expired documents and read events are removed. */
  readonly sweepEveryMs: number
}

export function createDatabase({ engine, clock, logger, sweepEveryMs }: DatabaseParts): Running<Database> {
  let started = false
  const store = createStore({ engine, clock, isStarted: () => started, wake: () => pump.wake() })
  const registry = createRegistry(store)
  const pump: EventPump = createEventPump(store, logger)
  const sweeper = createSweeper({ store, pump, logger, everyMs: sweepEveryMs, layouts: () => registry.all().map(({ layout }) => layout) })

  const open = async (): Promise<void> => {
    registry.close()
    try {
      await engine.start(
        registry.all().map(({ layout, codec }) => ({ layout, migrate: (document, from) => codec.migrate(document, from) })),
      )
      started = true
      await pump.start()
      sweeper.start()
    } catch (error) {
      await close()
      throw error
    }
  }
  const close = async (): Promise<void> => {
    await sweeper.stop()
    await pump.stop()
    started = false
    await engine.stop()
  }
  let opening: Promise<void> | undefined
  let closing: Promise<void> | undefined

  const contract: Database = {
    capabilities: engine.capabilities,
    collection: (definition) => registry.declare(definition),
    async commit(_call, operations, events = []) {
      await commit({ store, registered: (name) => registry.find(name) }, operations, events)
    },
    subscribe: (subscription) => pump.subscribe(subscription),
  }
  return idle(contract, {
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
