// Documents on their way in and out: parsed by their schema both times, since neither the caller nor the disk is to be believed.
import type { CollectionDefinition, Document } from '#kernel/collection.ts'
import type { AppError } from '#kernel/errors.ts'
import { fieldProblems } from '#kernel/schema.ts'
import { fitsIndex, MAX_ID_BYTES, MAX_INDEXED_BYTES, unstorable } from '#kernel/storable.ts'
import type { Stored } from './contract.ts'
import { databaseErrors } from './errors.ts'
import type { CollectionLayout } from './layout.ts'
import type { Body, Row } from './ports.ts'
import { remembering } from './remember.ts'
import { termsOf } from './terms.ts'

export interface Encoded<T> {
  readonly value: T
  /** What a step of the engine takes. */
  readonly stored: { readonly document: Body; readonly expiresAt: number | null; readonly terms?: readonly string[] }
}

export interface Codec<T> {
  encode(value: unknown): Encoded<T>
  decode(row: Row): Stored<T>
  /** The same document in the present shape, ready to be stored. */
  reshape(row: Row): Encoded<T>
}

type Fields = Readonly<Record<string, unknown>>

export function createCodec<T extends Document>(
  definition: CollectionDefinition<T>,
  layout: CollectionLayout,
  form: 'text' | 'value',
): Codec<T> {
  const { schema, migrations = [], search } = definition
  const collection = layout.name
  const indexed = [...new Set(['id', ...layout.indexes.flatMap((index) => index.fields)])]

  const encode = (input: unknown): Encoded<T> => {
    const parsed = schema.safeParse(input)
    if (!parsed.success) throw refused(collection, input, parsed.error)
    const fields = recordOf(parsed.data)
    for (const field of indexed) checkIndexed(collection, field, fields)
    for (const index of layout.indexes) checkSize(layout, index.name, { fields, indexed: index.fields })
    const text = textOf(collection, parsed.data)
    const broken = unstorable(parsed.data, text)
    if (broken !== undefined) throw notStorable(collection, fields, broken)
    const expiresAt = layout.expiry === undefined ? null : expiryOf(layout, fields)
    const document: Body = form === 'text' ? text : fieldsIn(text)
    return { value: parsed.data, stored: { document, expiresAt, ...(search === undefined ? {} : { terms: termsOf(search, fields) }) } }
  }

  const upgraded = (row: Row): Fields => {
    let current: Record<string, unknown> = { ...bodyOf(collection, row.document) }
    const { id } = current
    for (const migration of migrations.slice(row.shape))
      current = typeof migration === 'function' ? migration(current) : migration.up(current)
    if (current['id'] !== id) throw new Error(`A migration of collection ${collection} changed the id of document ${String(id)}.`)
    return current
  }
  const parse = (input: unknown): T => {
    const parsed = schema.safeParse(input)
    if (!parsed.success) throw refused(collection, input, parsed.error)
    return parsed.data
  }
  const parseBody = (document: Body): T => parse(bodyOf(collection, document))
  const parseText = definition.remember === true ? remembering(parseBody) : parseBody

  const valueOf = (row: Row): T => {
    const { document, shape } = row
    if (shape !== undefined && shape !== layout.shape) return parse(knownShape(layout, shape) ? upgraded(row) : undefined)
    return typeof document === 'string' ? parseText(document) : parseBody(document)
  }
  return {
    encode,
    decode: (row) => ({ value: valueOf(row), version: row.version }),
    reshape: (row) => encode(row.shape === undefined ? bodyOf(collection, row.document) : upgraded(row)),
  }
}

/** The fields as they are stored, not as the schema reads them. */
export function bodyOf(collection: string, document: Body): Fields {
  if (typeof document !== 'string') return document
  try {
    return fieldsIn(document)
  } catch (cause) {
    throw databaseErrors.bad_document({ detail: `Collection ${collection} holds a document that is not JSON.`, cause })
  }
}

function fieldsIn(text: string): Fields {
  return JSON.parse(text)
}

function knownShape(layout: CollectionLayout, shape: number): true {
  if (shape < layout.shape) return true
  const detail = `Collection ${layout.name} has a document of shape ${shape}, and this program knows shapes up to ${layout.shape}: a newer version runs on the same database. Stop this one.`
  throw databaseErrors.unavailable({ detail })
}

function recordOf(document: Document): Fields {
  return { ...document }
}

function refused(collection: string, input: unknown, cause: Parameters<typeof fieldProblems>[0]): AppError {
  const id = typeof input === 'object' && input !== null && 'id' in input ? String(input.id) : '(without id)'
  const fields = fieldProblems(cause)
  const named = fields.map((problem) => problem.field || '(whole)').join(', ')
  return databaseErrors.bad_document({
    detail: `Document ${id} of collection ${collection} does not match its schema: ${named}.`,
    fields,
    cause,
  })
}

function notStorable(collection: string, fields: Fields, field: string): AppError {
  return databaseErrors.bad_document({
    detail: `Field ${field} of document ${String(fields['id'])} of collection ${collection} has text that no database can store (a null character, or half a character).`,
    fields: [{ field, message: 'Not storable text' }],
  })
}

// An index compares what JSON says with what a query gives, byte by byte, and an object has no order.
function checkIndexed(collection: string, field: string, fields: Fields): void {
  const value = fields[field]
  if (field === 'id' && (typeof value !== 'string' || value === '')) {
    throw databaseErrors.bad_document({ detail: `A document of collection ${collection} needs an id, a string that is not empty.` })
  }
  if (value === undefined || value === null || typeof value === 'string' || isScalar(value)) return
  const detail = `Field ${field} of document ${String(fields['id'])} of collection ${collection} is indexed and must be text, a number, a boolean or absent.`
  throw databaseErrors.bad_document({ detail })
}

function checkSize(
  layout: CollectionLayout,
  index: string,
  { fields, indexed }: { readonly fields: Fields; readonly indexed: readonly string[] },
): void {
  const where = `Document ${String(fields['id']).slice(0, 100)} of collection ${layout.name}`
  if (!fitsIndex([fields['id']], MAX_ID_BYTES))
    throw databaseErrors.bad_document({ detail: `${where}: an id has at most ${MAX_ID_BYTES} bytes.` })
  if (fitsIndex(indexed.map((field) => fields[field]))) return
  throw databaseErrors.bad_document({ detail: `${where}: the texts of index ${index} have more than ${MAX_INDEXED_BYTES} bytes together.` })
}

function isScalar(value: unknown): boolean {
  return typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))
}

function expiryOf(layout: CollectionLayout, fields: Fields): number | null {
  const value = layout.expiry === undefined ? undefined : fields[layout.expiry]
  if (value === undefined || value === null) return null
  if (typeof value === 'number' && Number.isFinite(value)) return Math.floor(value)
  const detail = `Field ${layout.expiry} of document ${String(fields['id'])} of collection ${layout.name} is its expiry and must be epoch milliseconds.`
  throw databaseErrors.bad_document({ detail })
}

function textOf(collection: string, value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch (cause) {
    throw databaseErrors.bad_document({ detail: `A document of collection ${collection} cannot be written as JSON.`, cause })
  }
}
