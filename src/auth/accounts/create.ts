// Puts the accounts part of auth together: storage, hashing process, throttle, decisions.
import type { Clock } from '#kernel/clock.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import type { Logger } from '#kernel/log.ts'
import type { Sites } from '#kernel/sites.ts'
import type { Cache } from '../../cache/contract.ts'
import type { Database } from '../../database/contract.ts'
import type { RunningHooks } from '../hooks/hooks.ts'
import { createPasswords, type Passwords, type PasswordSettings } from '../passwords/passwords.ts'
import { type Counts, createCounts } from './counts.ts'
import { createDevices, type Devices } from './devices.ts'
import { createDoors, type Doors } from './doors.ts'
import { type AccountsRepository, createAccountsRepository } from './repository.ts'
import { type Accounts, createAccountsService } from './service.ts'
import { createThrottle, type Throttle } from './throttle.ts'

export interface RunningAccounts {
  readonly accounts: Accounts
  readonly throttle: Throttle
  /** What the other ways into an account are made of. */
  readonly shared: AccountsShared
  start(): Promise<void>
  stop(): Promise<void>
  health(): string | undefined
}

export interface AccountsShared {
  readonly repository: AccountsRepository
  readonly passwords: Passwords
  readonly throttle: Throttle
  readonly counts: Counts
  readonly doors: Doors
  readonly devices: Devices
}

export interface AccountsParts {
  readonly database: Database
  readonly cache: Cache
  readonly keyRing: KeyRing
  readonly clock: Clock
  readonly logger: Logger
  readonly hooks: RunningHooks
  readonly settings: { readonly sites: Sites; readonly passwords?: PasswordSettings }
}

/** Make it before the database starts, since it declares its collections. */
export function createAccounts({ database, cache, keyRing, clock, logger, hooks, settings }: AccountsParts): RunningAccounts {
  const passwords = createPasswords(logger, settings.passwords)
  const counts = createCounts(cache, clock)
  const throttle = createThrottle(counts)
  const shared: AccountsShared = {
    repository: createAccountsRepository(database),
    passwords,
    throttle,
    counts,
    doors: createDoors(keyRing),
    devices: createDevices(keyRing),
  }
  const accounts = createAccountsService({
    ...shared,
    hooks,
    clock,
    logger,
    origin: settings.sites.accounts,
  })
  return { accounts, throttle, shared, start: () => passwords.start(), stop: () => passwords.stop(), health: () => passwords.health() }
}
