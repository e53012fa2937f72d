// The sign at the door: one row in a database itself, so that one that was left, or is not ready yet, is not taken for the present one by accident.
import type { CollectionLayout, Declared } from '../layout.ts'
import type { Engine } from '../ports.ts'
import { z } from '#kernel/schema.ts'
import { fieldsOf, inForm } from './canonical.ts'

const layout: CollectionLayout = { name: 'ninefold_house', fields: [], searchable: false, indexes: [], expiry: undefined, shape: 0 }
const ID = 'house'

const sign = z.strictObject({
  id: z.literal(ID),
  /** `arriving`: somebody is filling it. `left`: its data went elsewhere. */
  says: z.enum(['arriving', 'left']),
  /** Where the data comes from, or went; without passwords. */
  other: z.string(),
  at: z.number(),
})
export type Sign = Omit<z.infer<typeof sign>, 'id'>

/** What every engine is started with, beside the collections. */
export function withSign(declared: readonly Declared[]): readonly Declared[] {
  return [...declared, { layout }]
}

export async function readSign(engine: Engine): Promise<Sign | undefined> {
  const row = await engine.find(layout, ID, Number.MAX_SAFE_INTEGER)
  return row === undefined ? undefined : sign.parse(fieldsOf(row.document))
}

export async function putSign(engine: Engine, { says, other, at }: Sign): Promise<void> {
  const document = inForm({ id: ID, says, other, at }, engine.form)
  await engine.load({ kind: 'rows', collection: layout.name, rows: [{ id: ID, version: 1, document, expiresAt: null }] })
}

export async function takeSignDown(engine: Engine): Promise<void> {
  await engine.load({ kind: 'erase', collection: layout.name, ids: [ID] })
}

/** Throws when the platform must not run on this database. */
export async function refuseSigned(engine: Engine, place: string): Promise<void> {
  const found = await readSign(engine)
  if (found === undefined) return
  const at = new Date(found.at).toISOString()
  throw new Error(
    found.says === 'left'
      ? `The data of ${place} has moved to ${found.other} (${at}). Set NINEFOLD_DATABASE_URL to that; nothing was changed here.`
      : `${place} was being filled from ${found.other} (${at}) and that was not finished: it is not whole. Start with the database that the data ` +
          'comes from and move again, or restore again. Nothing was changed here.',
  )
}

export async function isEmpty(engine: Engine, declared: readonly Declared[]): Promise<boolean> {
  if ((await engine.events.head()) > 0) return false
  for (const collection of declared) {
    if ((await engine.rows(collection.layout, { limit: 1 })).length > 0) return false
  }
  return true
}
