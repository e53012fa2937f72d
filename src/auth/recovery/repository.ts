// How permissions to set a new password are stored, and used up together with setting it.
import type { Call } from '#kernel/call.ts'
import { defineCollection, deleteFrom, type EventDraft, updateIn } from '#kernel/collection.ts'
import { hasCode } from '#kernel/errors.ts'
import type { Database, Stored } from '../../database/contract.ts'
import { accountsCollection } from '../accounts/repository.ts'
import type { Account } from '../accounts/schemas.ts'
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
  /** Uses it up and sets the password, both or neither. False when somebody was faster, or the password has changed meanwhile. */
  redeem(call: Call, reset: Stored<PasswordReset>, change: NewPassword): Promise<boolean>
}

export interface NewPassword {
  readonly account: Account
  readonly password: string
  readonly events: readonly EventDraft[]
}

export function createRecoveryRepository(database: Database): RecoveryRepository {
  const resets = database.collection(resetsCollection)
  return {
    find: (call, id) => resets.get(call, id),
    async insert(call, reset, events) {
      await resets.insert(call, reset, { events })
    },
    async redeem(call, { value, version }, { account, password, events }) {
      const { id, password: before, waysVersion } = account
      const operations = [
        deleteFrom(resetsCollection, value.id, { ifVersion: version }),
        updateIn(accountsCollection, id, { set: { password }, where: { password: before, waysVersion } }),
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
