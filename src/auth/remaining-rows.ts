// All rows of one kind that somebody has, removed with something else that is done.
import type { Call } from '#kernel/call.ts'
import { type CollectionDefinition, deleteFrom, type Document, type Operation } from '#kernel/collection.ts'
import type { Collection, Query } from '../database/contract.ts'

interface RemainingRows<T extends Document> {
  readonly rows: Pick<Collection<T>, 'list' | 'delete'>
  readonly definition: CollectionDefinition<T>
  readonly query: Pick<Query<T>, 'index' | 'where'>
  /** In the commit of the rest. Of more the first go before it: strangers may have asked in somebody's name, and a commit must not grow. */
  readonly atOnce: number
}

export async function removingRows<T extends Document>(
  call: Call,
  { rows, definition, query, atOnce }: RemainingRows<T>,
): Promise<Operation[]> {
  for (;;) {
    const { items, next } = await rows.list(call, { ...query, limit: atOnce })
    if (next === undefined) return items.map(({ value }) => deleteFrom(definition, value.id, { ifPresent: true }))
    for (const { value } of items) await rows.delete(call, value.id)
  }
}
