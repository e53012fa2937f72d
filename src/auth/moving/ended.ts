// Whom another system must not bring here a second time, with roles and all, by what it says of them: who has ended an account here, and who is here under
// another address by now. Kept is what a known address, or an id, can be held against, and nothing that either could be read from (docs/decisions/0037).
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { defineCollection } from '#kernel/collection.ts'
import { hasCode } from '#kernel/errors.ts'
import { hmacSha256 } from '#kernel/keyring.ts'
import type { Database } from '../../database/contract.ts'
import { type EndedMark, endedMark } from './schemas.ts'

export const endedCollection = defineCollection<EndedMark>({
  name: 'auth_legacy_ended',
  schema: endedMark,
  indexes: {},
  expiry: 'expiresAt',
})

const KEPT_MS = 365 * 24 * 3_600_000
/** Of one account. It came by the first of them. */
const MOST_MARKS = 100

export interface EndedPerson {
  /** The same each time that the other system says who it is, whatever the address is by then. */
  readonly accountId: string
  readonly addresses: readonly string[]
  /** What its account had kept. */
  readonly marks?: readonly string[] | undefined
}

export interface EndedAccounts {
  /** As often as one likes. */
  keep(call: Call, person: EndedPerson): Promise<void>
  /** The same for somebody who is here, and is known there by these, too. What it gives is to be kept with the account, so that it counts from the end on again. */
  note(call: Call, known: Partial<EndedPerson>): Promise<string[]>
  has(call: Call, person: EndedPerson): Promise<boolean>
  /** Whether one of the marks that an account keeps is of this id. */
  isMarked(call: Call, account: { readonly accountId: string; readonly marks: readonly string[] }): Promise<boolean>
}

export interface EndedAccountsDependencies {
  readonly database: Database
  readonly clock: Clock
  /** Outlives the versions of the master key. */
  keyOf(this: void, call: Call): Promise<Buffer>
}

/** Make it before the database starts, since it declares its collection. */
export function createEndedAccounts({ database, clock, keyOf }: EndedAccountsDependencies): EndedAccounts {
  const marks = database.collection(endedCollection)
  const idsOf = async (call: Call, { accountId, addresses = [], marks: kept = [] }: Partial<EndedPerson>): Promise<string[]> => {
    const key = await keyOf(call)
    const known = [...(accountId === undefined ? [] : [`id ${accountId}`]), ...addresses.map((address) => `address ${address}`)]
    return [...new Set([...kept, ...known.map((one) => hmacSha256(key, one).toString('base64url'))])]
  }
  const put = async (call: Call, mark: EndedMark): Promise<void> => {
    const { id, ...set } = mark
    if ((await marks.update(call, id, { set })) !== undefined) return
    try {
      await marks.insert(call, mark)
    } catch (error) {
      if (!hasCode(error, 'database.duplicate')) throw error
    }
  }
  const keep = async (call: Call, person: Partial<EndedPerson>): Promise<string[]> => {
    const expiresAt = clock.now() + KEPT_MS
    const ids = await idsOf(call, person)
    for (const id of ids) await put(call, { id, expiresAt })
    return ids
  }
  return {
    async keep(call, person) {
      await keep(call, person)
    },
    note: async (call, known) => (await keep(call, known)).slice(0, MOST_MARKS),
    async has(call, person) {
      const found = await Promise.all((await idsOf(call, person)).map((id) => marks.get(call, id)))
      return found.some((mark) => mark !== undefined && mark.value.expiresAt > clock.now())
    },
    isMarked: async (call, { accountId, marks: kept }) => (await idsOf(call, { accountId })).some((id) => kept.includes(id)),
  }
}
