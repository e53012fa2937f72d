// How changes of address are stored, and used up together with the change of the account.
import type { Call } from '#kernel/call.ts'
import { type Change, defineCollection, deleteFrom, type EventDraft, insertInto, type Operation, updateIn } from '#kernel/collection.ts'
import { committed } from '#kernel/committed.ts'
import type { Database, Stored } from '../../database/contract.ts'
import { accountsCollection } from '../accounts/repository.ts'
import type { Account } from '../accounts/schemas.ts'
import type { Reclaiming } from '../reclaiming.ts'
import { resetsCollection } from '../recovery/repository.ts'
import type { PasswordReset } from '../recovery/schemas.ts'
import { usedUp } from '../second-press.ts'
import { type AddressChange, addressChange, type AddressUndo, addressUndo } from './schemas.ts'

export const addressChangesCollection = defineCollection<AddressChange>({
  name: 'auth_address_changes',
  schema: addressChange,
  indexes: { account: { fields: ['accountId'] } },
  expiry: 'expiresAt',
})

export const addressUndosCollection = defineCollection<AddressUndo>({
  name: 'auth_address_undos',
  schema: addressUndo,
  indexes: { account: { fields: ['accountId'] } },
  expiry: 'expiresAt',
})

/** Mails are limited, and so are changes. */
const MOST_UNDOS = 1000

interface Written {
  readonly events: readonly EventDraft[]
  /** Of the account from then on. */
  readonly marks: Account['legacyMarks']
}

interface Restoring extends Written {
  readonly used: Stored<AddressUndo>
  readonly since: number
  readonly now: number
  /** What the request is known by when it comes again. */
  readonly press?: string | undefined
  /** To make a new passkey afterwards. */
  readonly permit?: PasswordReset | undefined
}

export interface AddressRepository {
  insert(call: Call, change: AddressChange, events: readonly EventDraft[]): Promise<void>
  find(call: Call, id: string): Promise<Stored<AddressChange> | undefined>
  findUndo(call: Call, id: string): Promise<Stored<AddressUndo> | undefined>
  /** False when somebody was faster, the address is taken, or the account has changed. Sign-ins and mails that are under way count no more. */
  change(
    call: Call,
    account: Account,
    write: Written & { readonly used: Stored<AddressChange>; readonly undo: AddressUndo },
  ): Promise<boolean>
  /** Links back to what the account had after this change, or before it was offered: whoever made it must not undo the undoing. What an operator offers stays. */
  forgetOthers(call: Call, accountId: string, undo: AddressUndo): Promise<void>
  findAccount(call: Call, email: string): Promise<Stored<Account> | undefined>
  /** In place of earlier ones; an end that was asked for waits until nobody can follow it any more. False when the account has changed since it was read. */
  insertOffer(
    call: Call,
    account: Stored<Account>,
    write: { readonly offer: AddressUndo; readonly events: readonly EventDraft[] },
  ): Promise<boolean>
  /**
   * The same for the way back; the password goes, too, with all ways in that were added since then, and an end of the account that was asked for. The
   * link has proved the mailbox. Whether the account is blocked stays as it was.
   */
  restore(call: Call, account: Account, write: Restoring): Promise<boolean>
}

export function createAddressRepository(database: Database, reclaiming: Pick<Reclaiming, 'removals'>): AddressRepository {
  const accounts = database.collection(accountsCollection)
  const changes = database.collection(addressChangesCollection)
  const undos = database.collection(addressUndosCollection)
  const commit = async (call: Call, operations: readonly Operation[], events: readonly EventDraft[]): Promise<boolean> => {
    return await committed(database.commit(call, operations, events), 'conflict', 'duplicate')
  }
  const undosOf = async (call: Call, accountId: string, which: (undo: AddressUndo) => boolean): Promise<AddressUndo[]> => {
    const page = await undos.list(call, { index: 'account', where: { accountId }, limit: MOST_UNDOS })
    return page.items.map(({ value }) => value).filter(which)
  }
  return {
    async insert(call, change, events) {
      await changes.insert(call, change, { events })
    },
    find: (call, id) => changes.get(call, id),
    findUndo: (call, id) => undos.get(call, id),
    change: (call, account, { used, undo, events, marks }) => {
      const moved = { email: used.value.email, emailVerifiedAt: undo.changedAt, legacyMarks: marks }
      // The new address may be another person's in the other system, with a password that is none of this one's.
      const set = { ...moved, awaitsLegacyPassword: undefined, waysVersion: (account.waysVersion ?? 0) + 1 }
      const operations = [
        updateIn(addressChangesCollection, used.value.id, { set: { usedAt: undo.changedAt }, ifVersion: used.version }),
        // Not while the account is being taken back from whoever has asked for it. An end that was asked for meanwhile knows nothing of this way back, and
        // would come before it is closed.
        updateIn(accountsCollection, account.id, {
          set,
          where: { ...sameAccount(account), deletionAt: account.deletionAt, reclaimedSince: undefined },
        }),
        insertInto(addressUndosCollection, undo),
      ]
      return commit(call, operations, events)
    },
    async forgetOthers(call, accountId, { id, changedAt, offered }) {
      const isOther = (other: AddressUndo): boolean =>
        other.id !== id && (offered === true || (other.offered !== true && other.changedAt >= changedAt))
      for (const other of await undosOf(call, accountId, isOther)) await undos.delete(call, other.id)
    },
    findAccount: (call, email) => accounts.getByKey(call, 'email', { email }),
    async insertOffer(call, account, { offer, events }) {
      const earlier = await undosOf(call, account.value.id, ({ offered }) => offered === true)
      const ended = earlier.map(({ id }) => deleteFrom(addressUndosCollection, id, { ifPresent: true }))
      return commit(call, [waiting(account, offer), ...ended, insertInto(addressUndosCollection, offer)], events)
    },
    restore: async (call, account, { events, permit, ...write }) => {
      const { used, since } = write
      const operations = [
        updateIn(addressUndosCollection, used.value.id, { set: emptied(account, write), ifVersion: used.version }),
        // What has begun to be removed is not given back.
        updateIn(accountsCollection, account.id, {
          set: takenBack(account, write),
          where: { ...sameAccount(account), deletion: account.deletion },
        }),
        ...(await reclaiming.removals(call, account.id, { since })),
        ...(permit === undefined ? [] : [insertInto(resetsCollection, permit)]),
      ]
      return commit(call, operations, events)
    },
  }
}

const sameAccount = ({ email, password, waysVersion, suspendedAt }: Account) => ({ email, password, waysVersion, suspendedAt })

/** Written where nothing changes, too: an end that is asked for at this moment must see the offer. */
function waiting({ value: { id, deletionAt }, version }: Stored<Account>, { expiresAt }: AddressUndo): Operation {
  const set = { deletionAt: deletionAt === undefined ? undefined : Math.max(deletionAt, expiresAt) }
  return updateIn(accountsCollection, id, { set, ifVersion: version })
}

function emptied({ suspendedAt }: Account, { press, now }: Pick<Restoring, 'press' | 'now'>): Change<AddressUndo>['set'] {
  const whileBlocked = suspendedAt === undefined ? undefined : (true as const)
  return { accountId: undefined, before: '', unconfirmed: undefined, whileBlocked, ...usedUp(press, now) }
}

function takenBack(
  { waysVersion = 0 }: Account,
  { used, since, now, marks }: Omit<Restoring, 'events' | 'press' | 'permit'>,
): Change<Account>['set'] {
  return {
    email: used.value.before,
    legacyMarks: marks,
    emailVerifiedAt: now,
    password: undefined,
    // Nor does one of another system open it again.
    awaitsLegacyPassword: undefined,
    waysVersion: waysVersion + 1,
    reclaimedSince: since,
    reclaimedBy: undefined,
    deletionAt: undefined,
    deletion: undefined,
  }
}
