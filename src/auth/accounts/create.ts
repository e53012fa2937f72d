// Puts the accounts part of auth together: storage, hashing process, throttle, decisions.
import type { Clock } from '#kernel/clock.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import type { Logger } from '#kernel/log.ts'
import type { Sites } from '#kernel/sites.ts'
import type { Cache } from '../../cache/contract.ts'
import type { Database } from '../../database/contract.ts'
import { type Admission, createAdmission } from '../admission/service.ts'
import type { AuthDefinition } from '../contract.ts'
import type { RunningHooks } from '../hooks/hooks.ts'
import { createLastingSecret } from '../keys/lasting-secret.ts'
import type { SignInMethods } from '../methods.ts'
import { createDecoys } from '../moving/decoys.ts'
import type { LegacyFindHook, LegacyHook } from '../moving/contract.ts'
import { createEndedAccounts, type EndedAccounts } from '../moving/ended.ts'
import { createLegacyFinder, type LegacyFinder } from '../moving/finder.ts'
import { createLegacySignIn } from '../moving/legacy.ts'
import { createMovingRepository } from '../moving/repository.ts'
import { type AskForMail, createAskForMail } from '../moving/stranger-mail.ts'
import { createReclaiming } from '../reclaiming.ts'
import type { Purpose } from '#kernel/lifecycle.ts'
import { createPasswords, type PasswordSettings, type RunningPasswords } from '../passwords/passwords.ts'
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
  start(purpose?: Purpose): Promise<void>
  stop(): Promise<void>
  health(): string | undefined
}

export interface AccountsShared {
  readonly admission: Admission
  readonly ended: EndedAccounts
  /** Knows people who have not moved in yet, where the app asks another system. */
  readonly legacyFinder: LegacyFinder | undefined
  readonly askForMail: AskForMail
  readonly repository: AccountsRepository
  readonly passwords: RunningPasswords
  readonly throttle: Throttle
  readonly counts: Counts
  readonly doors: Doors
  readonly devices: Devices
}

export interface AccountsParts {
  /** These ask another system for people who have not moved in yet. */
  readonly legacySignIn?: LegacyHook | undefined
  readonly legacyFind?: LegacyFindHook | undefined

  readonly database: Database
  readonly cache: Cache
  readonly keyRing: KeyRing
  readonly clock: Clock
  readonly logger: Logger
  readonly hooks: RunningHooks
  readonly methods: SignInMethods
  readonly settings: {
    readonly sites: Sites
    readonly passwords?: PasswordSettings
    readonly passwordFilter?: string | undefined
    readonly passwordMemoryKib?: number | undefined
    readonly passwordPasses?: number | undefined
    readonly definition?: AuthDefinition | undefined
  }
}

/** Make it before the database starts, since it declares its collections. */
export function createAccounts(parts: AccountsParts): RunningAccounts {
  const { database, cache, keyRing, clock, logger, hooks, legacySignIn, legacyFind, methods, settings } = parts
  const passwords = createPasswords(logger, {
    filter: settings.passwordFilter,
    memoryKiB: settings.passwordMemoryKib,
    passes: settings.passwordPasses,
    ...settings.passwords,
  })
  const moving = createMovingRepository(database, createReclaiming(database))
  const counts = createCounts(cache, clock)
  const throttle = createThrottle(counts)
  const { signUp: rules, languages: [language] = [] } = settings.definition ?? {}
  const admission = createAdmission({ database, clock, rules, origin: settings.sites.accounts, language })
  const repository = createAccountsRepository(database)
  const ended = createEndedAccounts({ database, clock, keyOf: createLastingSecret(parts, 'legacy-ended') })
  const adopting = { ...parts, moving, ended, admission, known: settings.definition ?? {} }
  const shared: AccountsShared = {
    admission,
    ended,
    legacyFinder: legacyFind && createLegacyFinder(legacyFind, adopting),
    askForMail: createAskForMail({ asksElsewhere: legacyFind !== undefined }),
    repository,
    passwords,
    throttle,
    counts,
    doors: createDoors(keyRing),
    devices: createDevices({ keyRing, accounts: repository }),
  }
  const accounts = createAccountsService({
    ...shared,
    legacy: legacySignIn && createLegacySignIn(legacySignIn, { ...adopting, passwords }),
    hooks,
    methods,
    clock,
    logger,
    origin: settings.sites.accounts,
  })
  const decoys = createDecoys({ repository: moving, passwords, logger, keyOf: createLastingSecret(parts, 'decoys') })
  return {
    accounts,
    throttle,
    shared,
    async start(purpose) {
      await passwords.start(purpose)
      if (purpose !== 'command') await decoys.start()
    },
    async stop() {
      decoys.stop()
      await passwords.stop()
    },
    health: () => passwords.health(),
  }
}
