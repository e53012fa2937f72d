// What happens by mail: a mailbox as proof of who somebody is.
import type { Clock } from '#kernel/clock.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import type { Database } from '../database/contract.ts'
import type { AccountsShared } from './accounts/create.ts'
import { createAddressRepository } from './address/repository.ts'
import { type AddressOffering, createAddressOffering } from './address/offering.ts'
import { type Addresses, createAddresses } from './address/service.ts'
import { createMailLimits } from './accounts/mail-limits.ts'
import { createEmailSignInRepository } from './email-sign-in/repository.ts'
import { createEmailSignIns, type EmailSignIns } from './email-sign-in/service.ts'
import { createLostPasskeys, type LostPasskeys, type LostPasskeysDependencies } from './lost-passkeys/service.ts'
import type { SignInMethods } from './methods.ts'
import { createReclaiming, type Reclaiming } from './reclaiming.ts'
import { createRecoveryRepository } from './recovery/repository.ts'
import { createRecovery, type Recovery } from './recovery/service.ts'

export interface ByMail {
  readonly recovery: Recovery
  readonly lostPasskeys: LostPasskeys
  readonly signIns: EmailSignIns
  readonly addresses: Addresses
  readonly addressOffering: AddressOffering
  readonly reclaiming: Reclaiming
}

export interface ByMailParts {
  readonly database: Database
  readonly clock: Clock
  readonly shared: AccountsShared
  readonly methods: SignInMethods
  readonly asksForMore: LostPasskeysDependencies['asksForMore']
  /** Another system is asked about people. */
  readonly asksElsewhere: boolean
  readonly keyRing: KeyRing
  /** Where mailed links lead: the accounts origin. */
  readonly origin: string
}

/** Make it before the database starts, since it declares its collections. */
export function createByMail(parts: ByMailParts): ByMail {
  const { database, clock, shared, origin, asksElsewhere } = parts
  const { repository: accounts, passwords, admission } = shared
  const limits = createMailLimits(shared)
  const reclaiming = createReclaiming(database)
  const resets = createRecoveryRepository(database, reclaiming)
  const ended = asksElsewhere ? shared.ended : undefined
  const addressing = { ...parts, accounts, admission, ended, repository: createAddressRepository(database, reclaiming) }
  return {
    signIns: createEmailSignIns({ ...parts, ...shared, reclaiming, repository: createEmailSignInRepository(database), accounts, limits }),
    reclaiming,
    addresses: createAddresses({ ...addressing, limits }),
    addressOffering: createAddressOffering(addressing),
    recovery: createRecovery({ repository: resets, accounts, passwords, limits, admission, clock, origin }),
    lostPasskeys: createLostPasskeys({ ...parts, repository: resets, accounts, limits, admission }),
  }
}
