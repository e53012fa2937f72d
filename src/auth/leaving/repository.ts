// The writes in the life of an account that others must not overtake: blocked, about to be deleted, gone.
import type { Call } from '#kernel/call.ts'
import { deleteFrom, type EventDraft, type Operation, updateIn } from '#kernel/collection.ts'
import { committed } from '#kernel/committed.ts'
import type { Database, Page, Stored } from '../../database/contract.ts'
import { accountsCollection } from '../accounts/repository.ts'
import type { Account } from '../accounts/schemas.ts'

type Standing = Pick<Account, 'suspendedAt' | 'deletion' | 'deletionAt'>

export interface LeavingRepository {
  find(call: Call, id: string): Promise<Stored<Account> | undefined>
  findByEmail(call: Call, email: string): Promise<Stored<Account> | undefined>
  /** False when the account has changed since it was read. */
  change(
    call: Call,
    account: Stored<Account>,
    change: { readonly set: Partial<StandingChange>; readonly also?: readonly Operation[]; readonly events: readonly EventDraft[] },
  ): Promise<boolean>
  /** For what is to be done although the account stays as it is. */
  tell(call: Call, events: readonly EventDraft[], also: readonly Operation[]): Promise<void>
  /** Whose time has come, at most 100. */
  listDue(call: Call, now: number, after: string | undefined): Promise<Page<Account>>
  /** False when it has changed since it was read. */
  delete(call: Call, account: Stored<Account>, events: readonly EventDraft[]): Promise<boolean>
}

export type StandingChange = { readonly [Field in keyof Standing]: Standing[Field] | undefined }

const AT_ONCE = 100

export function createLeavingRepository(database: Database): LeavingRepository {
  const accounts = database.collection(accountsCollection)
  const commit = async (call: Call, operations: readonly Operation[], events: readonly EventDraft[]): Promise<boolean> => {
    return await committed(database.commit(call, operations, events), 'conflict')
  }
  return {
    find: (call, id) => accounts.get(call, id),
    findByEmail: (call, email) => accounts.getByKey(call, 'email', { email }),
    change: (call, { value, version }, { set, also = [], events }) =>
      commit(call, [updateIn(accountsCollection, value.id, { set, ifVersion: version }), ...also], events),
    tell: (call, events, also) => database.commit(call, also, events),
    listDue: (call, now, after) =>
      accounts.list(call, {
        index: 'deletion',
        range: { from: 0, below: now + 1 },
        limit: AT_ONCE,
        ...(after === undefined ? {} : { after }),
      }),
    delete: (call, { value, version }, events) => commit(call, [deleteFrom(accountsCollection, value.id, { ifVersion: version })], events),
  }
}
