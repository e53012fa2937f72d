// The engine as the collection layer sees it: requests stamped with the time, failures as error codes, consumers woken.
import type { Clock } from '#kernel/clock.ts'
import type { EventDraft } from '#kernel/collection.ts'
import { isStorable } from '#kernel/storable.ts'
import { databaseErrors } from './errors.ts'
import type { Engine, Step, WriteAnswer, WriteRequest } from './ports.ts'

type Without<T, Key extends PropertyKey> = T extends unknown ? Omit<T, Key> : never
type Settled = Exclude<WriteAnswer, { kind: 'failed' }>

export interface Store {
  readonly engine: Engine
  now(): number
  /** Throws while the database is not started. */
  ready(): Engine
  write(steps: readonly Step[], events: readonly EventDraft[]): Promise<Settled>
  /** Collections that a newer version has taken over. What this one would write has a shape from before. */
  readonly superseded: Set<string>
  /** Housekeeping requests, which touch no document that a reader can see. */
  maintain(request: Without<Exclude<WriteRequest, { kind: 'write' }>, 'now'>): Promise<number>
}

/** What one write has stored. */
export interface StoredEvents {
  readonly topics: ReadonlySet<string>
  readonly count: number
  /** See `WriteAnswer`. */
  readonly last: number | undefined
}

/** For what nobody who reads the database may read. */
export type EventAtRest = (draft: EventDraft, now: number) => EventDraft

export interface StoreParts {
  readonly engine: Engine
  readonly clock: Clock
  readonly isStarted: () => boolean
  /** What becomes of an event before it is stored; nothing unless told. */
  readonly eventAtRest: EventAtRest | undefined
  /** Called after a write that carried events. */
  readonly wake: (stored: StoredEvents) => void
}

export function createStore({ engine, clock, isStarted, eventAtRest = (draft) => draft, wake }: StoreParts): Store {
  const superseded = new Set<string>()
  const ready = (): Engine => {
    if (!isStarted()) throw databaseErrors.unavailable({ detail: 'The database is not started.' })
    return engine
  }
  const submit = async (request: WriteRequest): Promise<Settled> => {
    const answer = await ready().write(request)
    if (answer.kind !== 'failed') return answer
    throw databaseErrors.unavailable({
      detail: 'The write failed and nothing was stored.',
      cause: new Error(answer.reason),
      headers: { 'Retry-After': '1' },
    })
  }
  return {
    engine,
    ready,
    now: () => clock.now(),
    superseded,
    async write(steps, events) {
      const lost = superseded.size > 0 ? steps.find((step) => superseded.has(step.collection)) : undefined
      if (lost !== undefined) {
        throw databaseErrors.unavailable({
          detail: `A newer version of this program has taken over collection ${lost.collection}. Stop this one.`,
        })
      }
      const now = clock.now()
      const answer = await submit({ kind: 'write', now, steps, events: events.map((draft) => eventRow(eventAtRest(draft, now))) })
      if (events.length > 0 && answer.kind === 'done') {
        wake({ topics: new Set(events.map(({ topic }) => topic)), count: events.length, last: answer.lastEvent })
      }
      return answer
    },
    async maintain(request) {
      const answer = await submit(request.kind === 'position' || request.kind === 'expire' ? { ...request, now: clock.now() } : request)
      return answer.kind === 'done' ? answer.rows : 0
    },
  }
}

function eventRow(draft: EventDraft): { topic: string; key: string; data: string } {
  if (draft.topic === '') throw databaseErrors.bad_document({ detail: 'An event needs a topic.' })
  if (!isStorable(draft.topic) || !isStorable(draft.key)) {
    throw databaseErrors.bad_document({ detail: 'The topic or the key of an event is text that no database can store.' })
  }
  return { topic: draft.topic, key: draft.key, data: JSON.stringify(draft.data) ?? 'null' }
}
