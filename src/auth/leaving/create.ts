// Puts the end of accounts together.
import type { Clock } from '#kernel/clock.ts'
import type { Database } from '../../database/contract.ts'
import type { AuthDefinition } from '../contract.ts'
import type { Engine } from '../engine.ts'
import { personalData } from './parts.ts'
import { createLeavingRepository } from './repository.ts'
import { createLeaving, type Leaving } from './service.ts'

const GRACE_DAYS = 14

export interface LeavingParts {
  readonly database: Database
  readonly clock: Clock
  readonly engine: Engine
  readonly definition: AuthDefinition | undefined
  readonly origin: string
}

export interface RunningLeaving extends Leaving {
  start(): void
  stop(): void
}

/** Make it before the database starts, since it declares its collections. */
export function createLeavingPart({ database, clock, engine, definition, origin }: LeavingParts): RunningLeaving {
  const leaving = createLeaving({
    repository: createLeavingRepository(database),
    personalData: personalData(database),
    engine,
    clock,
    graceDays: definition?.deletion?.graceDays ?? GRACE_DAYS,
    origin,
  })
  let unsubscribe = (): void => {}
  return {
    ...leaving,
    start() {
      unsubscribe = database.subscribe(leaving.subscription)
    },
    stop: () => unsubscribe(),
  }
}
