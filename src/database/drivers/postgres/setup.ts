// Brings a schema to what the program declares, while other processes go on using it.
import { setTimeout as sleep } from 'node:timers/promises'
import { refuseUnknown } from '../../marks.ts'
import type { CollectionLayout } from '../../layout.ts'
import type { Mark, Plan } from '../../ports.ts'
import { type Catalog, readCatalog } from './catalog.ts'
import { type Changes, changesTo, FORMAT, type IndexChange, lostColumns, type Move, settledText } from './changes.ts'
import { type Column, typeOf } from './columns.ts'
import { Refused, type Session } from './session.ts'
import { type RawBuilder, sql, textOf } from './statement.ts'
import { column } from './table.ts'

export interface Prepared {
  /** Columns of each collection that its definition does not know any more, and that may hold values. */
  readonly lost: ReadonlyMap<string, readonly Column[]>
}

const LOCK_WAIT_MS = 100
const LOCK_TRIES = 600
const LOCK_TIMEOUT = "set local lock_timeout = '2s'"
const LOCK_NOT_AVAILABLE = '55P03'
const ALTER_TRIES = 15
const BATCH = 2000

export async function prepare(session: Session, schema: string, layouts: readonly CollectionLayout[]): Promise<Prepared> {
  await makeSchema(session, schema)
  await lock(session)
  const catalog = await readCatalog(session)
  await check(session, catalog, layouts)
  const changes = changesTo(catalog, layouts)
  if (changes.tables.length > 0) await inTransaction(session, changes.tables)
  for (const move of changes.moves) await run(session, move)
  for (const layout of layouts) {
    // Also without those that it has lost: what is written from now on has them in the rest, and they would have to move again.
    const known = [...(catalog.settled.get(layout.name) ?? [])].toSorted()
    if (
      known.join() !==
      layout.fields
        .map(({ name }) => name)
        .toSorted()
        .join()
    )
      await session.script(settledText(layout))
  }
  for (const change of changes.indexes) await build(session, change)
  for (const { collection, column: gone } of changes.dropped) await dropWhenEmpty(session, collection, gone)
  const after = await readCatalog(session)
  await session.script('select pg_advisory_unlock_all()')
  return { lost: new Map(layouts.map((layout) => [layout.name, lostOf(after, layout)])) }
}

/** What `prepare` would do, without doing it, and what is stored. */
export async function planned(session: Session, schema: string, layouts: readonly CollectionLayout[]): Promise<Plan> {
  const catalog = await readCatalog(session)
  await check(session, catalog, layouts)
  const statements = statementsOf(changesTo(catalog, layouts))
  const [known] = await session.script(`select 1 from pg_namespace where nspname = '${schema}'`)
  const documents: Plan['documents'][number][] = []
  for (const { name, shape } of layouts.filter((layout) => catalog.tables.has(layout.name))) {
    const counts = sql`select count(*) as all, count(*) filter (where _shape < ${sql.lit(shape)}) as outdated from ${sql.id(name)}`
    const [counted] = await session.script(textOf(counts))
    documents.push({ collection: name, all: Number(counted?.['all']), outdated: Number(counted?.['outdated']) })
  }
  return {
    statements: [...(known === undefined ? [`create schema if not exists "${schema}"`] : []), ...statements],
    marks: catalog.format > 0 ? await readMarks(session) : [],
    documents,
  }
}

function statementsOf({ tables, moves, indexes }: Changes): string[] {
  return [
    ...tables,
    ...moves.flatMap((move) => [...replacement(move), moveIn(move)].map((text) => text(''))),
    ...indexes.flatMap(({ name, drop, createConcurrently }) => [
      ...(drop ? [`drop index concurrently "${name}"`] : []),
      ...(createConcurrently === undefined ? [] : [createConcurrently]),
    ]),
  ]
}

async function makeSchema(session: Session, schema: string): Promise<void> {
  const [known] = await session.script(`select 1 from pg_namespace where nspname = '${schema}'`)
  if (known !== undefined) return
  try {
    await session.script(`create schema if not exists "${schema}"`)
  } catch (error) {
    // Two who make it at the same moment: one of them is told that it is there.
    const [made] = await session.script(`select 1 from pg_namespace where nspname = '${schema}'`)
    if (made === undefined) throw error
  }
}

// Asked for again and again instead of waited for: who waits in a statement holds a snapshot, for which building an index concurrently would wait.
async function lock(session: Session): Promise<void> {
  for (let tries = 0; tries < LOCK_TRIES; tries += 1) {
    const [row] = await session.script("select pg_try_advisory_lock(hashtextextended('ninefold:' || current_schema(), 0)) as held")
    if (row?.['held'] === true) return
    await sleep(LOCK_WAIT_MS)
  }
  throw new Error('Another process has been preparing this database for a minute. Wait for it, or end it, and start again.')
}

async function check(session: Session, catalog: Catalog, layouts: readonly CollectionLayout[]): Promise<void> {
  if (catalog.format > FORMAT) {
    throw new Error(
      `The database has format ${catalog.format}, and this program knows formats up to ${FORMAT}: a newer version has written it. ` +
        'Start that version again, or restore a backup from before the upgrade. Nothing was changed.',
    )
  }
  for (const { name } of layouts) {
    if (catalog.tables.has(name) && !catalog.settled.has(name)) {
      throw new Error(
        `The database has a table "${name}" that belongs to another program. Name another schema in the URL (schema=...). Nothing was changed.`,
      )
    }
  }
  if (catalog.format > 0) refuseUnknown(await readMarks(session), layouts)
}

async function readMarks(session: Session): Promise<Mark[]> {
  const rows = await session.script('select name, shape, target, expiry, search from ninefold_collections')
  const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null)
  return rows.map((row) => ({
    name: String(row['name']),
    shape: Number(row['shape']),
    target: Number(row['target']),
    expiry: textOrNull(row['expiry']),
    search: textOrNull(row['search']),
  }))
}

// Who changes a table waits for those who use it, and everybody else waits behind; so not for long, and then again.
async function inTransaction(session: Session, statements: readonly string[]): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await session.script(['begin', LOCK_TIMEOUT, ...statements, 'commit'].join(';\n'))
      return
    } catch (error) {
      await session.script('rollback')
      if (!(error instanceof Refused) || error.code !== LOCK_NOT_AVAILABLE || tries >= ALTER_TRIES) throw error
      await sleep(LOCK_WAIT_MS)
    }
  }
}

/** What is in the way of a column of another kind: its values go to the rest, then it goes. */
function replacement({ collection, column: wanted, instead }: Move): ((after: string) => string)[] {
  if (instead === undefined) return []
  const table = sql.id(collection)
  const old = sql.id(instead.name)
  const sets = sql`_rest = coalesce(t._rest, '{}') || jsonb_build_object(${sql.lit(wanted.field)}, t.${old}), ${old} = null`
  const change = sql`alter table ${table} drop column ${old}, add column ${sql.id(wanted.name)} ${typeOf(wanted.kind)}`
  return [(after) => batchText(table, { which: sql`${old} is not null`, sets, after }), () => textOf(change)]
}

function moveIn({ collection, column: wanted }: Move): (after: string) => string {
  const table = sql.id(collection)
  const field = sql.lit(wanted.field)
  const sets = sql`${column(wanted.field)} = (t._rest ->> ${field})::${typeOf(wanted.kind)}, _rest = nullif(t._rest - ${field}, '{}')`
  return (after) => batchText(table, { which: sql`jsonb_typeof(_rest -> ${field}) = ${sql.lit(wanted.kind)}`, sets, after })
}

interface Batch {
  readonly which: RawBuilder<unknown>
  readonly sets: RawBuilder<unknown>
  readonly after: string
}

/** Answers the last id that it has changed. */
function batchText(table: RawBuilder<unknown>, { which, sets, after }: Batch): string {
  const part = sql`select id from ${table} where ${which} and id > ${sql.lit(after)} order by id limit ${sql.lit(BATCH)} for update`
  return textOf(
    sql`with part as (${part}), moved as (update ${table} as t set ${sets} from part where t.id = part.id returning t.id) select max(id) as last from moved`,
  )
}

async function run(session: Session, move: Move): Promise<void> {
  const [out, change] = replacement(move)
  if (out !== undefined && change !== undefined) {
    await untilNothing(session, out)
    await inTransaction(session, [change('')])
  }
  await untilNothing(session, moveIn(move))
}

// Batch after batch, each a transaction of its own: nobody waits for long.
async function untilNothing(session: Session, text: (after: string) => string): Promise<void> {
  let after: unknown = ''
  while (typeof after === 'string') after = (await session.script(text(after)))[0]?.['last']
}

async function build(session: Session, { collection, name, drop, create, createConcurrently }: IndexChange): Promise<void> {
  const [used] = await session.script(`select 1 from "${collection}" limit 1`)
  // Nobody waits at an empty table, and building concurrently waits for everybody else's transactions.
  const isEmpty = used === undefined
  if (drop) await session.script(`drop index ${isEmpty ? '' : 'concurrently '}if exists "${name}"`)
  const text = isEmpty ? create : createConcurrently
  if (text === undefined) return
  try {
    await session.script(text)
  } catch (cause) {
    // What was begun stands there, invalid, and would be in the way of every write.
    await session.script(`drop index if exists "${name}"`).catch(() => {})
    throw new Error(`Index ${name} cannot be built; a unique index needs documents without equal values.`, { cause })
  }
}

// Only cosmetics, so it is left for another time when it would take more than a moment.
async function dropWhenEmpty(session: Session, collection: string, gone: Column): Promise<void> {
  const table = sql.id(collection)
  const first = textOf(sql`select 1 from ${table} where ${sql.id(gone.name)} is not null limit 1`)
  if ((await session.script(first)).length > 0) return
  try {
    const none = `do $$ begin if exists (${first}) then raise exception 'in use'; end if; end $$`
    const drop = textOf(sql`alter table ${table} drop column ${sql.id(gone.name)}`)
    const limit = "set local statement_timeout = '1s'"
    await session.script(['begin', LOCK_TIMEOUT, limit, textOf(sql`lock table ${table}`), none, drop, 'commit'].join(';\n'))
  } catch {
    await session.script('rollback')
  }
}

function lostOf(catalog: Catalog, layout: CollectionLayout): readonly Column[] {
  const stored = catalog.tables.get(layout.name)
  return stored === undefined ? [] : lostColumns(layout, stored)
}
