// The collections of one database, declared once each and before it is started.
import type { CollectionDefinition, Document } from '#kernel/collection.ts'
import type { Caches } from './cached.ts'
import { createCollection } from './collection.ts'
import type { Collection } from './contract.ts'
import { bodyOf, createCodec } from './document.ts'
import { type Declared, layoutOf } from './layout.ts'
import { fit } from './migrations.ts'
import type { Body } from './ports.ts'
import type { Rewritable } from './rewriter.ts'
import { termsMark, termsOf } from './terms.ts'
import type { Store } from './store.ts'

interface Entry extends Rewritable {
  readonly definition: unknown
  readonly collection: unknown
  readonly declared: Declared
}

export interface Registry {
  declare<T extends Document>(definition: CollectionDefinition<T>): Collection<T>
  find(name: string): Rewritable | undefined
  all(): readonly Rewritable[]
  /** What an engine is started with. */
  declared(): readonly Declared[]
  /** Nothing can be declared from here on. */
  close(): void
}

export function createRegistry(store: Store, caches: Caches): Registry {
  const entries = new Map<string, Entry>()
  let closed = false
  return {
    declare<T extends Document>(definition: CollectionDefinition<T>): Collection<T> {
      const known = entries.get(definition.name)
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same definition object always has the same document type
      if (known?.definition === definition) return known.collection as Collection<T>
      if (known !== undefined) throw new Error(`Two definitions of the collection ${definition.name}: share one.`)
      if (closed) throw new Error(`The collection ${definition.name} must be declared before the database is started.`)
      const layout = layoutOf(definition)
      const { search } = definition
      const codec = createCodec(definition, layout, store.engine.form)
      const unfit = fit()
      const collection = caches.wrap(definition, createCollection({ layout, codec, search, store, unfit }))
      const searchFields = search === undefined ? [] : [...search.fields, ...(search.filters ?? [])]
      const fitting = { layout, migrations: definition.migrations ?? [], searchMark: termsMark(search), searchFields }
      const terms = search === undefined ? {} : { terms: (document: Body) => termsOf(search, bodyOf(layout.name, document)) }
      entries.set(definition.name, { definition, ...fitting, codec, unfit, collection, declared: { layout, ...terms } })
      return collection
    },
    find: (name) => entries.get(name),
    all: () => [...entries.values()],
    declared: () => [...entries.values()].map(({ declared }) => declared),
    close() {
      closed = true
    },
  }
}
