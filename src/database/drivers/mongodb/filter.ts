// Stretches of an index and searches as MongoDB filters. Values from outside are only ever operands of operators that are written here.
import type { Document, Filter, Sort } from 'mongodb'
import { unusable } from '../../cursor.ts'
import type { CollectionLayout, IndexLayout } from '../../layout.ts'
import type { Scalar, Stretch, TermSearch } from '../../ports.ts'
import type { StoredDocument } from './stored.ts'

export type StoredFilter = Filter<StoredDocument>

export interface Selection {
  readonly filter: StoredFilter
  readonly sort: Sort
}

function stored(field: string): string {
  return field === 'id' ? '_id' : field
}

/** `undefined` when nothing can be in it. */
export function stretchSelection(stretch: Stretch): Selection | undefined {
  const { index, equal, lower, upper, descending } = stretch
  const rest = index.fields.slice(equal.length)
  // A unique index needs no id to be an order, and having it changes nothing.
  const order = [...rest.map(stored), '_id']
  const next = rest[0] === undefined ? '_id' : stored(rest[0])
  const terms: Document[] = equal.map((value, at) => ({ [stored(index.fields[at] ?? '')]: { $eq: value } }))
  if (lower !== undefined) terms.push({ [next]: above(lower) })
  if (upper === null) return undefined
  // Absent fields come first, so they are below every value.
  if (upper !== undefined) terms.push({ [next]: lower === undefined && !index.unique ? { $not: { $gte: upper } } : { $lt: upper } })
  if (index.unique) terms.push(...rest.map((field) => ({ [stored(field)]: { $ne: null } })))
  const direction = descending ? -1 : 1
  const sort = [...index.fields.slice(0, equal.length).map(stored), ...order].map((field): [string, 1 | -1] => [field, direction])
  return { filter: together(terms), sort }
}

function above({ value, inclusive }: { readonly value: Scalar; readonly inclusive: boolean }): Document {
  // Nothing is greater than an absent field by MongoDB's comparison, which keeps to one type.
  if (value === null) return inclusive ? { $exists: true } : { $ne: null }
  return inclusive ? { $gte: value } : { $gt: value }
}

export function searchFilter({ all, prefix, after }: TermSearch): StoredFilter {
  const terms: Document[] = []
  if (all.length > 0) terms.push({ _terms: { $all: [...all] } })
  if (prefix !== undefined) terms.push({ _terms: { $regex: `^${prefix}` } })
  if (after !== undefined) {
    const born = Number(after)
    if (after === '' || !Number.isFinite(born)) throw unusable()
    terms.push({ _born: { $lt: born } })
  }
  return together(terms)
}

export const NEWEST_FIRST: Sort = [['_born', -1]]

/** Neither deleted by a record that is applied (up to `applied`), nor expired where documents expire. */
export function visible(collection: CollectionLayout, applied: number, now: number): StoredFilter {
  const here: Document = { _gone: { $not: { $lte: applied } } }
  return together(collection.expiry === undefined ? [here] : [here, { _expires: { $not: { $lte: now } } }])
}

export function together(terms: readonly Document[]): StoredFilter {
  if (terms.length === 0) return {}
  return terms.length === 1 ? (terms[0] ?? {}) : { $and: [...terms] }
}

/** What an index of the definition is in MongoDB. Uniqueness is kept by documents of `ninefold_keys`, which every server can. */
export function indexKeys(index: IndexLayout): Record<string, 1> {
  return Object.fromEntries([...index.fields.map(stored), '_id'].map((field) => [field, 1]))
}
