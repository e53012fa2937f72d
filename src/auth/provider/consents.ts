// What a person has allowed a third party, once and for every browser. Grants are made from it; revoking the app removes it.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { type EventDraft, insertInto } from '#kernel/collection.ts'
import { hasCode } from '#kernel/errors.ts'
import { sha256 } from '#kernel/keyring.ts'
import type { Collection, Query } from '../../database/contract.ts'
import { type ConsentRecord, consentsCollection } from './collections.ts'
import type { Pending } from './pending.ts'

export interface Consent {
  readonly accountId: string
  readonly clientId: string
  readonly scopes: readonly string[]
  /** What the write tells of. */
  readonly events: readonly EventDraft[]
}

export interface Consents {
  find(call: Call, accountId: string, clientId: string): Promise<ReadonlySet<string>>
  /** Adds to what was allowed before. */
  add(call: Call, consent: Consent): Promise<void>
  list(call: Call, accountId: string): Promise<readonly ConsentRecord[]>
  remove(call: Call, consent: Pick<Consent, 'accountId' | 'clientId' | 'events'>): Promise<void>
  removeAll(call: Call, accountId: string): Promise<void>
  /** What anybody has allowed this client. */
  removeClient(call: Call, clientId: string, until?: number): Promise<void>
}

export interface ConsentsDependencies {
  readonly consents: Collection<ConsentRecord>
  readonly pending: Pick<Pending, 'defer'>
  readonly clock: Clock
}

const MAX_ROUNDS = 20
const AT_ONCE = 200

export function createConsents({ consents, pending, clock }: ConsentsDependencies): Consents {
  const idOf = (accountId: string, clientId: string): string => sha256(`${accountId}\n${clientId}`)
  /** Those that were given by then, page by page. */
  const sweep = async (
    call: Call,
    which: Pick<Query<ConsentRecord>, 'index' | 'where'>,
    until = Number.POSITIVE_INFINITY,
  ): Promise<void> => {
    let after: string | undefined
    do {
      const page = await consents.list(call, { ...which, limit: AT_ONCE, ...(after === undefined ? {} : { after }) })
      for (const { value } of page.items) if (value.since <= until) await consents.delete(call, value.id)
      after = page.next
    } while (after !== undefined)
  }
  const extend = async (call: Call, { accountId, clientId, scopes, events }: Consent): Promise<void> => {
    const id = idOf(accountId, clientId)
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const stored = await consents.get(call, id)
      try {
        if (stored === undefined) {
          await consents.insert(call, { id, accountId, clientId, scopes: [...scopes], since: clock.now() }, { events })
          return
        }
        const all = [...new Set([...stored.value.scopes, ...scopes])]
        if ((await consents.update(call, id, { set: { scopes: all }, ifVersion: stored.version }, { events })) !== undefined) return
      } catch (error) {
        if (!hasCode(error, 'database.duplicate')) throw error
      }
    }
    throw new Error('The consent changes too often to be stored.')
  }
  return {
    async find(call, accountId, clientId) {
      const stored = await consents.get(call, idOf(accountId, clientId))
      return new Set(stored?.value.scopes)
    },

    async add(call, consent) {
      const { accountId, clientId, scopes, events } = consent
      const id = idOf(accountId, clientId)
      if ((await consents.get(call, id)) !== undefined) {
        await extend(call, consent)
        return
      }
      const record = { id, accountId, clientId, scopes: [...scopes], since: clock.now() }
      await pending.defer({ operations: [insertInto(consentsCollection, record)], events, alone: () => extend(call, consent) })
    },
    async list(call, accountId) {
      const page = await consents.list(call, { index: 'account', where: { accountId }, limit: 1000 })
      return page.items.map(({ value }) => value)
    },

    async remove(call, { accountId, clientId, events }) {
      await consents.delete(call, idOf(accountId, clientId), { events })
    },

    removeAll: (call, accountId) => sweep(call, { index: 'account', where: { accountId } }),
    removeClient: (call, clientId, until) => sweep(call, { index: 'client', where: { clientId } }, until),
  }
}
