// How accounts and mailed links are stored.
import { breath } from '#kernel/breath.ts'
import type { Call } from '#kernel/call.ts'
import { type Change, defineCollection, type EventDraft, insertInto, type Operation, updateIn } from '#kernel/collection.ts'
import { hasCode } from '#kernel/errors.ts'
import { sha256 } from '#kernel/keyring.ts'
import type { Database, Stored } from '../../database/contract.ts'
import { usedUp } from '../second-press.ts'
import { type Account, account, credentialOf, type EmailToken, emailToken } from './schemas.ts'

export const accountsCollection = defineCollection<Account>({
  name: 'accounts',
  schema: account,
  indexes: { email: { fields: ['email'], unique: true }, deletion: { fields: ['deletionAt'] } },
  migrations: [
    // The password may be absent: nothing to rewrite, but a program that takes it for granted must not start on such accounts.
    { changes: [], up: (document) => document },
  ],
})

export const emailTokensCollection = defineCollection<EmailToken>({
  name: 'email_tokens',
  schema: emailToken,
  indexes: {},
  expiry: 'expiresAt',
})

// What a usual row looks like.
const DECOY = JSON.stringify({
  id: '0'.repeat(26),
  email: 'somebody@example.org',
  name: 'Somebody',
  password: `$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`,
  emailVerifiedAt: 0,
  createdAt: 0,
})

export interface AccountsRepository {
  find(call: Call, id: string): Promise<Account | undefined>
  findStored(call: Call, id: string): Promise<Stored<Account> | undefined>
  findByEmail(call: Call, email: string): Promise<Account | undefined>
  /** `false` when the account is gone, or its password is no longer `before`; then nothing was written. */
  updatePassword(call: Call, id: string, change: { before: string; after: string; events?: readonly EventDraft[] }): Promise<boolean>
  /** Another hash of the same password: nothing that was proved of the account ends. `false` when the account is not as it was read. */
  renewHash(call: Call, account: Account, after: string): Promise<boolean>
  /** The first one, for the account as it was read. `false` when its ways in have changed since, or it was just taken back from somebody. */
  addPassword(call: Call, account: Account, added: { password: string; events: readonly EventDraft[] }): Promise<boolean>
  /** `false` when the account is gone. */
  updateProfile(
    call: Call,
    id: string,
    change: { set: Partial<Pick<Account, 'name' | 'language'>>; events?: readonly EventDraft[] },
  ): Promise<boolean>
  findToken(call: Call, id: string): Promise<Stored<EmailToken> | undefined>
  insertToken(call: Call, token: EmailToken, events: readonly EventDraft[]): Promise<void>
  /** Uses the token up and makes the account, both or neither. `used`: somebody was faster, or an operation failed; `taken`: the address has an account. */
  redeemToken(
    call: Call,
    token: Stored<EmailToken>,
    made: { account: Account; events: readonly EventDraft[]; operations?: readonly Operation[]; press?: string | undefined },
  ): Promise<'done' | 'used' | 'taken'>
  /** For what is to be known although nothing was changed by it. */
  tell(call: Call, events: readonly EventDraft[]): Promise<void>
}

export function createAccountsRepository(database: Database): AccountsRepository {
  const accounts = database.collection(accountsCollection)
  const tokens = database.collection(emailTokensCollection)
  return {
    // Long requests ask for the person at several of their steps.
    async find(call, id) {
      await breath()
      return (await accounts.get(call, id))?.value
    },
    findStored: (call, id) => accounts.get(call, id),
    async findByEmail(call, email) {
      await breath()
      const found = await accounts.getByKey(call, 'email', { email })
      // Finding a row and decoding it takes some microseconds more (measured: as much as this): without it, the clock would tell who has none.
      if (found === undefined) for (const decoy of [DECOY, DECOY]) account.parse(JSON.parse(decoy))
      return found?.value
    },
    async updatePassword(call, id, { before, after, events = [] }) {
      const updated = await accounts.update(call, id, { set: { password: after }, where: { password: before } }, { events })
      return updated !== undefined
    },
    async renewHash(call, found, after) {
      const { id, password, waysVersion } = found
      const rehash = { of: sha256(after), credential: credentialOf(found), ...(waysVersion === undefined ? {} : { waysVersion }) }
      // Not while it is being taken back: whoever signs in meanwhile has the credential of afterwards.
      const where = { password, waysVersion, reclaimedSince: undefined }
      return (await accounts.update(call, id, { set: { password: after, rehash }, where })) !== undefined
    },
    async addPassword(call, { id, waysVersion }, { password, events }) {
      const where = { password: undefined, waysVersion, suspendedAt: undefined, reclaimedSince: undefined }
      return (await accounts.update(call, id, { set: { password, awaitsLegacyPassword: undefined }, where }, { events })) !== undefined
    },
    updateProfile: async (call, id, { set, events = [] }) => (await accounts.update(call, id, { set }, { events })) !== undefined,
    findToken: (call, id) => tokens.get(call, id),
    async insertToken(call, token, events) {
      await tokens.insert(call, token, { events })
    },
    tell: (call, events) => database.commit(call, [], events),
    async redeemToken(call, token, { account: made, events, operations: further = [], press }) {
      try {
        const operations = [
          updateIn(emailTokensCollection, token.value.id, { set: emptied(press, made.createdAt), ifVersion: token.version }),
          insertInto(accountsCollection, made),
          ...further,
        ]
        await database.commit(call, operations, events)
        return 'done'
      } catch (error) {
        if (hasCode(error, 'database.conflict')) return 'used'
        if (hasCode(error, 'database.duplicate')) return 'taken'
        throw error
      }
    },
  }
}

/** A link that was used up: where its person goes on is all that is left of it. */
function emptied(press: string | undefined, now: number): Change<EmailToken>['set'] {
  const nobody = { email: '', name: '', password: undefined, accountId: undefined, browser: undefined, language: undefined }
  return { ...nobody, ...usedUp(press, now) }
}
