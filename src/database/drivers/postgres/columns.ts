// Documents as rows: a column for every scalar field that the layout knows, the rest as JSON beside them.
import type { CollectionLayout, FieldLayout } from '../../layout.ts'
import type { Body, Scalar } from '../../ports.ts'
import { type RawBuilder, sql, type Value } from './statement.ts'

export interface Column {
  readonly field: string
  readonly kind: FieldLayout['kind']
  readonly name: string
}

/** Columns that PostgreSQL gives every table. */
const TAKEN = new Set(['tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid'])
const TYPES = { string: sql`text collate "C"`, number: sql`double precision`, boolean: sql`boolean` } as const
const KINDS: Readonly<Record<string, Column['kind']>> = { text: 'string', 'double precision': 'number', boolean: 'boolean' }

/** Fields begin with a letter, so that what begins with "_" is free for us. */
export function columnName(field: string): string {
  return TAKEN.has(field) ? `_field_${field}` : field
}

export function columnOfName(name: string, type: string): Column | undefined {
  const kind = KINDS[type]
  const field = name.startsWith('_field_') ? name.slice('_field_'.length) : name
  return kind === undefined || field === 'id' || field.startsWith('_') ? undefined : { field, kind, name }
}

export function columnsOf(layout: CollectionLayout): Column[] {
  return layout.fields.filter(({ name }) => name !== 'id').map(({ name, kind }) => ({ field: name, kind, name: columnName(name) }))
}

export function typeOf(kind: Column['kind']): RawBuilder<unknown> {
  return TYPES[kind]
}

export function valueOf(scalar: Scalar): Value {
  return scalar === null ? null : String(scalar)
}

export interface Encoded {
  readonly rest: Value
  readonly values: readonly Value[]
}

/** Absent and `null` differ: an explicit null, and a value of another kind than the column's, stay in the rest. */
export type Encode = (document: Body) => Encoded

export function encoder(columns: readonly Column[]): Encode {
  const places = new Map(columns.map(({ field, kind }, place) => [field, { place, kind }]))
  const empty: Value[] = columns.map(() => null)
  return (document) => {
    if (typeof document === 'string') throw new Error('This engine is given documents as values.')
    const values = [...empty]
    let rest: Record<string, unknown> | undefined
    for (const field of Object.keys(document)) {
      const value = document[field]
      const column = places.get(field)
      if (value === undefined || field === 'id') continue
      const text = column === undefined ? undefined : textOf(value, column.kind)
      if (column !== undefined && text !== undefined) values[column.place] = text
      else {
        rest ??= {}
        if (field === '__proto__') Object.defineProperty(rest, field, { value, enumerable: true, configurable: true, writable: true })
        else rest[field] = value
      }
    }
    return { rest: rest === undefined ? null : JSON.stringify(rest), values }
  }
}

/** `undefined` for what does not fit into a column of the kind. */
function textOf(value: unknown, kind: Column['kind']): string | undefined {
  if (typeof value === 'string') return kind === 'string' ? value : undefined
  if (typeof value === 'number') return kind === 'number' && Number.isFinite(value) ? String(value) : undefined
  return typeof value === 'boolean' && kind === 'boolean' ? String(value) : undefined
}

/** From `id`, the rest and the columns, which are the values from `at` on. */
export type Decode = (row: readonly Value[], at: number) => Record<string, unknown>

export function decoder(columns: readonly Column[]): Decode {
  const count = columns.length
  return (row, at) => {
    const rest = row[at + 1]
    const document: Record<string, unknown> = typeof rest === 'string' ? JSON.parse(rest) : {}
    document['id'] = row[at]
    for (let number = 0; number < count; number += 1) {
      const text = row[at + 2 + number]
      const column = columns[number]
      if (typeof text !== 'string' || column === undefined) continue
      if (column.kind === 'string') document[column.field] = text
      else document[column.field] = column.kind === 'number' ? Number(text) : text === 't'
    }
    return document
  }
}
