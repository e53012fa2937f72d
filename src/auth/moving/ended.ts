// Who has ended an account here while another system is asked about people: its answer would bring them back, with roles and all. Kept is what a known
// address, or the id of before, can be held against, and nothing that either could be read from (docs/decisions/0037).
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

export interface EndedPerson {
  /** The same each time that the other system says who it is, whatever the address is by then. */
  readonly accountId: string
  readonly addresses: readonly string[]
}

export interface EndedAccounts {
  /** As often as one likes. */
  keep(call: Call, person: EndedPerson): Promise<void>
  has(call: Call, person: EndedPerson): Promise<boolean>
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
  const idsOf = async (call: Call, { accountId, addresses }: EndedPerson): Promise<string[]> => {
    const key = await keyOf(call)
    const known = [`id ${accountId}`, ...addresses.map((address) => `address ${address}`)]
    return known.map((one) => hmacSha256(key, one).toString('base64url'))
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
  return {
    async keep(call, person) {
      const expiresAt = clock.now() + KEPT_MS
      for (const id of await idsOf(call, person)) await put(call, { id, expiresAt })
    },
    async has(call, person) {
      const found = await Promise.all((await idsOf(call, person)).map((id) => marks.get(call, id)))
      return found.some((mark) => mark !== undefined && mark.value.expiresAt > clock.now())
    },
  }
}
