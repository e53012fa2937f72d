// The names of indexes. PostgreSQL cuts names after 63 bytes, so the long ones are shortened in a way that keeps them apart.
import { createHash } from 'node:crypto'
import type { CollectionLayout } from '../../layout.ts'

const MAX_NAME = 63
const KEPT = 40
const DIGITS = 16

export const ID_INDEX = ':id'
export const EXPIRY_INDEX = ':expiry'
export const SEARCH_INDEX = ':search'

/** Names of declared indexes hold no colon, so the ones above are never taken. */
export function indexId(collection: string, index: string): string {
  const name = `${collection}:${index}`
  if (name.length <= MAX_NAME) return name
  return `${collection.slice(0, KEPT)}:${createHash('sha256').update(name).digest('hex').slice(0, DIGITS)}`
}

/** Whether an index of the table of a collection is one that we have made. */
export function isOwnIndex(collection: string, id: string): boolean {
  return id.startsWith(collection.slice(0, KEPT)) && id.includes(':')
}

export function indexOfConstraint(layout: CollectionLayout, constraint: string | undefined): string | undefined {
  return layout.indexes.find((index) => indexId(layout.name, index.name) === constraint)?.name
}
