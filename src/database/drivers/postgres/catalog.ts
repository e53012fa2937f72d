// What is there: the tables, columns and indexes of our schema, as PostgreSQL's own catalogue has them.
import { type Column, columnOfName } from './columns.ts'
import type { Session } from './session.ts'

export interface StoredIndex {
  readonly name: string
  readonly columns: readonly string[]
  readonly unique: boolean
  readonly method: string
  /** False when its building was broken off. */
  readonly valid: boolean
}

export interface StoredTable {
  readonly columns: readonly Column[]
  /** All columns, ours too. */
  readonly names: ReadonlySet<string>
  readonly indexes: readonly StoredIndex[]
}

export interface Catalog {
  readonly tables: ReadonlyMap<string, StoredTable>
  /** The fields of a collection whose values are all in their columns; absent for tables that are not ours. */
  readonly settled: ReadonlyMap<string, readonly string[]>
  /** 0 when there is nothing of ours. */
  readonly format: number
}

const COLUMNS = `
  select c.relname as "table", a.attname as name, format_type(a.atttypid, a.atttypmod) as type
  from pg_class c join pg_attribute a on a.attrelid = c.oid
  where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
  order by c.relname, a.attnum`
const INDEXES = `
  select t.relname as "table", i.relname as name, x.indisunique as "unique", x.indisvalid as valid, m.amname as method,
    array(select pg_get_indexdef(x.indexrelid, place, true) from generate_series(1, x.indnkeyatts) as place)::text[] as columns
  from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid join pg_am m on m.oid = i.relam
  where t.relnamespace = current_schema()::regnamespace`

export async function readCatalog(session: Session): Promise<Catalog> {
  const columns = await session.script(COLUMNS)
  const indexes = await session.script(INDEXES)
  const tables = new Map<string, { columns: Column[]; names: Set<string>; indexes: StoredIndex[] }>()
  for (const row of columns) {
    const table = String(row['table'])
    const known = tables.get(table) ?? { columns: [], names: new Set<string>(), indexes: [] }
    const name = String(row['name'])
    const column = columnOfName(name, String(row['type']))
    if (column !== undefined) known.columns.push(column)
    known.names.add(name)
    tables.set(table, known)
  }
  for (const row of indexes) {
    tables.get(String(row['table']))?.indexes.push({
      name: String(row['name']),
      columns: textsOf(row['columns']).map(unquoted),
      unique: row['unique'] === true,
      method: String(row['method']),
      valid: row['valid'] === true,
    })
  }
  const ours = tables.has('ninefold_tables') ? await session.script('select name, fields from ninefold_tables') : []
  const [format] = tables.has('ninefold_format') ? await session.script('select max(format) as format from ninefold_format') : []
  return {
    tables,
    settled: new Map(ours.map((row) => [String(row['name']), textsOf(row['fields'])])),
    format: Number(format?.['format'] ?? 0),
  }
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name
}
