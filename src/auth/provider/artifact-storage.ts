// Short-lived records: interactions, pushed authorization requests (RFC 9126), and the ids of proofs that were used (RFC 9449).
import type { Adapter } from 'oidc-provider'
import { errors } from 'oidc-provider'
import type { Clock } from '#kernel/clock.ts'
import { deleteFrom, insertInto, updateIn } from '#kernel/collection.ts'
import { hasCode } from '#kernel/errors.ts'
import type { Collection } from '../../database/contract.ts'
import { type ArtifactRecord, artifactsCollection, type InteractionRecord, interactionsCollection } from './collections.ts'
import { recordId } from './ids.ts'
import { noStorage } from './no-storage.ts'
import type { Pending } from './pending.ts'
import { currentCall, currentExchange } from './scope.ts'
import type { Prove } from './sign-in-proof.ts'
import { type Vault, withoutId } from './vault.ts'

export interface InteractionStorageDependencies {
  readonly interactions: Collection<InteractionRecord>
  readonly pending: Pick<Pending, 'defer' | 'commit'>
  readonly vault: Vault
  readonly clock: Clock
  readonly prove: Prove
}

export function createInteractionStorage({ interactions, pending, vault, clock, prove }: InteractionStorageDependencies): Adapter {
  const place = (id: string): { collection: string; id: string } => ({ collection: interactionsCollection.name, id })
  return {
    ...noStorage,
    async upsert(uid, payload, expiresIn = 0) {
      const call = currentCall()
      const id = recordId(uid)
      const record = { id, payload: vault.seal(place(id), withoutId(payload)), expiresAt: clock.now() + expiresIn * 1000 }
      // Saved once when it begins and once with its result.
      const insert = { operations: [insertInto(interactionsCollection, record)], alone: () => interactions.insert(call, record) }
      const update = { operations: [updateIn(interactionsCollection, id, { set: record })] }
      const isThere = (await interactions.get(call, id)) !== undefined
      if (!isThere || !(await pending.commit(call, update))) await pending.defer(insert)
    },
    async find(uid) {
      const call = currentCall()
      const id = recordId(uid)
      const stored = await interactions.get(call, id)
      const payload = stored === undefined ? undefined : vault.open(place(id), stored.value.payload)
      return payload === undefined ? undefined : { ...(await prove(call, currentExchange(), payload)), jti: uid }
    },
    async destroy(uid) {
      const call = currentCall()
      const id = recordId(uid)
      const operations = [deleteFrom(interactionsCollection, id, { ifPresent: true })]
      await pending.defer({ operations, alone: () => interactions.delete(call, id) })
    },
  }
}

export interface ArtifactStorageDependencies {
  readonly artifacts: Collection<ArtifactRecord>
  readonly vault: Vault
  readonly clock: Clock
}

/** A proof or an assertion that somebody has shown already. */
export class UsedBefore extends Error {}

export type ArtifactKind = 'PushedAuthorizationRequest' | 'ReplayDetection'

export function createArtifactStorage(kind: ArtifactKind, { artifacts, vault, clock }: ArtifactStorageDependencies): Adapter {
  const keyOf = (id: string): string => `${kind}:${recordId(id)}`
  const place = (id: string): { collection: string; id: string } => ({ collection: artifactsCollection.name, id })
  const lost = (): Error => (kind === 'ReplayDetection' ? new UsedBefore() : new errors.InvalidRequestUri('request_uri was used before'))
  return {
    ...noStorage,
    async upsert(given, payload, expiresIn = 0) {
      const id = keyOf(given)
      const record = { id, payload: vault.seal(place(id), withoutId(payload)), expiresAt: clock.now() + expiresIn * 1000 }
      try {
        await artifacts.insert(currentCall(), record)
      } catch (error) {
        // The engine looks first and writes then; of two proofs at once only the insert can tell.
        if (hasCode(error, 'database.duplicate')) throw lost()
        throw error
      }
    },
    async find(given) {
      const id = keyOf(given)
      const stored = await artifacts.get(currentCall(), id)
      const payload = stored === undefined ? undefined : vault.open(place(id), stored.value.payload)
      if (stored === undefined || payload === undefined) return undefined
      const { consumedAt } = stored.value
      return { ...payload, jti: given, ...(consumedAt === undefined ? {} : { consumed: Math.floor(consumedAt / 1000) }) }
    },
    async consume(given) {
      const set = { consumedAt: clock.now() }
      const won = await artifacts.update(currentCall(), keyOf(given), { set, where: { consumedAt: undefined } })
      if (won === undefined) throw lost()
    },
    async destroy(given) {
      await artifacts.delete(currentCall(), keyOf(given))
    },
  }
}
