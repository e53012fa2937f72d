// Documents on their way in and out: parsed by their schema both times, since neither the caller nor the disk is to be believed.
import type { CollectionDefinition, Document } from '#kernel/collection.ts'
import type { AppError } from '#kernel/errors.ts'
import { fieldProblems } from '#kernel/schema.ts'
import type { Stored } from './contract.ts'
import { databaseErrors } from './errors.ts'
import type { CollectionLayout } from './layout.ts'
import type { Row } from './ports.ts'
import { remembering } from './remember.ts'

export interface Encoded<T> {
  readonly value: T
  readonly document: string
  readonly expiresAt: number | null
}

export interface Codec<T> {
  encode(value: unknown): Encoded<T>
  decode(row: Row): Stored<T>
  migrate(document: string, fromShape: number): Encoded<T>
}

export function createCodec<T extends Document>(definition: CollectionDefinition<T>, layout: CollectionLayout): Codec<T> {
  const { schema, migrations = [] } = definition
  const indexed = [...new Set(['id', ...layout.indexes.flatMap((index) => index.fields)])]

  const encode = (input: unknown): Encoded<T> => {
    const parsed = schema.safeParse(input)
    if (!parsed.success) throw refused(layout.name, input, parsed.error)
    const fields = recordOf(parsed.data)
    for (const field of indexed) checkIndexed(layout.name, field, fields)
    const expiresAt = layout.expiry === undefined ? null : expiryOf(layout, fields)
    return { value: parsed.data, document: textOf(layout.name, parsed.data), expiresAt }
  }

  const parse = (document: string): T => {
    let input: unknown
    try {
      input = JSON.parse(document)
    } catch (cause) {
      throw databaseErrors.bad_document({ detail: `Collection ${layout.name} holds a document that is not JSON.`, cause })
    }
    const parsed = schema.safeParse(input)
    if (!parsed.success) throw refused(layout.name, input, parsed.error)
    return parsed.data
  }
  const valueOf = definition.remember === true ? remembering(parse) : parse

  return {
    encode,
    decode: (row) => ({ value: valueOf(row.document), version: row.version }),
    migrate(document, fromShape) {
      let current: Record<string, unknown> = JSON.parse(document)
      const { id } = current
      for (const migration of migrations.slice(fromShape)) current = migration(current)
      if (current['id'] !== id) throw new Error(`A migration of collection ${layout.name} changed the id of document ${String(id)}.`)
      return encode(current)
    },
  }
}

function recordOf(document: Document): Readonly<Record<string, unknown>> {
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

// An index compares what JSON says with what a query gives, byte by byte. Half a surrogate pair has no bytes in UTF-8, and an object no order.
function checkIndexed(collection: string, field: string, fields: Readonly<Record<string, unknown>>): void {
  const value = fields[field]
  if (field === 'id' && (typeof value !== 'string' || value === '')) {
    throw databaseErrors.bad_document({ detail: `A document of collection ${collection} needs an id, a string that is not empty.` })
  }
  const indexable = typeof value === 'string' ? value.isWellFormed() : value === undefined || value === null || isScalar(value)
  if (indexable) return
  const detail = `Field ${field} of document ${String(fields['id'])} of collection ${collection} is indexed and must be well-formed text, a number, a boolean or absent.`
  throw databaseErrors.bad_document({ detail })
}

function isScalar(value: unknown): boolean {
  return typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))
}

function expiryOf(layout: CollectionLayout, fields: Readonly<Record<string, unknown>>): number | null {
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
