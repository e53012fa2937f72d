// Reads: by id, by unique key, along an index, by terms.
import { unusable } from '../../cursor.ts'
import type { IndexLayout } from '../../layout.ts'
import type { NamedRow, Row, Scalar, Stretch, TermSearch } from '../../ports.ts'
import { valueOf } from './columns.ts'
import type { Pool } from './pool.ts'
import type { Statement, Value } from './statement.ts'
import type { StretchShape, Table } from './table.ts'

export interface CollectionReader {
  find(id: string, now: number): Promise<Row | undefined>
  findByKey(key: { readonly index: IndexLayout; readonly values: readonly Scalar[] }, now: number): Promise<Row | undefined>
  scan(stretch: Stretch, now: number): Promise<readonly Row[]>
  count(stretch: Stretch, now: number): Promise<number>
  search(search: TermSearch, now: number): Promise<{ readonly rows: readonly Row[]; readonly next?: string }>
  rows(page: { readonly after?: string; readonly limit: number }): Promise<readonly NamedRow[]>
}

type Values = readonly Value[]

const MARK = /^\d{1,18}$/
const NEWEST = '9223372036854775807'

export function createReader(table: Table, pool: Pool): CollectionReader {
  const expires = table.layout.expiry !== undefined
  const { decode } = table
  const rowAt = (values: Values, at: number): Row => ({
    version: Number(values[at]),
    stamp: values[at + 1] ?? '',
    shape: Number(values[at + 2]),
    document: decode(values, at + 3),
  })
  const rowOf = (values: Values): Row => rowAt(values, 0)
  const one = async (found: Promise<{ readonly rows: readonly Values[] }>): Promise<Row | undefined> => {
    const [values] = (await found).rows
    return values === undefined ? undefined : rowOf(values)
  }
  const read = async (statement: Statement, values: Values): Promise<readonly Values[]> => (await pool.read({ statement, values })).rows

  return {
    find: (id, now) => one(pool.read({ statement: table.find, values: expires ? [id, String(now)] : [id] })),
    findByKey({ index, values }, now) {
      const statement = table.findByKey.get(index.name)
      if (statement === undefined) throw new Error(`Collection ${table.layout.name} has no unique index ${index.name}.`)
      const given = values.map(valueOf)
      return one(pool.read({ statement, values: expires ? [...given, String(now)] : given }))
    },
    async scan(stretch, now) {
      const found: Row[] = []
      for (const part of partsOf(stretch)) {
        const left = stretch.limit - found.length
        if (left <= 0) break
        const rows = await read(table.stretch(part.shape), valuesOf(part, expires ? now : undefined, left))
        for (const values of rows) found.push(rowOf(values))
      }
      return found
    },
    async count(stretch, now) {
      let total = 0
      for (const part of partsOf(stretch)) {
        if (total >= stretch.limit) break
        const [counted] = await read(table.count(part.shape), valuesOf(part, expires ? now : undefined, stretch.limit - total))
        total += Number(counted?.[0] ?? 0)
      }
      return total
    },
    async search({ all, prefix, after, limit }, now) {
      if (after !== undefined && !MARK.test(after)) throw unusable()
      // Terms are letters and digits.
      const terms = [...all.map((term) => `'${term}'`), ...(prefix === undefined ? [] : [`'${prefix}':*`])].join(' & ')
      const from = after ?? NEWEST
      const rest = [from, ...(expires ? [String(now)] : []), String(limit + 1)]
      let found = await read(table.searchNewest, [terms, from, ...rest])
      // Not enough of them are new.
      if (found.length <= limit) found = await read(table.search, [terms, ...rest])
      const rows = found.slice(0, limit).map((row) => rowAt(row, 1))
      const last = found[limit - 1]?.[0]
      return found.length > limit && typeof last === 'string' ? { rows, next: last } : { rows }
    },
    async rows({ after = '', limit }) {
      const found = await read(table.rows, [after, String(limit)])
      return found.map((values) => ({ ...rowOf(values), id: values[3] ?? '' }))
    },
  }
}

interface Part {
  readonly shape: StretchShape
  /** Of the equal fields that are there and of the bounds. */
  readonly values: Values
}

function valuesOf({ values }: Part, now: number | undefined, limit: number): Value[] {
  return now === undefined ? [...values, String(limit)] : [...values, String(now), String(limit)]
}

/** Absent fields are NULL, which no comparison finds although they come first: a stretch that has them below its upper bound is walked in two parts. */
export function partsOf({ index, equal, lower, upper, descending }: Stretch): Part[] {
  // Nothing comes before what is absent.
  if (upper === null) return []
  const given = equal.filter((value) => value !== null).map(valueOf)
  const shape = { index, equal: equal.map((value) => value !== null), descending }
  const low = lowOf(lower)
  const below = upper === undefined ? [] : [valueOf(upper)]
  const part: Part = {
    shape: { ...shape, lower: low.sign, upper: upper === undefined ? '' : '<' },
    values: [...given, ...low.values, ...below],
  }
  // An id is never absent, nor is a field of a unique index in it.
  const mayBeAbsent = low.sign === '' && equal.length < index.fields.length && !index.unique
  if (upper === undefined || !mayBeAbsent) return [part]
  const absent: Part = { shape: { ...shape, lower: '', upper: 'absent' }, values: given }
  return descending ? [part, absent] : [absent, part]
}

function lowOf(lower: Stretch['lower']): { readonly sign: StretchShape['lower']; readonly values: Values } {
  if (lower === undefined) return { sign: '', values: [] }
  if (lower.value === null) return { sign: lower.inclusive ? '' : 'present', values: [] }
  return { sign: lower.inclusive ? '>=' : '>', values: [valueOf(lower.value)] }
}
