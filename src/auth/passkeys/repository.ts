// How passkeys and answered challenges are stored.
import type { Call } from '#kernel/call.ts'
import { defineCollection, deleteFrom, type EventDraft, insertInto, type Operation, updateIn } from '#kernel/collection.ts'
import { hasCode } from '#kernel/errors.ts'
import type { Database } from '../../database/contract.ts'
import { accountsCollection } from '../accounts/repository.ts'
import { createStillOwned } from '../accounts/still-owned.ts'
import { type Passkey, passkey, type UsedChallenge, usedChallenge } from './schemas.ts'

export const passkeysCollection = defineCollection<Passkey>({
  name: 'auth_passkeys',
  schema: passkey,
  indexes: { account: { fields: ['accountId', 'createdAt'] } },
})

const usedChallengesCollection = defineCollection<UsedChallenge>({
  name: 'auth_passkey_challenges',
  schema: usedChallenge,
  indexes: {},
  expiry: 'expiresAt',
})

interface AddingWrite {
  readonly credential: string
  readonly challenge: UsedChallenge
  /** How many an account may have. */
  readonly most: number
  readonly events: readonly EventDraft[]
}

export interface PasskeysRepository {
  find(call: Call, id: string): Promise<Passkey | undefined>
  /** The one that was made by the answer to this challenge, as long as it is there. */
  madeBy(call: Call, challenge: UsedChallenge): Promise<Passkey | undefined>
  /** Oldest first. */
  list(call: Call, accountId: string): Promise<readonly Passkey[]>
  /** What stores one, for a commit of another: it fails when the challenge was answered before, or the credential is stored already. */
  adding(added: Passkey, challenge: UsedChallenge): readonly Operation[]
  /** What removes these, likewise. */
  removing(present: readonly Passkey[]): readonly Operation[]
  /**
   * `used`: the challenge was answered before, or the passkey is stored already; `ended`: the account no longer has the credential that its owner has proved;
   * `full`: it has as many as it may; `moved`: something was written to it since they were counted.
   */
  add(call: Call, added: Passkey, write: AddingWrite): Promise<'done' | 'used' | 'ended' | 'full' | 'moved'>
  /** Uses the challenge up and keeps the new count. `used`: it was answered before; `moved`: the count is no longer `before`. */
  recordUse(
    call: Call,
    id: string,
    write: {
      challenge: UsedChallenge
      before: number
      set: Partial<Pick<Passkey, 'counter' | 'backedUp' | 'lastUsedAt' | 'copySuspectedAt'>>
      events?: readonly EventDraft[]
    },
  ): Promise<'done' | 'used' | 'moved'>
  rename(call: Call, owned: { id: string; accountId: string }, name: string): Promise<boolean>
  /**
   * Sign-ins that were proved with it and are not finished count no more. `moved`: a way to sign in was taken away since `waysVersion` was read.
   */
  remove(
    call: Call,
    owned: { id: string; accountId: string },
    write: { waysVersion: number | undefined; events: readonly EventDraft[] },
  ): Promise<'done' | 'moved'>
}

/** Nobody has more: adding stops before. */
const MOST_LISTED = 100

export function createPasskeysRepository(database: Database): PasskeysRepository {
  const passkeys = database.collection(passkeysCollection)
  const stillOwned = createStillOwned(database)
  const usedChallenges = database.collection(usedChallengesCollection)

  const commit = async (
    call: Call,
    operations: readonly Operation[],
    events: readonly EventDraft[],
  ): Promise<'done' | 'used' | 'moved'> => {
    try {
      await database.commit(call, operations, events)
      return 'done'
    } catch (error) {
      if (hasCode(error, 'database.duplicate')) return 'used'
      if (hasCode(error, 'database.conflict')) return 'moved'
      throw error
    }
  }

  const adding = (added: Passkey, challenge: UsedChallenge): readonly Operation[] => [
    insertInto(usedChallengesCollection, { ...challenge, made: added.id }),
    insertInto(passkeysCollection, added),
  ]

  const list: PasskeysRepository['list'] = async (call, accountId) => {
    const page = await passkeys.list(call, { index: 'account', where: { accountId }, limit: MOST_LISTED })
    return page.items.map(({ value }) => value)
  }

  return {
    adding,
    removing: (present) => present.map(({ id }) => deleteFrom(passkeysCollection, id, { ifPresent: true })),
    find: async (call, id) => (await passkeys.get(call, id))?.value,
    list,
    async madeBy(call, { id }) {
      const made = (await usedChallenges.get(call, id))?.value.made
      return made === undefined ? undefined : (await passkeys.get(call, made))?.value
    },
    async add(call, added, { credential, challenge, most, events }) {
      const { accountId } = added
      const owned = await stillOwned(call, { accountId, credential, untouched: true })
      if (owned === undefined) return 'ended'
      if ((await list(call, accountId)).length >= most) return 'full'
      return commit(call, [...adding(added, challenge), owned], events)
    },
    recordUse: (call, id, { challenge, before, set, events = [] }) =>
      commit(
        call,
        [insertInto(usedChallengesCollection, challenge), updateIn(passkeysCollection, id, { set, where: { counter: before } })],
        events,
      ),
    rename: async (call, { id, accountId }, name) =>
      (await passkeys.update(call, id, { set: { name }, where: { accountId } })) !== undefined,
    async remove(call, { id, accountId }, { waysVersion, events }) {
      const set = { waysVersion: (waysVersion ?? 0) + 1 }
      const operations = [deleteFrom(passkeysCollection, id), updateIn(accountsCollection, accountId, { set, where: { waysVersion } })]
      return (await commit(call, operations, events)) === 'done' ? 'done' : 'moved'
    },
  }
}
