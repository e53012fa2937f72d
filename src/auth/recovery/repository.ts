// How permissions to set a new password are stored, and used up together with setting it.
import type { Call } from '#kernel/call.ts'
import { defineCollection, deleteFrom, type EventDraft, updateIn } from '#kernel/collection.ts'
import { hasCode } from '#kernel/errors.ts'
import type { Database, Stored } from '../../database/contract.ts'
import { accountsCollection } from '../accounts/repository.ts'
import { type Account, credentialOf } from '../accounts/schemas.ts'
import type { Reclaiming } from '../reclaiming.ts'
import { type PasswordReset, passwordReset } from './schemas.ts'

export const resetsCollection = defineCollection<PasswordReset>({
  name: 'auth_password_resets',
  schema: passwordReset,
  indexes: { account: { fields: ['accountId'] } },
  expiry: 'expiresAt',
})

export interface RecoveryRepository {
  find(call: Call, id: string): Promise<Stored<PasswordReset> | undefined>
  insert(call: Call, reset: PasswordReset, events: readonly EventDraft[]): Promise<void>
  /**
   * Uses it up and sets the password, both or neither. An address that was not confirmed is by this: whoever had the account before has never shown that
   * the mailbox is theirs, so every way in and every second step that was set goes in the same commit. False when somebody was faster, or the password has changed meanwhile.
   */
  redeem(call: Call, reset: Stored<PasswordReset>, change: NewPassword): Promise<boolean>
}

export interface NewPassword {
  readonly account: Account
  readonly password: string
  readonly now: number
  readonly events: readonly EventDraft[]
}

/** Of the account when all is done: one that was taken back counts once in this commit, and once when what was added meanwhile is removed. */
export function credentialAfter({ emailVerifiedAt, waysVersion = 0 }: Account, password: string): string {
  return credentialOf({ password, waysVersion: emailVerifiedAt === undefined ? waysVersion + 2 : waysVersion })
}

export function createRecoveryRepository(database: Database, reclaiming: Pick<Reclaiming, 'removals'>): RecoveryRepository {
  const resets = database.collection(resetsCollection)
  return {
    find: (call, id) => resets.get(call, id),
    async insert(call, reset, events) {
      await resets.insert(call, reset, { events })
    },
    async redeem(call, { value, version }, { account, password, now, events }) {
      const { id, password: before, waysVersion, emailVerifiedAt } = account
      const isFirstProof = emailVerifiedAt === undefined
      const reclaimed = isFirstProof ? { reclaimedSince: 0, waysVersion: (waysVersion ?? 0) + 1 } : {}
      const set = { password, awaitsLegacyPassword: undefined, emailVerifiedAt: emailVerifiedAt ?? now, ...reclaimed }
      const operations = [
        deleteFrom(resetsCollection, value.id, { ifVersion: version }),
        updateIn(accountsCollection, id, { set, where: { password: before, waysVersion, emailVerifiedAt } }),
        ...(isFirstProof ? await reclaiming.removals(call, id, 0) : []),
      ]
      try {
        await database.commit(call, operations, events)
        return true
      } catch (error) {
        if (hasCode(error, 'database.conflict')) return false
        throw error
      }
    },
  }
}
