// Queries, checked against the declared indexes and cut into stretches that an engine can walk without sorting or scanning.
import { isStorable } from '#kernel/storable.ts'
import type { CountQuery, Query } from './contract.ts'
import { decodeCursor, unusable } from './cursor.ts'
import { databaseErrors } from './errors.ts'
import type { CollectionLayout, IndexLayout } from './layout.ts'
import type { Scalar, Stretch } from './ports.ts'

export type OpenStretch = Omit<Stretch, 'limit'>

export interface PagePlan {
  /** Walked one after the other until the page is full. */
  readonly stretches: readonly OpenStretch[]
  /** The fields whose values go into the cursor. */
  readonly tail: readonly string[]
  readonly index: IndexLayout
  readonly descending: boolean
}

interface Bounds {
  readonly lower?: { readonly value: Scalar; readonly inclusive: boolean }
  readonly upper?: Scalar
}

const MAX_LIMIT = 1000
const MAX_COUNT = 100_000

export function planPage<T>(layout: CollectionLayout, query: Query<T>): PagePlan {
  checkLimit(query.limit)
  const index = indexNamed(layout, query.index)
  const equal = leadingValues(layout, index, query.where ?? {})
  const descending = query.order === 'descending'
  const bounds = boundsOf(layout, index, { at: equal.length, range: query.range })
  const rest = index.fields.slice(equal.length)
  const tail = index.unique ? rest : [...rest, 'id']
  const first: OpenStretch = { index, equal, descending, ...bounds }
  if (query.after === undefined) return { stretches: [first], tail, index, descending }
  const place = decodeCursor(query.after, { index: index.name, descending, length: tail.length })
  return { stretches: stretchesAfter(first, bounds, place.tail), tail, index, descending }
}

export function planCount<T>(layout: CollectionLayout, query: CountQuery<T>, upTo: number): Stretch {
  if (!Number.isInteger(upTo) || upTo < 1 || upTo > MAX_COUNT) {
    throw databaseErrors.bad_query({ detail: `A count goes up to a whole number from 1 to ${MAX_COUNT}.` })
  }
  const index = indexNamed(layout, query.index)
  const equal = leadingValues(layout, index, query.where ?? {})
  return { index, equal, descending: false, limit: upTo, ...boundsOf(layout, index, { at: equal.length, range: query.range }) }
}

export function checkLimit(limit: number): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return
  throw databaseErrors.bad_query({ detail: `The limit must be a whole number from 1 to ${MAX_LIMIT}.` })
}

/** The values of a unique index, all of them, in the order of its fields. */
export function keyOf(
  layout: CollectionLayout,
  name: string,
  values: Readonly<Record<string, unknown>>,
): { index: IndexLayout; values: Scalar[] } {
  const index = indexNamed(layout, name)
  if (!index.unique)
    throw databaseErrors.bad_query({ detail: `Index ${name} of collection ${layout.name} is not unique: use list, or declare it unique.` })
  const key = leadingValues(layout, index, values)
  if (key.length < index.fields.length) {
    throw databaseErrors.bad_query({
      detail: `Index ${name} of collection ${layout.name} needs all its fields: ${index.fields.join(', ')}.`,
    })
  }
  return { index, values: key }
}

function indexNamed(layout: CollectionLayout, name: string): IndexLayout {
  const index = layout.indexes.find((candidate) => candidate.name === name)
  if (index !== undefined) return index
  const known = layout.indexes.map((candidate) => candidate.name).join(', ') || 'none'
  throw databaseErrors.bad_query({
    detail: `Collection ${layout.name} has no index "${name}" (it declares: ${known}). Declare it in the definition of the collection.`,
  })
}

function leadingValues(layout: CollectionLayout, index: IndexLayout, where: Readonly<Record<string, unknown>>): Scalar[] {
  const asked = Object.keys(where)
  const leading = index.fields.slice(0, asked.length)
  if (asked.length > index.fields.length || !asked.every((field) => leading.includes(field))) {
    const detail = `Index ${index.name} (${index.fields.join(', ')}) of collection ${layout.name} does not begin with: ${asked.join(', ')}. Declare an index that does.`
    throw databaseErrors.bad_query({ detail })
  }
  return leading.map((field) => searchable(field, where[field]))
}

// An absent value is refused: `where: { ownerId: undefined }` is a mistake in the caller, and must not find what has no owner.
function searchable(field: string, value: unknown): string | number | boolean {
  if (typeof value === 'boolean') return value
  if (typeof value === 'number' && !Number.isNaN(value)) return value
  if (typeof value === 'string' && isStorable(value)) return value
  throw databaseErrors.bad_query({ detail: `Field ${field} needs a value to look for: storable text, a number or a boolean.` })
}

function boundsOf(
  layout: CollectionLayout,
  index: IndexLayout,
  part: { readonly at: number; readonly range: Query<unknown>['range'] },
): Bounds {
  const { from, below } = part.range ?? {}
  if (from === undefined && below === undefined) return {}
  const field = index.fields[part.at]
  if (field === undefined) {
    const detail = `Index ${index.name} of collection ${layout.name} has no field left for a range. Declare an index with the field after ${index.fields.join(', ')}.`
    throw databaseErrors.bad_query({ detail })
  }
  const given = [from, below].filter((value) => value !== undefined).map((value) => typeof searchable(field, value))
  if (new Set(given).size > 1) throw databaseErrors.bad_query({ detail: `The range on field ${field} needs two values of one type.` })
  // Absent fields sort before all others, and a range must not find them.
  const least = given[0] === 'string' ? '' : -Number.MAX_VALUE
  const value = typeof from === 'number' ? Math.max(from, -Number.MAX_VALUE) : (from ?? least)
  return { lower: { value, inclusive: true }, ...(below === undefined ? {} : { upper: below }) }
}

// What comes after (a, b, id) is: (a, b, >id), then (a, >b), then (>a). Each is one exact stretch of the index.
function stretchesAfter(first: OpenStretch, range: Bounds, tail: readonly Scalar[]): OpenStretch[] {
  const head = tail[0]
  if (head === undefined) return []
  if (!within(head, range)) throw unusable()
  return tail.map((_, offset) => {
    const depth = tail.length - 1 - offset
    const value = tail[depth] ?? null
    const outer = depth === 0 ? range : {}
    const bounds = first.descending
      ? { upper: value, ...(outer.lower === undefined ? {} : { lower: outer.lower }) }
      : { lower: { value, inclusive: false }, ...(outer.upper === undefined ? {} : { upper: outer.upper }) }
    return { index: first.index, descending: first.descending, equal: [...first.equal, ...tail.slice(0, depth)], ...bounds }
  })
}

function within(value: Scalar, range: Bounds): boolean {
  if (range.lower !== undefined && (typeof value !== typeof range.lower.value || compare(value, range.lower.value) < 0)) return false
  return range.upper === undefined || compare(value, range.upper) < 0
}

// Text by its bytes, as engines do it; `<` on strings compares UTF-16 units, which is another order.
function compare(left: Scalar, right: Scalar): number {
  if (typeof left === 'string' && typeof right === 'string') return Buffer.compare(Buffer.from(left), Buffer.from(right))
  return Number(left) - Number(right)
}
