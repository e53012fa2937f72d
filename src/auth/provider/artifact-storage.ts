// Short-lived records: interactions, pushed authorization requests (RFC 9126), and the ids of proofs that were used (RFC 9449).
import type { Adapter } from 'oidc-provider'
import Provider, { errors } from 'oidc-provider'
import type { Clock } from '#kernel/clock.ts'
import { deleteFrom, insertInto, updateIn } from '#kernel/collection.ts'
import { hasCode } from '#kernel/errors.ts'
import type { Collection } from '../../database/contract.ts'
import { type ArtifactRecord, artifactsCollection, type InteractionRecord, interactionsCollection } from './collections.ts'
import { recordId } from './ids.ts'
import { interactionEnded } from './details.ts'
import { noStorage } from './no-storage.ts'
import type { Pending } from './pending.ts'
import { claim, currentCall, isLikelyNew, noteRead, refuseAll } from './scope.ts'
import { type Vault, withoutId } from './vault.ts'

export interface InteractionStorageDependencies {
  readonly interactions: Collection<InteractionRecord>
  readonly pending: Pick<Pending, 'defer' | 'commit'>
  readonly vault: Vault
  readonly clock: Clock
}

export function createInteractionStorage({ interactions, pending, vault, clock }: InteractionStorageDependencies): Adapter {
  const place = (id: string): { collection: string; id: string } => ({ collection: interactionsCollection.name, id })
  return {
    ...noStorage,
    async upsert(uid, payload, expiresIn = 0) {
      const call = currentCall()
      const id = recordId(uid)
      const record = { id, payload: vault.seal(place(id), withoutId(payload)), expiresAt: clock.now() + expiresIn * 1000 }
      // Saved when it begins, and when a part of a sign-in is proved.
      if (Provider.ctx !== undefined && isLikelyNew(id)) {
        await pending.defer({ operations: [insertInto(interactionsCollection, record)], alone: () => interactions.insert(call, record) })
        return
      }
      // Only the engine begins one, and once: what would be added to has been answered meanwhile.
      if (!(await pending.commit(call, { operations: [updateIn(interactionsCollection, id, { set: record })] }))) throw interactionEnded()
    },
    async find(uid) {
      const call = currentCall()
      const id = recordId(uid)
      const stored = await interactions.get(call, id)
      if (stored !== undefined) noteRead(id)
      const payload = stored === undefined ? undefined : vault.open(place(id), stored.value.payload)
      return payload === undefined ? undefined : { ...payload, jti: uid }
    },
    async destroy(uid) {
      const call = currentCall()
      const id = recordId(uid)
      if (!claim(id)) return
      await pending.defer({
        // Of two answers to one question the first one counts: what the other one would have led to is not stored either.
        operations: [deleteFrom(interactionsCollection, id)],
        async alone() {
          if (!(await interactions.delete(call, id))) throw refuseAll(interactionEnded())
        },
      })
    },
  }
}

export interface ArtifactStorageDependencies {
  readonly artifacts: Collection<ArtifactRecord>
  readonly pending: Pick<Pending, 'defer'>
  readonly vault: Vault
  readonly clock: Clock
}

/** A proof or an assertion that somebody has shown already. */
export class UsedBefore extends Error {}

export type ArtifactKind = 'PushedAuthorizationRequest' | 'ReplayDetection'

export function createArtifactStorage(kind: ArtifactKind, { artifacts, pending, vault, clock }: ArtifactStorageDependencies): Adapter {
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
      const call = currentCall()
      const id = keyOf(given)
      const change = { set: { consumedAt: clock.now() }, where: { consumedAt: undefined } }
      // With what it is used up for, or not at all.
      await pending.defer({
        operations: [updateIn(artifactsCollection, id, change)],
        async alone() {
          if ((await artifacts.update(call, id, change)) === undefined) throw refuseAll(lost())
        },
      })
    },
    async destroy(given) {
      await artifacts.delete(currentCall(), keyOf(given))
    },
  }
}
