// Collection definitions, checked and turned into plain data that an engine and its threads can use.
import type { CollectionDefinition, Document } from '#kernel/collection.ts'

export interface IndexLayout {
  readonly name: string
  readonly fields: readonly string[]
  readonly unique: boolean
}

export interface CollectionLayout {
  readonly name: string
  readonly indexes: readonly IndexLayout[]
  readonly expiry: string | undefined
  /** How many migrations the definition has: the version of its documents' shape. */
  readonly shape: number
}

export interface Declared {
  readonly layout: CollectionLayout
  /** Brings a document of an earlier shape (as JSON text) to the present one, or throws. */
  readonly migrate: (document: string, fromShape: number) => { readonly document: string; readonly expiresAt: number | null }
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
  return { name: definition.name, indexes, expiry: definition.expiry, shape: definition.migrations?.length ?? 0 }
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
