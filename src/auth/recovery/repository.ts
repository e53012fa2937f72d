// How permissions to set a new password are stored, and used up together with setting it.
import type { Call } from '#kernel/call.ts'
import { defineCollection, deleteFrom, type EventDraft, type Operation, updateIn } from '#kernel/collection.ts'
import { hasCode } from '#kernel/errors.ts'
import type { Database, Stored } from '../../database/contract.ts'
import { accountsCollection } from '../accounts/repository.ts'
import type { Account } from '../accounts/schemas.ts'
import { passkeysCollection } from '../passkeys/repository.ts'
import { identitiesCollection } from '../upstream/repository.ts'
import { type PasswordReset, passwordReset } from './schemas.ts'

export const resetsCollection = defineCollection<PasswordReset>({
  name: 'auth_password_resets',
  schema: passwordReset,
  indexes: { account: { fields: ['accountId'] } },
  expiry: 'expiresAt',
})

/** More than anybody has. */
const AT_ONCE = 1000

export interface RecoveryRepository {
  find(call: Call, id: string): Promise<Stored<PasswordReset> | undefined>
  insert(call: Call, reset: PasswordReset, events: readonly EventDraft[]): Promise<void>
  /**
   * Uses it up and sets the password, both or neither. An address that was not confirmed is by this, and what let somebody in before without its mailbox
   * goes in the same commit. False when somebody was faster, or the password has changed meanwhile.
   */
  redeem(call: Call, reset: Stored<PasswordReset>, change: NewPassword): Promise<boolean>
}

export interface NewPassword {
  readonly account: Account
  readonly password: string
  readonly now: number
  readonly events: readonly EventDraft[]
}

export function createRecoveryRepository(database: Database): RecoveryRepository {
  const resets = database.collection(resetsCollection)
  const identities = database.collection(identitiesCollection)
  const passkeys = database.collection(passkeysCollection)
  const otherWays = async (call: Call, accountId: string): Promise<Operation[]> => {
    const theirs = { index: 'account', where: { accountId }, limit: AT_ONCE } as const
    const [linked, keys] = await Promise.all([identities.list(call, theirs), passkeys.list(call, theirs)])
    return [
      ...linked.items.map(({ value }) => deleteFrom(identitiesCollection, value.id)),
      ...keys.items.map(({ value }) => deleteFrom(passkeysCollection, value.id)),
    ]
  }
  return {
    find: (call, id) => resets.get(call, id),
    async insert(call, reset, events) {
      await resets.insert(call, reset, { events })
    },
    async redeem(call, { value, version }, { account, password, now, events }) {
      const { id, password: before, waysVersion, emailVerifiedAt } = account
      const set = { password, emailVerifiedAt: emailVerifiedAt ?? now }
      const operations = [
        deleteFrom(resetsCollection, value.id, { ifVersion: version }),
        updateIn(accountsCollection, id, { set, where: { password: before, waysVersion, emailVerifiedAt } }),
        ...(emailVerifiedAt === undefined ? await otherWays(call, id) : []),
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
