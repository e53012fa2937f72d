// What auth keeps of a person beside the account itself: shown in the download, removed with the account. A feature that stores something by account adds
// its collection to the list in parts.ts.
import type { Call } from '#kernel/call.ts'
import type { CollectionDefinition, Document } from '#kernel/collection.ts'
import type { Json } from '#kernel/json.ts'
import type { Database } from '../../database/contract.ts'

export interface Leaver {
  readonly accountId: string
  /** That of the account, and those that it has had lately. */
  readonly addresses: readonly string[]
  /** Which the person has chosen to end with the account. */
  readonly organisations?: readonly string[] | undefined
}

export interface PersonalData {
  /** In the download. */
  readonly name: string
  /** What the person is shown of it; `undefined` for what is kept for a moment only, or is a secret. */
  collect?(call: Call, accountId: string): Promise<Json>
  /** Again and again is the same. */
  erase(call: Call, leaver: Leaver): Promise<void>
}

const PAGE = 100

interface Rows<T> {
  readonly name: string
  /** Without it the rows are not in the download, nor is one for which it gives nothing. */
  shown?(row: T): Json | undefined
}

/** The one row of an account, in a collection whose ids are those of accounts. */
export function rowOfAccount<T extends Document>(
  database: Database,
  definition: CollectionDefinition<T>,
  { name, shown }: Rows<T>,
): PersonalData {
  const rows = database.collection(definition)
  const erase = async (call: Call, { accountId }: Leaver): Promise<void> => {
    await rows.delete(call, accountId)
  }
  if (shown === undefined) return { name, erase }
  return {
    name,
    erase,
    async collect(call, accountId) {
      const found = await rows.get(call, accountId)
      return (found && shown(found.value)) ?? null
    },
  }
}

/** Rows of a collection that has an index `account`, whose first field is `accountId`. */
export function rowsByAccount<T extends Document & { readonly accountId?: string | undefined }>(
  database: Database,
  definition: CollectionDefinition<T>,
  { name, shown }: Rows<T>,
): PersonalData {
  const rows = database.collection(definition)
  const page = (call: Call, accountId: string, after?: string) =>
    rows.list(call, {
      index: 'account',
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every T has the field; the compiler cannot see that of a type that it does not know
      where: { accountId } as Partial<T>,
      limit: PAGE,
      ...(after === undefined ? {} : { after }),
    })
  const erase = async (call: Call, { accountId }: Leaver): Promise<void> => {
    for (;;) {
      const { items } = await page(call, accountId)
      if (items.length === 0) return
      for (const { value } of items) await rows.delete(call, value.id)
    }
  }
  if (shown === undefined) return { name, erase }
  return {
    name,
    erase,
    async collect(call, accountId) {
      const all: Json[] = []
      let after: string | undefined
      do {
        const { items, next } = await page(call, accountId, after)
        all.push(...items.flatMap(({ value }) => shown(value) ?? []))
        after = next
      } while (after !== undefined)
      return all
    },
  }
}
