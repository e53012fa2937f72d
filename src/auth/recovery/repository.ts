// How permissions to set a new password, or to make a new passkey, are stored, and used up together with what they permit.
import type { Call } from '#kernel/call.ts'
import { type Change, defineCollection, type EventDraft, type Operation, updateIn } from '#kernel/collection.ts'
import { hasCode } from '#kernel/errors.ts'
import type { Database, Stored } from '../../database/contract.ts'
import { accountsCollection } from '../accounts/repository.ts'
import { type Account, credentialOf } from '../accounts/schemas.ts'
import type { Reclaiming } from '../reclaiming.ts'
import { usedUp } from '../second-press.ts'
import { type PasswordReset, passwordReset } from './schemas.ts'

export const resetsCollection = defineCollection<PasswordReset>({
  name: 'auth_password_resets',
  schema: passwordReset,
  indexes: { account: { fields: ['accountId'] } },
  expiry: 'expiresAt',
})

export interface RecoveryRepository {
  find(call: Call, id: string, what: 'password' | 'passkey'): Promise<Stored<PasswordReset> | undefined>
  insert(call: Call, reset: PasswordReset, events: readonly EventDraft[]): Promise<void>
  /** Makes it somebody's that was nobody's. False when it is gone, used up, or somebody's already. */
  give(call: Call, reset: Stored<PasswordReset>, given: Given): Promise<boolean>
  /**
   * Uses it up and sets the password or adds the passkey, both or neither. An address that was not confirmed is by this: whoever had the account before has never shown that
   * the mailbox is theirs, so every way in and every second step that was set goes in the same commit. `moved`: somebody was faster, or the account has changed
   * meanwhile; `used`: the passkey was made before, by the same answer of a browser.
   */
  redeem(call: Call, reset: Stored<PasswordReset>, change: Recovered): Promise<'done' | 'moved' | 'used'>
}

export interface Given extends Pick<PasswordReset, 'accountId' | 'credential'> {
  readonly events: readonly EventDraft[]
}

export interface Recovered {
  readonly account: Account
  readonly by: { readonly password: string } | NewPasskey
  readonly now: number
  /** What the request is known by when it comes again. */
  readonly press?: string | undefined
  readonly events: readonly EventDraft[]
}

interface NewPasskey {
  readonly passkeyId: string
  /** Those before go, and whatever is added until the access of others has ended. */
  readonly alone: boolean
  /** Decided on what was stored when the account had this version: adding a passkey gives it another. */
  readonly operations: readonly Operation[]
  readonly accountVersion: number
}

/** Of the account when all is done: one that was taken back counts once in this commit, and once when what was added meanwhile is removed. */
export function credentialAfter({ emailVerifiedAt, waysVersion = 0 }: Account, password: string): string {
  return credentialOf({ password, waysVersion: emailVerifiedAt === undefined ? waysVersion + 2 : waysVersion })
}

export function createRecoveryRepository(database: Database, reclaiming: Pick<Reclaiming, 'removals' | 'withdrawals'>): RecoveryRepository {
  const resets = database.collection(resetsCollection)
  return {
    async find(call, id, what) {
      const found = await resets.get(call, id)
      return (found?.value.for ?? 'password') === what ? found : undefined
    },
    async insert(call, reset, events) {
      await resets.insert(call, reset, { events })
    },
    async give(call, { value }, { events, ...set }) {
      return (await resets.update(call, value.id, { set, where: { accountId: undefined, usedAt: undefined } }, { events })) !== undefined
    },
    async redeem(call, { value, version }, { account, by, now, press, events }) {
      const { id, password: before, waysVersion, emailVerifiedAt, reclaimedSince } = account
      const isFirstProof = emailVerifiedAt === undefined
      const set = changeOf(account, by, now)
      const ifVersion = 'password' in by ? {} : { ifVersion: by.accountVersion }
      const operations = [
        updateIn(resetsCollection, value.id, { set: emptied(press, now), ifVersion: version }),
        updateIn(accountsCollection, id, { set, ...ifVersion, where: { password: before, waysVersion, emailVerifiedAt, reclaimedSince } }),
        ...(await (isFirstProof ? reclaiming.removals(call, id, { since: 0 }) : reclaiming.withdrawals(call, id))),
        // What takes passkeys away is among the removals then.
        ...('password' in by ? [] : by.operations.filter(({ kind }) => !isFirstProof || kind !== 'delete')),
      ]
      try {
        await database.commit(call, operations, events)
        return 'done'
      } catch (error) {
        if (hasCode(error, 'database.conflict')) return 'moved'
        if (hasCode(error, 'database.duplicate')) return 'used'
        throw error
      }
    },
  }
}

function emptied(press: string | undefined, now: number): Change<PasswordReset>['set'] {
  return { accountId: undefined, email: '', credential: '', byOperator: undefined, ...usedUp(press, now) }
}

function changeOf({ waysVersion, emailVerifiedAt = 0, reclaimedSince }: Account, by: Recovered['by'], now: number): Partial<Account> {
  const given = 'password' in by ? { password: by.password, awaitsLegacyPassword: undefined } : {}
  const set = { ...given, emailVerifiedAt: emailVerifiedAt === 0 ? now : emailVerifiedAt }
  if (emailVerifiedAt !== 0 && 'password' in by) return set
  // Every other link ends, and whatever was proved halfway: a new password alone does that by itself. An account that is being taken back keeps this passkey.
  const ended = { ...set, waysVersion: (waysVersion ?? 0) + 1 }
  if ('password' in by) return { ...ended, reclaimedSince: 0, reclaimedBy: undefined }
  const kept = { ...ended, reclaimedBy: by.passkeyId }
  if (emailVerifiedAt === 0) return { ...kept, reclaimedSince: 0 }
  // Who is signed in as somebody who has their device is so for a moment more.
  const since = reclaimedSince ?? (by.alone ? now : undefined)
  return since === undefined ? ended : { ...kept, reclaimedSince: since }
}
