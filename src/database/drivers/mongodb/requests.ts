// What the writer is asked for.
import type { WriteRequest } from '../../ports.ts'

export type Decidable =
  | Extract<WriteRequest, { kind: 'write' }>
  /** Some of the documents that have expired. */
  | { readonly kind: 'remove'; readonly now: number; readonly collection: string; readonly limit: number }
  /** What is left of deleted documents, by id and the record that has deleted them. */
  | { readonly kind: 'purge'; readonly collection: string; readonly gone: ReadonlyMap<string, number> }
