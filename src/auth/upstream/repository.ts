// How linked identities are stored. What changes a way into an account changes the account in the same commit.
import type { Call } from '#kernel/call.ts'
import { defineCollection, deleteFrom, type EventDraft, insertInto, type Operation, updateIn } from '#kernel/collection.ts'
import { committed } from '#kernel/committed.ts'
import { sha256 } from '#kernel/keyring.ts'
import type { Database } from '../../database/contract.ts'
import { accountsCollection } from '../accounts/repository.ts'
import type { Account } from '../accounts/schemas.ts'
import { type Identity, identity } from './schemas.ts'

export const identitiesCollection = defineCollection<Identity>({
  name: 'auth_identities',
  schema: identity,
  indexes: { account: { fields: ['accountId', 'linkedAt'] } },
})

/** An account has a few; this is only a bound. */
export const MOST_IDENTITIES = 50

export function identityId({ issuer, subject }: Pick<Identity, 'issuer' | 'subject'>): string {
  return sha256(JSON.stringify([issuer, subject]))
}

export interface IdentitiesRepository {
  find(call: Call, key: Pick<Identity, 'issuer' | 'subject'>): Promise<Identity | undefined>
  list(call: Call, accountId: string): Promise<readonly Identity[]>
  /** False when it is somebody's already, or the account is not what it was (its address and whether that was confirmed, its ways in, whether it is suspended). */
  link(call: Call, account: Account, made: { readonly identity: Identity; readonly events: readonly EventDraft[] }): Promise<boolean>
  /** An account and its first identity, both or neither. False when the identity or the address is somebody's, or it may not join any more. */
  create(
    call: Call,
    account: Account,
    made: { readonly identity: Identity; readonly joining: Operation; readonly events: readonly EventDraft[] },
  ): Promise<boolean>
  /** False when it is gone, or the ways into the account have changed since it was read. */
  unlink(call: Call, account: Account, gone: { readonly identity: Identity; readonly events: readonly EventDraft[] }): Promise<boolean>
}

export function createIdentitiesRepository(database: Database): IdentitiesRepository {
  const identities = database.collection(identitiesCollection)
  return {
    find: async (call, key) => (await identities.get(call, identityId(key)))?.value,
    async list(call, accountId) {
      const page = await identities.list(call, { index: 'account', where: { accountId }, limit: MOST_IDENTITIES })
      return page.items.map(({ value }) => value)
    },
    link: (call, { id, email, emailVerifiedAt, password, waysVersion }, { identity: made, events }) => {
      const where = { email, emailVerifiedAt, password, waysVersion, suspendedAt: undefined }
      const operations = [insertInto(identitiesCollection, made), updateIn(accountsCollection, id, { set: { email }, where })]
      return committed(database.commit(call, operations, events), 'conflict', 'duplicate')
    },
    create: (call, account, { identity: made, joining, events }) => {
      const operations = [insertInto(accountsCollection, account), insertInto(identitiesCollection, made), joining]
      return committed(database.commit(call, operations, events), 'conflict', 'duplicate')
    },
    unlink: (call, { id, password, waysVersion }, { identity: gone, events }) => {
      const change = { set: { waysVersion: (waysVersion ?? 0) + 1 }, where: { waysVersion, password } }
      const operations = [deleteFrom(identitiesCollection, gone.id), updateIn(accountsCollection, id, change)]
      return committed(database.commit(call, operations, events), 'conflict', 'duplicate')
    },
  }
}
