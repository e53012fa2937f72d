// Rows and events put as they are, many in one statement: they travel as one JSON text, which the server takes apart.
import type { Load, WholeRow } from '../../ports.ts'
import { columnsOf, typeOf } from './columns.ts'
import type { Pool } from './pool.ts'
import { type Command, Lost, Refused } from './session.ts'
import { lostWrite, unavailable } from './failures.ts'
import { bucketOf, nextBorn, vectorOf } from './search.ts'
import { arrayOf, listOf, place, type RawBuilder, sql, type Statement, statement } from './statement.ts'
import type { Table } from './table.ts'

export interface Loader {
  load(batch: Load): Promise<void>
}

interface TableLoader {
  readonly upsert: Statement
  readonly erase: Statement
}

const UNIQUE_VIOLATED = '23505'
const EVENTS = sql`insert into ninefold_events (sequence, topic, key, data, at) select sequence, topic, key, data, at from json_to_recordset(${place()}::json) as given (sequence bigint, topic text, key text, data text, at double precision) on conflict (sequence) do update set topic = excluded.topic, key = excluded.key, data = excluded.data, at = excluded.at`
const HEAD = sql`select setval('ninefold_events_sequence_seq', greatest(${place()}::bigint, case when is_called then last_value else last_value - 1 end, 1)) from ninefold_events_sequence_seq where ${place()}::bigint > 0`
const CONSUMERS = sql`insert into ninefold_consumers (name, position, seen_at) select name, position, "seenAt" from json_to_recordset(${place()}::json) as given (name text, position bigint, "seenAt" double precision) on conflict (name) do update set position = excluded.position, seen_at = excluded.seen_at`

export function createLoader(pool: Pool, tables: ReadonlyMap<string, Table>): Loader {
  const loaders = new Map([...tables].map(([name, table]) => [name, tableLoader(table)]))
  const events = statement(EVENTS)
  const head = statement(HEAD)
  const consumers = statement(CONSUMERS)
  const partsOf = (name: string): { table: Table; loader: TableLoader } => {
    const [table, loader] = [tables.get(name), loaders.get(name)]
    if (table === undefined || loader === undefined) throw new Error(`There is no collection ${name}.`)
    return { table, loader }
  }
  const commandsFor = (batch: Load): Command[] => {
    if (batch.kind === 'rows') {
      const { table, loader } = partsOf(batch.collection)
      return [{ statement: loader.upsert, values: [JSON.stringify(batch.rows.map((row) => recordOf(row, table)))] }]
    }
    if (batch.kind === 'erase') return [{ statement: partsOf(batch.collection).loader.erase, values: [arrayOf(batch.ids)] }]
    if (batch.kind === 'consumers') return [{ statement: consumers, values: [JSON.stringify(batch.consumers)] }]
    const list = batch.events.map((event) => ({ ...event, data: JSON.stringify(event.data) }))
    return [
      { statement: events, values: [JSON.stringify(list)] },
      { statement: head, values: [String(batch.head), String(batch.head)] },
    ]
  }
  const run = async (commands: readonly Command[]): Promise<void> => {
    try {
      await pool.run(commands)
    } catch (error) {
      throw error instanceof Lost ? lostWrite(error) : error
    }
  }

  return {
    async load(batch) {
      const commands = commandsFor(batch)
      try {
        await run(commands)
      } catch (error) {
        if (!(error instanceof Refused)) throw error
        if (error.code !== UNIQUE_VIOLATED || batch.kind !== 'rows')
          throw unavailable('The batch was refused and nothing of it was stored.', error)
        // Two rows of one batch may have exchanged a unique value; without the old ones, nothing is in the way of the new ones.
        const ids = batch.rows.map(({ id }) => id)
        await run([...commandsFor({ kind: 'erase', collection: batch.collection, ids }), ...commands])
      }
    },
  }
}

function tableLoader({ layout }: Table): TableLoader {
  const name = sql.id(layout.name)
  const columns = columnsOf(layout)
  const given = [
    { name: sql`_version`, type: sql`bigint` },
    { name: sql`_shape`, type: sql`integer` },
    { name: sql`_expires_at`, type: sql`double precision` },
    { name: sql`_rest`, type: sql`jsonb` },
    ...columns.map((column) => ({ name: sql.id(column.name), type: typeOf(column.kind) })),
  ]
  const names = listOf(given.map((one) => one.name))
  const sets = given.map((one) => sql`${one.name} = excluded.${one.name}`)
  const types = listOf(given.map((one) => sql`${one.name} ${one.type}`))
  const search = layout.searchable ? searchParts(layout.name) : undefined
  return {
    upsert: statement(
      sql`insert into ${name} as known (id, ${names}${search?.names ?? sql``}) select id, ${names}${search?.values ?? sql``} from json_to_recordset(${place()}::json) as given (id text, ${types}${search?.types ?? sql``})${search?.from ?? sql``} on conflict (id) do update set ${listOf([...sets, ...(search?.sets ?? [])])}`,
    ),
    erase: statement(sql`delete from ${name} where id = any(${place()}::text[])`),
  }
}

// A row that is there keeps its place in the order of insertion.
function searchParts(
  collection: string,
): Record<'names' | 'values' | 'types' | 'from', RawBuilder<unknown>> & { sets: RawBuilder<unknown>[] } {
  const born = sql`coalesce(known._born, excluded._born)`
  const others = sql`ts_delete(excluded._terms, ${bucketOf(sql`excluded._born`)})`
  return {
    names: sql`, _born, _terms`,
    values: sql`, made.born, ${vectorOf(sql`_terms`, sql`made.born`)}`,
    types: sql`, _terms text[]`,
    from: sql` cross join lateral (select ${nextBorn(collection)} as born where given.id is not null) as made`,
    sets: [sql`_born = ${born}`, sql`_terms = ${others} || array_to_tsvector(array[${bucketOf(born)}])`],
  }
}

function recordOf(row: WholeRow, { encode, layout }: Table): Record<string, unknown> {
  const { rest, values } = encode(row.document)
  const record: Record<string, unknown> = {
    id: row.id,
    _version: row.version,
    _shape: row.shape ?? layout.shape,
    _expires_at: row.expiresAt,
    _rest: rest === null ? null : JSON.parse(rest),
  }
  if (layout.searchable) record['_terms'] = row.terms ?? []
  for (const [number, column] of columnsOf(layout).entries()) record[column.name] = values[number] ?? null
  return record
}
