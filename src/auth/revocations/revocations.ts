// Tokens that ended before their time. Access tokens are checked without asking us, so what ends early is listed here until the last
// of those tokens would have expired anyway.
import type { Call } from '#kernel/call.ts'
import { defineCollection, insertInto, type Operation } from '#kernel/collection.ts'
import type { Clock } from '#kernel/clock.ts'
import { hasCode } from '#kernel/errors.ts'
import { newId } from '#kernel/ids.ts'
import type { Logger } from '#kernel/log.ts'
import { z } from '#kernel/schema.ts'
import type { Cache } from '../../cache/contract.ts'
import type { Collection, Database } from '../../database/contract.ts'
import type { Revocation } from '../contract.ts'

/** The longest life of an access token, and what clocks may differ by. */
const KEPT_MS = 600_000 + 120_000
/** A write that was given its time earlier may be stored later, by another process: every answer looks back this far. Whoever reads asks for all now and then. */
const LOOK_BACK_MS = 10_000
const PAGE = 1000
/** By then every process has forgotten what it remembered of a client. */
const FORGOTTEN_MS = 60_000

export const REVOKED_CHANNEL = 'auth.revoked'

const record = z.strictObject({
  id: z.string(),
  kind: z.enum(['session', 'account', 'membership', 'key', 'token']),
  subject: z.string(),
  /** Epoch seconds; of a membership the state that is good. */
  before: z.int(),
  /** Epoch milliseconds. */
  at: z.int(),
  expiresAt: z.int(),
})

type RevocationRecord = z.infer<typeof record>

const revocationsCollection = defineCollection<RevocationRecord>({
  name: 'auth_revocations',
  schema: record,
  indexes: { time: { fields: ['at'] } },
  expiry: 'expiresAt',
})

export interface Revocations {
  /** The operation that stores it, for the commit that ends the thing itself. `keptMs` is for what could be shown longer than a token. */
  operation(kind: 'session' | 'account' | 'key', subject: string, keptMs?: number): Operation
  /** Of an account, for tokens that were issued by then and no later ones. Epoch milliseconds. */
  endedUntil(accountId: string, until: number): Operation
  /** For whoever never comes back: tokens that another process issues before it knows are covered as well. */
  endedFor(subject: string): Operation
  /** For tokens that tell of an earlier state of roles and groups than this. */
  superseded(accountId: string, state: number): Operation
  /** Ends one access token, by its `jti`, or by the hash of a random one; with it those that were exchanged for it. */
  revokeToken(call: Call, jti: string): Promise<void>
  /** Of a token, and of those that it was made from. */
  isAnyTokenRevoked(call: Call, ids: readonly string[]): Promise<boolean>
  /** Tells everybody at once. Only a hint: who misses it finds the record when it next asks. */
  announce(call: Call, kind: Revocation['kind'], subjects: readonly string[]): Promise<void>
  list(call: Call, after?: string): Promise<{ readonly items: readonly Revocation[]; readonly next: string }>
}

export interface RevocationsDependencies {
  readonly database: Database
  readonly cache: Cache
  readonly clock: Clock
  readonly logger: Logger
}

export function createRevocations({ database, cache, clock, logger }: RevocationsDependencies): Revocations {
  const revocations = database.collection(revocationsCollection)
  const stored = (revocation: Revocation, at: number, keptMs: number): Operation =>
    insertInto(revocationsCollection, { id: newId(at), ...revocation, at, expiresAt: at + keptMs })
  const announce: Revocations['announce'] = async (call, kind, subjects) => {
    const before = Math.floor(clock.now() / 1000)
    for (const subject of subjects) {
      try {
        await cache.publish(call, REVOKED_CHANNEL, JSON.stringify({ kind, subject, before } satisfies Revocation))
      } catch (error) {
        logger.warn({ error: String(error) }, 'a revocation could not be announced; it is found at the next look')
      }
    }
  }
  return {
    announce,

    async revokeToken(call, jti) {
      const at = clock.now()
      const revocation = { kind: 'token', subject: jti, before: Math.floor(at / 1000) } as const
      try {
        await revocations.insert(call, { id: tokenId(jti), ...revocation, at, expiresAt: at + KEPT_MS })
      } catch (error) {
        // Revoked before, and listed since.
        if (!hasCode(error, 'database.duplicate')) throw error
      }
      await announce(call, 'token', [jti])
    },

    async isAnyTokenRevoked(call, ids) {
      const found = await Promise.all(ids.map((id) => revocations.get(call, tokenId(id))))
      return found.some((one) => one !== undefined)
    },

    operation(kind, subject, keptMs = KEPT_MS) {
      const at = clock.now()
      return stored({ kind, subject, before: Math.floor(at / 1000) }, at, keptMs)
    },

    endedUntil: (accountId, until) =>
      stored({ kind: 'account', subject: accountId, before: Math.floor(until / 1000) }, clock.now(), KEPT_MS),

    endedFor(subject) {
      const at = clock.now()
      return stored({ kind: 'account', subject, before: Math.floor((at + FORGOTTEN_MS) / 1000) }, at, KEPT_MS + FORGOTTEN_MS)
    },

    superseded: (accountId, state) => stored({ kind: 'membership', subject: accountId, before: state }, clock.now(), KEPT_MS),

    list: (call, after) => listed(revocations, call, { after, now: clock.now() }),
  }
}

/** Everything that was stored since the cursor, and the next one. */
async function listed(
  revocations: Collection<RevocationRecord>,
  call: Call,
  { after, now }: { readonly after: string | undefined; readonly now: number },
): ReturnType<Revocations['list']> {
  const asked = Number(after)
  // By a clock that was set back since, or is ahead of this one, everything that comes next would be in the past.
  const cursor = Number.isSafeInteger(asked) ? Math.min(asked, now) : 0
  const from = Math.max(0, cursor - LOOK_BACK_MS)
  const items: Revocation[] = []
  let newest = cursor
  let page: string | undefined
  do {
    const found = await revocations.list(call, {
      index: 'time',
      range: { from },
      limit: PAGE,
      ...(page === undefined ? {} : { after: page }),
    })
    for (const { value } of found.items) {
      items.push({ kind: value.kind, subject: value.subject, before: value.before })
      newest = Math.min(now, Math.max(newest, value.at))
    }
    page = found.next
  } while (page !== undefined)
  return { items, next: String(newest) }
}

/** Found by it without an index: each introspection looks. */
function tokenId(jti: string): string {
  return `token-${jti}`
}
