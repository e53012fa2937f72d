// What has to be rewritten since a database was last used, and what may not be answered before that is done.
import type { Migration } from '#kernel/collection.ts'
import { databaseErrors } from './errors.ts'
import type { CollectionLayout } from './layout.ts'
import type { Mark } from './ports.ts'

/** What queries may not rely on yet. Filled at start, emptied when everything is rewritten. */
export interface Unfit {
  /** Stored rows may have other values in these fields than readers see. */
  fields: ReadonlySet<string>
  search: boolean
}

export const fit = (): Unfit => ({ fields: new Set(), search: false })

/** Throws while the index could miss documents, or find them where they are not any more. */
export function requireFit(layout: CollectionLayout, unfit: Unfit, fields: readonly string[]): void {
  if (unfit.fields.size === 0 || !fields.some((field) => unfit.fields.has(field))) return
  throw notYet(layout.name)
}

export function requireSearchFit(layout: CollectionLayout, unfit: Unfit): void {
  if (unfit.search) throw notYet(layout.name)
}

function notYet(collection: string): Error {
  return databaseErrors.unavailable({
    detail: `Collection ${collection} is being brought to a new shape; queries over what changes are answered when that is done.`,
    headers: { 'Retry-After': '5' },
  })
}

export interface Rewriting {
  /** All documents, or only those of an earlier shape. */
  readonly all: boolean
  /** The start waits for it. */
  readonly first: boolean
  readonly unfit: Unfit
}

export interface Fitting {
  readonly layout: CollectionLayout
  readonly migrations: readonly Migration[]
  /** What its terms are made from. */
  readonly searchMark: string | null
  readonly searchFields: readonly string[]
}

/** `undefined` when the stored documents fit. */
export function rewritingOf(mark: Mark, { layout, migrations, searchMark, searchFields }: Fitting): Rewriting | undefined {
  const expiryMoves = mark.expiry !== (layout.expiry ?? null)
  const searchMoves = searchMark !== null && mark.search !== searchMark
  const open = migrations.slice(mark.shape)
  if (!expiryMoves && !searchMoves && open.length === 0) return undefined
  const isUnknown = open.some((migration) => typeof migration === 'function')
  const fields = new Set(open.flatMap((migration) => (typeof migration === 'function' ? [] : migration.changes)))
  const unique = layout.indexes.filter((index) => index.unique).flatMap((index) => index.fields)
  const mustWait =
    isUnknown || expiryMoves || [...unique, ...(layout.expiry === undefined ? [] : [layout.expiry])].some((field) => fields.has(field))
  return {
    all: expiryMoves || searchMoves,
    first: mustWait,
    unfit: { fields, search: searchMoves || searchFields.some((field) => fields.has(field)) },
  }
}

export function markOf({ layout, searchMark }: Fitting): Mark {
  return { name: layout.name, shape: layout.shape, target: layout.shape, expiry: layout.expiry ?? null, search: searchMark }
}
