// How keys of authenticator apps and recovery codes are stored: one document each per account.
import type { Call } from '#kernel/call.ts'
import { defineCollection, deleteFrom, type EventDraft, insertInto, type Operation, updateIn } from '#kernel/collection.ts'
import { committed } from '#kernel/committed.ts'
import type { Database, Stored } from '../../database/contract.ts'
import { accountsCollection } from '../accounts/repository.ts'
import { createStillOwned } from '../accounts/still-owned.ts'
import { type RecoveryCodes, recoveryCodes, type Totp, totp } from './schemas.ts'

/** In the place of a key that was lost with the master key. */
export const LOST = ''

export const totpCollection = defineCollection<Totp>({ name: 'auth_totp', schema: totp, indexes: { created: { fields: ['createdAt'] } } })
export const codesCollection = defineCollection<RecoveryCodes>({ name: 'auth_recovery_codes', schema: recoveryCodes, indexes: {} })

interface Write {
  readonly events: readonly EventDraft[]
}

interface EnablingWrite extends Write {
  readonly credential: string
  readonly codes: RecoveryCodes | undefined
  readonly spent?: Stored<RecoveryCodes> | undefined
}

export interface SecondFactorsRepository {
  findTotp(call: Call, accountId: string): Promise<Totp | undefined>
  findCodes(call: Call, accountId: string): Promise<Stored<RecoveryCodes> | undefined>
  /**
   * In place of one that was lost. `spent`: the codes are to replace these. False when there is one already, the codes have changed, or the account no
   * longer has the credential that its owner has proved.
   */
  insertTotp(call: Call, made: Totp, write: EnablingWrite): Promise<boolean>
  /** False when somebody has used this step, or a later one, since `before`. */
  useStep(call: Call, accountId: string, step: { before: number; used: number }): Promise<boolean>
  /**
   * In place of these, or of none. `moved`: they are not what is stored now, or the account has changed at this moment; `ended`: the account no longer has
   * the credential that its owner has proved.
   */
  putCodes(
    call: Call,
    codes: RecoveryCodes,
    write: Write & { credential: string; spent: Stored<RecoveryCodes> | undefined },
  ): Promise<'done' | 'moved' | 'ended'>
  /** False when one was used since they were read. */
  useCode(call: Call, found: Stored<RecoveryCodes>, write: Write & { hash: string }): Promise<boolean>
  /** For what is to be known although nothing was changed by it. */
  tell(call: Call, events: readonly EventDraft[]): Promise<void>
  /** Sign-ins that are under way count no more. False when a way to sign in was taken away since `waysVersion` was read. */
  removeTotp(call: Call, accountId: string, write: Write & { waysVersion: number | undefined }): Promise<boolean>
  /** All that there is of it, with the same care; also what somebody has set up since it was looked for. */
  reset(call: Call, accountId: string, write: Write & { waysVersion: number | undefined }): Promise<boolean>
}

/** The account has one way in less; it fails when another one left since `waysVersion` was read. */
const wayLess = (accountId: string, waysVersion: number | undefined): Operation =>
  updateIn(accountsCollection, accountId, { set: { waysVersion: (waysVersion ?? 0) + 1 }, where: { waysVersion } })

function putCodesInto({ id, ...set }: RecoveryCodes, spent: Stored<RecoveryCodes> | undefined): Operation {
  return spent === undefined
    ? insertInto(codesCollection, { id, ...set })
    : updateIn(codesCollection, id, { set, ifVersion: spent.version })
}

export function createSecondFactorsRepository(database: Database): SecondFactorsRepository {
  const totps = database.collection(totpCollection)
  const codes = database.collection(codesCollection)
  const stillOwned = createStillOwned(database)

  const commit = async (call: Call, operations: readonly Operation[], events: readonly EventDraft[]): Promise<boolean> => {
    return await committed(database.commit(call, operations, events), 'conflict', 'duplicate')
  }

  return {
    findTotp: async (call, accountId) => (await totps.get(call, accountId))?.value,
    findCodes: (call, accountId) => codes.get(call, accountId),
    async insertTotp(call, made, { credential, codes: added, spent, events }) {
      const owned = await stillOwned(call, { accountId: made.id, credential })
      if (owned === undefined) return false
      const { id, ...set } = made
      const isLost = (await totps.get(call, id))?.value.key === LOST
      const putting = isLost ? updateIn(totpCollection, id, { set, where: { key: LOST } }) : insertInto(totpCollection, made)
      return commit(call, [putting, ...(added === undefined ? [] : [putCodesInto(added, spent)]), owned], events)
    },
    async useStep(call, accountId, { before, used }) {
      return (await totps.update(call, accountId, { set: { lastStep: used }, where: { lastStep: before } })) !== undefined
    },
    async putCodes(call, made, { credential, spent, events }) {
      const owned = await stillOwned(call, { accountId: made.id, credential })
      if (owned === undefined) return 'ended'
      return (await commit(call, [putCodesInto(made, spent), owned], events)) ? 'done' : 'moved'
    },
    async useCode(call, { value, version }, { hash, events }) {
      const set = { unused: value.unused.filter((one) => one !== hash) }
      return (await codes.update(call, value.id, { set, ifVersion: version }, { events })) !== undefined
    },
    tell: (call, events) => database.commit(call, [], events),
    removeTotp: (call, accountId, { waysVersion, events }) =>
      commit(call, [deleteFrom(totpCollection, accountId), wayLess(accountId, waysVersion)], events),
    reset: (call, accountId, { waysVersion, events }) =>
      commit(
        call,
        [
          deleteFrom(totpCollection, accountId, { ifPresent: true }),
          deleteFrom(codesCollection, accountId, { ifPresent: true }),
          wayLess(accountId, waysVersion),
        ],
        events,
      ),
  }
}
