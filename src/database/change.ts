// Conditional changes, decided on a document as it was read. The engine then replaces exactly that document or nothing.
import { isDeepStrictEqual } from 'node:util'
import type { Document } from '#kernel/collection.ts'
import type { Stored } from './contract.ts'
import { databaseErrors } from './errors.ts'

/** A `Change` of any document type. */
export interface AnyChange {
  readonly set: object
  readonly ifVersion?: number
  readonly where?: object
}

export function meets(current: Stored<Document>, change: AnyChange): boolean {
  if (change.ifVersion !== undefined && change.ifVersion !== current.version) return false
  if (change.where === undefined) return true
  const fields: Readonly<Record<string, unknown>> = { ...current.value }
  return Object.entries<unknown>({ ...change.where }).every(([field, expected]) => isDeepStrictEqual(fields[field], expected))
}

export function applied(current: Stored<Document>, change: AnyChange): Record<string, unknown> {
  const next: Record<string, unknown> = { ...current.value }
  for (const [field, value] of Object.entries<unknown>({ ...change.set })) {
    if (value === undefined) delete next[field]
    else next[field] = value
  }
  if (next['id'] !== current.value.id) {
    throw databaseErrors.bad_document({ detail: `The id of document ${current.value.id} cannot be changed.` })
  }
  return next
}
