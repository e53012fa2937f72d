// Documents as MongoDB keeps them: the fields as they are at the top, so that people can read them, and our bookkeeping under names that begin with "_".
import { createHash } from 'node:crypto'
import type { CollectionLayout, IndexLayout } from '../../layout.ts'
import type { Body, Row, Scalar, WholeRow } from '../../ports.ts'

export type Fields = Readonly<Record<string, unknown>>

export interface StoredDocument {
  readonly _id: string
  readonly _version: number
  /** The number of the record that wrote it: never the same twice for one id. */
  readonly _at: number
  /** Grows with every insertion. */
  readonly _born: number
  readonly _shape: number
  /** Epoch milliseconds. */
  readonly _expires?: number
  readonly _terms?: readonly string[]
  /** The record that has changed more than this one document: whoever reads it makes sure that all of the record is there. */
  readonly _with?: number
  /** The record that has deleted it. The rest goes a little later. */
  readonly _gone?: number
  /** Top-level fields whose names MongoDB or we use otherwise, as JSON text. */
  readonly _fields?: string
  readonly [field: string]: unknown
}

/** JSON text of a value that BSON, or one of its servers, cannot hold as it is. */
const AS_TEXT = '_json'
const MAX_DEPTH = 40
/** Keys that the driver, JavaScript or we take for something else. */
const NOT_NAMES = new Set([AS_TEXT, '__proto__', '_bsontype'])

/** A field of a document that the database may hold under its own name. */
function isPlainName(name: string): boolean {
  return name !== '' && !name.startsWith('_') && !name.startsWith('$') && !name.includes('.') && name !== 'id'
}

export function storedFields(body: Body): Record<string, unknown> {
  if (typeof body === 'string') throw new TypeError('MongoDB stores the values of documents.')
  const plain: Record<string, unknown> = {}
  const others: Record<string, unknown> = Object.create(null)
  for (const [name, value] of Object.entries(body)) {
    if (value === undefined || name === 'id') continue
    if (isPlainName(name)) plain[name] = isStorable(value, 0) ? value : { [AS_TEXT]: JSON.stringify(value) }
    else others[name] = value
  }
  if (Object.keys(others).length > 0) plain['_fields'] = JSON.stringify(others)
  return plain
}

// Some servers refuse arrays in arrays, "$" and "." in names, and deep nesting. Such a top-level field is kept as text, whole.
function isStorable(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (depth > MAX_DEPTH) return false
  if (Array.isArray(value)) return value.every((item) => !Array.isArray(item) && isStorable(item, depth + 1))
  return Object.entries(value).every(([name, item]) => isPlainKey(name) && isStorable(item, depth + 1))
}

function isPlainKey(name: string): boolean {
  return name !== '' && !NOT_NAMES.has(name) && !name.startsWith('$') && !name.includes('.')
}

/** All that is not a single value as text. */
export function plainest(stored: object): Record<string, unknown> {
  const objects = Object.entries(stored).filter(([name, value]) => !name.startsWith('_') && typeof value === 'object' && value !== null)
  return Object.fromEntries(objects.map(([name, value]) => [name, { [AS_TEXT]: JSON.stringify(fieldValue(value)) }]))
}

/** The fields as they were given. */
export function fieldsOf(stored: StoredDocument): Fields {
  const fields: Record<string, unknown> = { id: stored._id }
  for (const [name, value] of Object.entries(stored)) {
    if (!name.startsWith('_')) fields[name] = fieldValue(value)
  }
  if (stored._fields !== undefined) {
    const others: Fields = JSON.parse(stored._fields)
    // Not by assignment, which would take "__proto__" for something else.
    for (const [name, value] of Object.entries(others)) {
      Object.defineProperty(fields, name, { value, enumerable: true, writable: true, configurable: true })
    }
  }
  return fields
}

function fieldValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !(AS_TEXT in value)) return value
  const text = value[AS_TEXT]
  return typeof text === 'string' ? JSON.parse(text) : value
}

export function rowOf(stored: StoredDocument): Row {
  return { version: stored._version, document: fieldsOf(stored), shape: stored._shape, stamp: String(stored._at) }
}

export function wholeRowOf(stored: StoredDocument): WholeRow {
  return {
    id: stored._id,
    version: stored._version,
    document: fieldsOf(stored),
    expiresAt: stored._expires ?? null,
    shape: stored._shape,
    ...(stored._terms === undefined ? {} : { terms: stored._terms }),
  }
}

export function isLive(stored: StoredDocument | undefined, now: number): stored is StoredDocument {
  return stored !== undefined && stored._gone === undefined && (stored._expires === undefined || stored._expires > now)
}

export interface UniqueKey {
  readonly index: string
  /** The id of the document of `ninefold_keys` that stands for the values. */
  readonly key: string
}

export function keyId(collection: string, index: IndexLayout, values: readonly Scalar[]): string {
  return createHash('sha256')
    .update(JSON.stringify([collection, index.name, index.fields, values]))
    .digest('base64url')
}

/** The unique values that a document holds; without all fields of an index, none. */
export function keysOf(layout: CollectionLayout, stored: StoredDocument | undefined): UniqueKey[] {
  if (stored === undefined || stored._gone !== undefined) return []
  return layout.indexes
    .filter(({ unique }) => unique)
    .flatMap((index) => {
      const values = index.fields.map((field) => scalarOf(field === 'id' ? stored._id : stored[field]))
      return values.includes(null) ? [] : [{ index: index.name, key: keyId(layout.name, index, values) }]
    })
}

function scalarOf(value: unknown): Scalar {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null
}
