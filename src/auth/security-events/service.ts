// Keeps what happened to accounts, for their owners to read. Events arrive at least once and in the order of each account.
import type { Call } from '#kernel/call.ts'
import type { Logger } from '#kernel/log.ts'
import type { Database, StoredEvent, Subscription } from '../../database/contract.ts'
import { createSecurityEventsRepository } from './repository.ts'
import type { SecurityEventRecord } from './schemas.ts'
import { SECURITY_EVENT, type SecurityEvent, securityEvent } from './security-event.ts'

const DAY_MS = 24 * 3_600_000
/** Long enough to look back on what was noticed late; after it the day's pseudonyms have been meaningless for long. */
export const KEPT_DAYS = 90
const SEQUENCE_DIGITS = 16
const MAX_SHOWN = 100

export interface SecurityEventList {
  readonly items: readonly SecurityEventRecord[]
  /** Give it as `after` for older ones. */
  readonly next?: string
}

export interface SecurityEvents {
  /** Newest first, of this account alone. */
  list(call: Call, accountId: string, page: { readonly limit: number; readonly after?: string | undefined }): Promise<SecurityEventList>
  /** What is stored of an event: `gone` with the account that it is about, `not-yet` when it has not arrived. */
  recall(
    call: Call,
    event: { readonly sequence: number; readonly accountId?: string | undefined },
  ): Promise<SecurityEvent | 'not-yet' | 'gone'>
  /** Stores what arrives. */
  readonly subscription: Subscription
}

const idOf = (sequence: number): string => String(sequence).padStart(SEQUENCE_DIGITS, '0')

export function createSecurityEvents({ database, logger }: { readonly database: Database; readonly logger: Logger }): SecurityEvents {
  const repository = createSecurityEventsRepository(database)

  const recordOf = (event: StoredEvent): SecurityEventRecord | undefined => {
    const parsed = securityEvent.safeParse(event.data)
    // Of another version of this program, perhaps. It must not hold up those that come after it.
    if (!parsed.success) {
      logger.warn({ event: 'auth.security_event_unknown', sequence: event.sequence }, 'a security event has a shape that is not known here')
      return undefined
    }
    const { at } = event
    return { ...parsed.data, id: idOf(event.sequence), at, expiresAt: at + KEPT_DAYS * DAY_MS }
  }

  return {
    async list(call, accountId, { limit, after }) {
      const page = await repository.list(call, accountId, { limit: Math.min(limit, MAX_SHOWN), after })
      return { items: page.items.map(({ value }) => value), ...(page.next === undefined ? {} : { next: page.next }) }
    },
    async recall(call, { sequence, accountId }) {
      const found = await repository.find(call, idOf(sequence))
      if (found !== undefined) {
        const { id: _id, at: _at, expiresAt: _expiry, ...event } = found
        return event
      }
      // Asked for after the row: an account that is there now may still get one.
      const isGone = accountId !== undefined && (await repository.gone(call, [accountId])).length > 0
      return isGone ? 'gone' : 'not-yet'
    },
    subscription: {
      consumer: 'auth.security-events',
      topics: [SECURITY_EVENT],
      async handle(events, call) {
        const records = events.flatMap((event) => recordOf(event) ?? [])
        // Of whoever is gone nothing stays.
        const ended = idsOf(records.filter(({ type }) => type === 'account.deleted'))
        const kept = records.filter(({ accountId }) => accountId === undefined || !ended.has(accountId))
        await repository.insertNew(call, kept)
        // Nor of what was under way at the end, and is told after it. Looked for once it is stored: the end of an account that is there now is told after all
        // of this, whichever process takes that in.
        const gone = await repository.gone(call, [...idsOf(kept)])
        for (const accountId of [...ended, ...gone]) await repository.deleteAll(call, accountId)
      },
    },
  }
}

function idsOf(records: readonly SecurityEventRecord[]): Set<string> {
  return new Set(records.flatMap(({ accountId }) => accountId ?? []))
}
