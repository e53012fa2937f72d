// What happens by mail: a mailbox as proof of who somebody is.
import type { Clock } from '#kernel/clock.ts'
import type { Database } from '../database/contract.ts'
import type { AccountsShared } from './accounts/create.ts'
import { createMailLimits } from './accounts/mail-limits.ts'
import { createRecoveryRepository } from './recovery/repository.ts'
import { createRecovery, type Recovery } from './recovery/service.ts'

export interface ByMail {
  readonly recovery: Recovery
}

export interface ByMailParts {
  readonly database: Database
  readonly clock: Clock
  readonly shared: AccountsShared
  /** Where mailed links lead: the accounts origin. */
  readonly origin: string
}

/** Make it before the database starts, since it declares its collections. */
export function createByMail({ database, clock, shared, origin }: ByMailParts): ByMail {
  const { repository: accounts, passwords } = shared
  const limits = createMailLimits(shared)
  return {
    recovery: createRecovery({ repository: createRecoveryRepository(database), accounts, passwords, limits, clock, origin }),
  }
}
