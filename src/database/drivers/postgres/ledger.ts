// The tables beside the collections: events, consumers, and what is recorded about every collection.
import type { StoredEvent } from '../../contract.ts'
import type { Consumer, EventRow, Mark, WriteRequest } from '../../ports.ts'
import type { Command } from './session.ts'
import { arrayOf, place, sql, type Statement, statement, type Value } from './statement.ts'

export type Upkeep = Exclude<WriteRequest, { kind: 'write' | 'expire' }>

export interface Ledger {
  /** Gives the transaction its id. */
  readonly begin: Command
  append(event: EventRow, now: number): Command
  command(request: Upkeep): Command
  read(range: { readonly topics: readonly string[]; readonly after: number; readonly upTo: number; readonly limit: number }): Command
  page(page: { readonly after: number; readonly limit: number }): Command
  readonly consumers: Command
  readonly marks: Command
  readonly first: Command
}

const EVENT = sql`sequence, topic, key, data, at`

export function createLedger(): Ledger {
  const append = statement(sql`insert into ninefold_events (topic, key, data, at) values (${place()}, ${place()}, ${place()}, ${place()})`)
  const read = statement(
    sql`select ${EVENT} from ninefold_events where sequence > ${place()} and sequence <= ${place()} and topic = any(${place()}::text[]) order by sequence limit ${place()}`,
  )
  const page = statement(sql`select ${EVENT} from ninefold_events where sequence > ${place()} order by sequence limit ${place()}`)
  const upkeep = upkeepStatements()
  const alone = (one: Statement): Command => ({ statement: one, values: [] })

  return {
    begin: alone(statement(sql`select pg_current_xact_id()`)),
    append: ({ topic, key, data }, now) => ({ statement: append, values: [topic, key, data, String(now)] }),
    command: (request) => ({ statement: upkeep[request.kind], values: valuesOf(request) }),
    read: ({ topics, after, upTo, limit }) => ({
      statement: read,
      values: [String(after), String(upTo), arrayOf(topics), String(limit)],
    }),
    page: ({ after, limit }) => ({ statement: page, values: [String(after), String(limit)] }),
    consumers: alone(statement(sql`select name, position, seen_at from ninefold_consumers`)),
    marks: alone(statement(sql`select name, shape, target, expiry, search from ninefold_collections`)),
    first: alone(statement(sql`select min(sequence) from ninefold_events`)),
  }
}

function upkeepStatements(): Record<Upkeep['kind'], Statement> {
  return {
    position: statement(
      sql`insert into ninefold_consumers as known (name, position, seen_at) values (${place()}, ${place()}, ${place()}) on conflict (name) do update set position = greatest(known.position, excluded.position), seen_at = excluded.seen_at`,
    ),
    forget: statement(sql`delete from ninefold_consumers where name = ${place()}`),
    prune: statement(
      sql`delete from ninefold_events where sequence in (select sequence from ninefold_events where sequence <= ${place()} order by sequence limit ${place()} for update skip locked)`,
    ),
    mark: statement(
      sql`insert into ninefold_collections (name, shape, target, expiry, search) values (${place()}, ${place()}, ${place()}, ${place()}, ${place()}) on conflict (name) do update set shape = excluded.shape, target = excluded.target, expiry = excluded.expiry, search = excluded.search`,
    ),
  }
}

function valuesOf(request: Upkeep): Value[] {
  if (request.kind === 'position') return [request.consumer, String(request.position), String(request.now)]
  if (request.kind === 'forget') return [request.consumer]
  if (request.kind === 'prune') return [String(request.upTo), String(request.limit)]
  const { name, shape, target, expiry, search } = request.mark
  return [name, String(shape), String(target), expiry, search]
}

export function eventOf(row: readonly Value[]): StoredEvent {
  const [sequence, topic, key, data, at] = row
  return { sequence: Number(sequence), topic: topic ?? '', key: key ?? '', data: JSON.parse(data ?? 'null'), at: Number(at) }
}

export function consumerOf(row: readonly Value[]): Consumer {
  const [name, position, seenAt] = row
  return { name: name ?? '', position: Number(position), seenAt: Number(seenAt) }
}

export function markOf(row: readonly Value[]): Mark {
  const [name, shape, target, expiry = null, search = null] = row
  return { name: name ?? '', shape: Number(shape), target: Number(target), expiry, search }
}
