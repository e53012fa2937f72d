// Puts the end of accounts together.
import type { Clock } from '#kernel/clock.ts'
import type { Database } from '../../database/contract.ts'
import type { Logger } from '#kernel/log.ts'
import type { AuthDefinition } from '../contract.ts'
import type { Engine } from '../engine.ts'
import { appEntries } from '../own-data/app-entries.ts'
import type { Holding } from '../own-data/contract.ts'
import { createOwnData, type OwnData } from '../own-data/service.ts'
import { asksElsewhere } from '../moving/asks-elsewhere.ts'
import type { People } from '../people.ts'
import { addressesOf, endedMarks, memberships, organisationInvitations, personalData } from './parts.ts'
import { createMailedRemovals } from './mailed.ts'
import { createLeavingRepository } from './repository.ts'
import { createLeaving, type Leaving } from './service.ts'

const GRACE_DAYS = 14

export interface LeavingParts {
  readonly database: Database
  readonly clock: Clock
  readonly logger: Logger
  readonly engine: Engine
  readonly definition: AuthDefinition | undefined
  readonly origin: string
  readonly people: Pick<People, 'shared' | 'organisations' | 'serviceAccounts'>
  /** What the other servers keep of people. */
  holdings?(this: void): readonly Holding[]
}

export interface RunningLeaving extends Leaving {
  readonly ownData: OwnData
  start(): void
  stop(): void
}

/** Make it before the database starts, since it declares its collections. */
export function createLeavingPart(parts: LeavingParts): RunningLeaving {
  const { database, clock, logger, engine, definition, origin, people, holdings = () => [] } = parts
  // Memberships and invitations to organisations before the changes of address, which say where else one may have been invited.
  const kept = [
    memberships(people.organisations),
    organisationInvitations(people.organisations),
    ...personalData(database),
    ...(asksElsewhere(definition) ? [endedMarks(people.shared)] : []),
  ]
  const leaving = createLeaving({
    repository: createLeavingRepository(database),
    mailed: createMailedRemovals(database),
    personalData: kept,
    addressesOf: addressesOf(database),
    engine,
    services: people.serviceAccounts.services,
    leftBy: async (call, accountId) => (people.organisations.isOn ? people.organisations.organisations.owners.leftBy(call, accountId) : []),
    clock,
    graceDays: definition?.deletion?.graceDays ?? GRACE_DAYS,
    origin,
  })
  let unsubscribe = (): void => {}
  return {
    ...leaving,
    ownData: createOwnData({
      accounts: people.shared.repository,
      throttle: people.shared.throttle,
      engine,
      personalData: kept,
      clock,
      holdings,
      app: appEntries(definition?.ownData, { clock, logger }),
    }),
    start() {
      unsubscribe = database.subscribe(leaving.subscription)
    },
    stop: () => unsubscribe(),
  }
}
