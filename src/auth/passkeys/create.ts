// Puts the passkeys part of auth together: storage, challenges, ceremonies, decisions.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import type { Logger } from '#kernel/log.ts'
import type { Database } from '../../database/contract.ts'
import type { Throttle } from '../accounts/throttle.ts'
import type { AccountDirectory } from '../engine.ts'
import { createCeremonies } from './ceremonies.ts'
import { createChallenges } from './challenges.ts'
import { createPasskeysRepository } from './repository.ts'
import { createPasskeysService, type Passkeys } from './service.ts'

export interface PasskeysParts {
  readonly database: Database
  readonly keyRing: KeyRing
  readonly clock: Clock
  readonly logger: Logger
  readonly throttle: Throttle
  readonly accounts: AccountDirectory
  /** The accounts origin, which every passkey is bound to. */
  readonly origin: string
  readonly productName: string
  /** Whether a person gets in without any passkey. */
  hasOtherWay(this: void, call: Call, accountId: string): Promise<boolean>
}

/** Make it before the database starts, since it declares its collections. */
export function createPasskeys({ database, keyRing, origin, productName, ...shared }: PasskeysParts): Passkeys {
  return createPasskeysService({
    ...shared,
    repository: createPasskeysRepository(database),
    challenges: createChallenges(keyRing, shared.clock),
    ceremonies: createCeremonies({ origin, productName }),
  })
}
