// Collection definitions, checked and turned into plain data that an engine and its threads can use.
import type { CollectionDefinition, Document } from '#kernel/collection.ts'
import { type ScalarKind, scalarFields } from '#kernel/kinds.ts'

export interface IndexLayout {
  readonly name: string
  readonly fields: readonly string[]
  readonly unique: boolean
}

export type { ScalarKind } from '#kernel/kinds.ts'

export interface FieldLayout {
  readonly name: string
  readonly kind: ScalarKind
}

export interface CollectionLayout {
  readonly name: string
  /** Top-level fields whose schema says one scalar kind; engines with columns give each its own. Every indexed field is among them. */
  readonly fields: readonly FieldLayout[]
  /** Whether documents carry search terms. */
  readonly searchable: boolean
  readonly indexes: readonly IndexLayout[]
  readonly expiry: string | undefined
  /** How many migrations the definition has: the version of its documents' shape. */
  readonly shape: number
}

/** What an engine is given at start. Documents are rewritten by the layer, never by an engine (migrations.ts). */
export interface Declared {
  readonly layout: CollectionLayout
  /** Search terms of a stored document, where the collection is searchable: what moves rows from one engine to another gives them anew. */
  readonly terms?: (document: string | Readonly<Record<string, unknown>>) => readonly string[]
}

const COLLECTION_NAME = /^[a-z][a-z0-9_]{0,62}$/
const PART_NAME = /^[A-Za-z][A-Za-z0-9_]{0,62}$/
const RESERVED = /^(ninefold|sqlite)_/

export function layoutOf<T extends Document>(definition: CollectionDefinition<T>): CollectionLayout {
  if (!COLLECTION_NAME.test(definition.name) || RESERVED.test(definition.name)) {
    throw new Error(
      `"${definition.name}" cannot be the name of a collection: use lower-case words joined by "_", not beginning with ninefold_ or sqlite_.`,
    )
  }
  const indexes = Object.entries(definition.indexes).map(([name, index]) => ({
    name,
    fields: [...index.fields],
    unique: index.unique === true,
  }))
  const seen = new Set<string>()
  for (const index of indexes) {
    checkIndex(definition.name, index)
    // Engines compare identifiers without regard to case.
    const folded = index.name.toLowerCase()
    if (seen.has(folded)) throw new Error(`Collection ${definition.name} has two indexes named ${index.name}.`)
    seen.add(folded)
  }
  const kinds = scalarFields(definition.schema)
  for (const index of indexes) checkKinds(`Index ${index.name} of collection ${definition.name}`, index.fields, kinds)
  checkKinds(`The expiry of collection ${definition.name}`, definition.expiry === undefined ? [] : [definition.expiry], kinds, ['number'])
  const { search } = definition
  if (search !== undefined) {
    const where = `The search of collection ${definition.name}`
    if (search.fields.length === 0) throw new Error(`${where} needs at least one field.`)
    checkKinds(where, search.fields, kinds, ['string'])
    checkKinds(where, search.filters ?? [], kinds)
  }
  return {
    name: definition.name,
    fields: [...kinds].filter(([name]) => PART_NAME.test(name)).map(([name, kind]) => ({ name, kind })),
    searchable: search !== undefined,
    indexes,
    expiry: definition.expiry,
    shape: definition.migrations?.length ?? 0,
  }
}

// Engines with columns need to know what a field is, and those without would order a mixture each in its own way.
// oxlint-disable-next-line eslint/max-params -- where, what, of which, and as what
function checkKinds(
  where: string,
  fields: readonly string[],
  kinds: ReadonlyMap<string, ScalarKind>,
  wanted: readonly ScalarKind[] = ['string', 'number', 'boolean'],
): void {
  for (const field of fields) {
    const kind = kinds.get(field)
    if (kind === undefined || !wanted.includes(kind)) {
      throw new Error(`${where}: the schema must say that field "${field}" is ${wanted.join(', ')} (one of them), or absent or null.`)
    }
  }
}

function checkIndex(collection: string, index: IndexLayout): void {
  const where = `Index ${index.name} of collection ${collection}`
  if (!PART_NAME.test(index.name)) throw new Error(`${where} needs a name of letters, digits and "_".`)
  if (index.fields.length === 0) throw new Error(`${where} needs at least one field.`)
  if (new Set(index.fields).size !== index.fields.length) throw new Error(`${where} names a field twice.`)
  for (const field of index.fields) {
    if (!PART_NAME.test(field)) throw new Error(`${where}: field "${field}" must be a top-level field of letters, digits and "_".`)
  }
}
