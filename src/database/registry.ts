// The collections of one database, declared once each and before it is started.
import type { CollectionDefinition, Document } from '#kernel/collection.ts'
import { createCollection } from './collection.ts'
import type { Registered } from './commit.ts'
import type { Collection } from './contract.ts'
import { createCodec } from './document.ts'
import { layoutOf } from './layout.ts'
import type { Store } from './store.ts'

interface Entry extends Registered {
  readonly definition: unknown
  readonly collection: unknown
}

export interface Registry {
  declare<T extends Document>(definition: CollectionDefinition<T>): Collection<T>
  find(name: string): Registered | undefined
  all(): readonly Registered[]
  /** Nothing can be declared from here on. */
  close(): void
}

export function createRegistry(store: Store): Registry {
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
      const codec = createCodec(definition, layout)
      const collection = createCollection(layout, codec, store)
      entries.set(definition.name, { definition, layout, codec, collection })
      return collection
    },
    find: (name) => entries.get(name),
    all: () => [...entries.values()],
    close() {
      closed = true
    },
  }
}
