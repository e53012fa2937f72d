// Authorization codes: single use by compare-and-set, whoever asks and however many at once (RFC 9700 section 4.2.4).
import type { Adapter } from 'oidc-provider'
import { errors } from 'oidc-provider'
import type { Clock } from '#kernel/clock.ts'
import { insertInto, updateIn } from '#kernel/collection.ts'
import type { Collection } from '../../database/contract.ts'
import { type CodeRecord, codesCollection } from './collections.ts'
import type { Endings } from './endings.ts'
import { recordId, sidOf } from './ids.ts'
import { noStorage } from './no-storage.ts'
import type { Pending } from './pending.ts'
import { currentCall } from './scope.ts'
import { sweepTokens } from './sweep.ts'
import { type Vault, withoutId } from './vault.ts'

export interface CodeStorageDependencies {
  readonly codes: Collection<CodeRecord>
  readonly pending: Pick<Pending, 'defer'>
  readonly vault: Vault
  readonly clock: Clock
  readonly endings: Pick<Endings, 'endGrant'>
}

/** A client that is what it says it is knows its verifier at the first try; a few are for those that send it late or garbled. */
const MAX_WRONG_TRIES = 5

export interface CodeStorage extends Adapter {
  /** Somebody had the code and not what goes with it: after five such tries it is gone. */
  noteWrongTry(code: string): Promise<void>
}

export function createCodeStorage({ codes, pending, vault, clock, endings }: CodeStorageDependencies): CodeStorage {
  const place = (id: string): { collection: string; id: string } => ({ collection: codesCollection.name, id })
  return {
    ...noStorage,
    async upsert(code, payload, expiresIn = 0) {
      const id = recordId(code)
      const { grantId } = payload
      if (grantId === undefined) throw new TypeError('An authorization code needs a grant.')
      const call = currentCall()
      const record = {
        id,
        grant: sidOf(grantId),
        payload: vault.seal(place(id), withoutId(payload)),
        expiresAt: clock.now() + expiresIn * 1000,
      }
      await pending.defer({ operations: [insertInto(codesCollection, record)], alone: () => codes.insert(call, record) })
    },
    async find(code) {
      const id = recordId(code)
      const stored = await codes.get(currentCall(), id)
      if (stored === undefined) return undefined
      const payload = vault.open(place(id), stored.value.payload)
      // RFC 9700 section 4.8.2: a code without a challenge is none, whatever is sent with it.
      if (payload?.codeChallenge === undefined) return undefined
      const { consumedAt } = stored.value
      return { ...payload, jti: code, ...(consumedAt === undefined ? {} : { consumed: Math.floor(consumedAt / 1000) }) }
    },
    // One commit with the tokens that it is used up for, so that no crash leaves a used code without them.
    async consume(code) {
      const call = currentCall()
      const id = recordId(code)
      const change = { set: { consumedAt: clock.now() }, where: { consumedAt: undefined } }
      await pending.defer({
        operations: [updateIn(codesCollection, id, change)],
        async alone() {
          if ((await codes.update(call, id, change)) !== undefined) return
          // Whoever comes second while the first is under way is a second use like one that comes later, which the engine answers in this way.
          const stored = await codes.get(call, id)
          if (stored !== undefined) await endings.endGrant(call, stored.value.grant)
          throw new errors.InvalidGrant('authorization code already consumed')
        },
      })
    },
    async destroy(code) {
      await codes.delete(currentCall(), recordId(code))
    },
    async revokeByGrantId(grantId) {
      await sweepTokens(codes, currentCall(), sidOf(grantId))
    },
    noteWrongTry: (code) => countWrongTry(codes, recordId(code)),
  }
}

async function countWrongTry(codes: Collection<CodeRecord>, id: string): Promise<void> {
  const call = currentCall()
  for (;;) {
    const stored = await codes.get(call, id)
    if (stored === undefined || stored.value.consumedAt !== undefined) return
    const wrongTries = (stored.value.wrongTries ?? 0) + 1
    if (wrongTries >= MAX_WRONG_TRIES) {
      await codes.delete(call, id)
      return
    }
    // Whoever loses has seen another one count, so this ends.
    if ((await codes.update(call, id, { set: { wrongTries }, ifVersion: stored.version })) !== undefined) return
  }
}
