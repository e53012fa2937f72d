// Fields of collections that hold sealed texts, and a walk through all of them: for who seals them anew, and for who has lost the key.
import type { Call } from '#kernel/call.ts'
import { type CollectionDefinition, deleteFrom, type Operation } from '#kernel/collection.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import type { Database } from '../../database/contract.ts'

const PAGE = 100

export interface SealedRow {
  readonly id: string
  readonly sealed: string
  /** `undefined` when no version of the master key opens it. */
  text(): string | undefined
  /** Seals the text anew in its place. False when the row is no longer as it was read. */
  reseal(text: string): Promise<boolean>
  readonly removal: Operation
}

export interface SealedRows {
  readonly collection: string
  readonly what: string
  /** Everything that holds a sealed text, once. */
  pages(call: Call): AsyncIterable<readonly SealedRow[]>
}

/** One field of a collection that holds sealed texts. */
export interface SealedField {
  /** Declares the collection, so it must run before the database starts. */
  open(database: Database, keyRing: KeyRing): SealedRows
}

export interface SealedPlace<T> {
  /** In words for operators. */
  readonly what: string
  /** Any declared index without unequal rights: all documents are walked along it. */
  readonly index: string
  readonly field: keyof T & string
  readonly purpose: string
  bindingOf(id: string): string
  /** These alone; all of the collection unless told. */
  isMeant?(this: void, id: string): boolean
}

export function sealedField<T extends { readonly id: string }>(definition: CollectionDefinition<T>, place: SealedPlace<T>): SealedField {
  const { what, index, field, purpose, bindingOf, isMeant = () => true } = place
  return {
    open(database, keyRing) {
      const collection = database.collection(definition)
      const rowOf = (call: Call, { value, version }: { readonly value: T; readonly version: number }): SealedRow[] => {
        const { id, [field]: sealed } = value
        // Empty where it was destroyed.
        if (typeof sealed !== 'string' || sealed === '' || !isMeant(id)) return []
        return [
          {
            id,
            sealed,
            text: () => keyRing.open(purpose, bindingOf(id), sealed),
            async reseal(text) {
              const set = { ...value, [field]: keyRing.seal(purpose, bindingOf(id), text) }
              return (await collection.update(call, id, { set, ifVersion: version })) !== undefined
            },
            removal: deleteFrom(definition, id, { ifPresent: true }),
          },
        ]
      }
      return {
        collection: definition.name,
        what,
        async *pages(call) {
          let after: string | undefined
          do {
            const page = await collection.list(call, { index, limit: PAGE, ...(after === undefined ? {} : { after }) })
            yield page.items.flatMap((item) => rowOf(call, item))
            after = page.next
          } while (after !== undefined && !call.signal.aborted)
        },
      }
    },
  }
}
