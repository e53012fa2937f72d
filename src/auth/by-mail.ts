// What happens by mail: a mailbox as proof of who somebody is.
import type { Clock } from '#kernel/clock.ts'
import type { JobDefinition } from '#kernel/job.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import type { Logger } from '#kernel/log.ts'
import type { Database } from '../database/contract.ts'
import type { AccountsShared } from './accounts/create.ts'
import { createAddressRepository } from './address/repository.ts'
import { type AddressOffering, createAddressOffering } from './address/offering.ts'
import { type Addresses, createAddresses } from './address/service.ts'
import type { SigningUp } from './accounts/sign-up.ts'
import { createMailLimits } from './accounts/mail-limits.ts'
import { createEmailSignInRepository } from './email-sign-in/repository.ts'
import { createEmailSignIns, type EmailSignIns } from './email-sign-in/service.ts'
import { createLostPasskeys, type LostPasskeys, type LostPasskeysDependencies } from './lost-passkeys/service.ts'
import type { SignInMethods } from './methods.ts'
import { strangerMailJob } from './moving/stranger-mail-job.ts'
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
  readonly jobs: readonly JobDefinition[]
}

export interface ByMailParts {
  readonly signingUp: Pick<SigningUp, 'resumeSignUp'>
  readonly database: Database
  readonly clock: Clock
  readonly logger: Logger
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
  const { repository: accounts, admission } = shared
  const limits = createMailLimits(shared)
  const reclaiming = createReclaiming(database)
  const resets = createRecoveryRepository(database, reclaiming)
  const ended = asksElsewhere ? shared.ended : undefined
  const addressing = { ...parts, accounts, admission, ended, repository: createAddressRepository(database, reclaiming) }
  const signIns = createEmailSignIns({
    ...parts,
    ...shared,
    reclaiming,
    repository: createEmailSignInRepository(database),
    accounts,
    limits,
  })
  const recovery = createRecovery({ ...shared, repository: resets, accounts, limits, clock, origin })
  const lostPasskeys = createLostPasskeys({ ...parts, ...shared, repository: resets, accounts, limits })
  const resume = {
    reset: recovery.resume,
    passkey: lostPasskeys.resume,
    'sign-in': signIns.resume,
    'sign-up': parts.signingUp.resumeSignUp,
  }
  return {
    signIns,
    recovery,
    lostPasskeys,
    reclaiming,
    addresses: createAddresses({ ...addressing, limits }),
    addressOffering: createAddressOffering(addressing),
    jobs: [strangerMailJob({ ...parts, ...shared, accounts, resume })],
  }
}
