// Brings the rows, events and positions of one engine into another, and finds out where the two differ. Knows nothing of who is the present house.
import { setImmediate } from 'node:timers/promises'
import type { CollectionLayout, Declared } from '../layout.ts'
import type { Consumer, Engine, Snapshot, WholeRow } from '../ports.ts'
import { canonicalJson, eventText, fieldsOf, inForm, rowText, type Sum, Summing } from './canonical.ts'
import type { DirtyRows } from './dirty.ts'
import { type Page, rowsOf } from './walk.ts'

const EVENTS_PAGE = 500
const DIRTY_PAGE = 200

export interface CopierParts {
  readonly source: Engine
  readonly target: Engine
  readonly declared: readonly Declared[]
  readonly dirty: DirtyRows
  readonly now: () => number
}

export interface Difference {
  readonly collection: string
  readonly source: Sum
  readonly target: Sum
  readonly different: number
}

export interface Snapshots {
  readonly source: Snapshot
  readonly target: Snapshot
}

export interface Copier {
  /** Every row that both do not have alike is brought over. `fresh`: there is nothing in the target yet, so it is not looked at. */
  copyAll(options: { readonly fresh: boolean; readonly copied: (collection: string, rows: number) => void }): Promise<void>
  /** Brings over what was written since; up to this many rows. Gives how many. */
  copyDirty(atMost: number): Promise<number>
  /** Events after this sequence, positions of consumers, and what is recorded about collections. Gives the sequence to go on from. */
  copyEvents(after: number): Promise<number>
  /** Compares two snapshots row by row and brings over what differs. `exact`: both are of one moment, at which nothing was left to bring over. */
  compare(
    snapshots: Snapshots,
    options: { readonly exact: boolean; readonly checked: (collection: string, rows: number) => void },
  ): Promise<readonly Difference[]>
  /** Rows of these that the two have otherwise. */
  unequal(rows: readonly { readonly collection: string; readonly id: string }[]): Promise<number>
}

export function createCopier(parts: CopierParts): Copier {
  return new Copying(parts)
}

class Copying implements Copier {
  readonly #parts: CopierParts
  readonly #put: Put

  constructor(parts: CopierParts) {
    this.#parts = parts
    this.#put = putter(parts)
  }

  async copyAll({ fresh, copied }: Parameters<Copier['copyAll']>[0]): Promise<void> {
    const { source, target, declared } = this.#parts
    const from = await source.snapshot()
    try {
      for (const collection of declared) {
        const to = fresh ? undefined : await target.snapshot()
        try {
          await this.#copyRows(collection, to === undefined ? { source: from } : { source: from, target: to }, copied)
        } finally {
          await to?.close()
        }
      }
    } finally {
      await from.close()
    }
  }

  async #copyRows(
    collection: Declared,
    snapshots: { readonly source: Snapshot; readonly target?: Snapshot },
    copied: (collection: string, rows: number) => void,
  ): Promise<void> {
    const { layout } = collection
    for await (const page of rowsOf({ layout, snapshots, now: this.#parts.now() })) {
      await this.#put(collection, page)
      copied(layout.name, page.seen)
      await setImmediate()
    }
  }

  async copyDirty(atMost: number): Promise<number> {
    const { source, declared, dirty, now } = this.#parts
    let done = 0
    while (done < atMost) {
      const taken = dirty.take(Math.min(DIRTY_PAGE, atMost - done))
      if (taken === undefined) break
      const collection = declared.find(({ layout }) => layout.name === taken.collection)
      if (collection === undefined) continue
      try {
        await this.#put(collection, await presentRows(collection.layout, { engine: source, ids: taken.ids, now: now() }))
      } catch (error) {
        for (const id of taken.ids) dirty.note(taken.collection, id)
        throw error
      }
      done += taken.ids.length
    }
    return done
  }

  async copyEvents(after: number): Promise<number> {
    const { source, target } = this.#parts
    // Before the snapshot: nothing with a lower number can come to light after it.
    const head = await source.events.head()
    const snapshot = await source.snapshot()
    try {
      for (let from = after; ; ) {
        const events = await snapshot.events({ after: from, limit: EVENTS_PAGE })
        await target.load({ kind: 'events', events, head: Math.max(head, events.at(-1)?.sequence ?? 0) })
        from = events.at(-1)?.sequence ?? from
        if (events.length < EVENTS_PAGE) break
        await setImmediate()
      }
      await this.#copyConsumers(await snapshot.consumers())
    } finally {
      await snapshot.close()
    }
    const marks = new Set((await target.marks()).map((mark) => canonicalJson(mark)))
    for (const mark of await source.marks()) {
      if (!marks.has(canonicalJson(mark))) await target.write({ kind: 'mark', mark })
    }
    return head
  }

  async #copyConsumers(consumers: readonly Consumer[]): Promise<void> {
    const { target } = this.#parts
    if (consumers.length > 0) await target.load({ kind: 'consumers', consumers })
    const known = new Set(consumers.map(({ name }) => name))
    for (const { name } of await target.events.consumers()) {
      if (!known.has(name)) await target.write({ kind: 'forget', consumer: name })
    }
  }

  async compare(snapshots: Snapshots, options: Parameters<Copier['compare']>[1]): Promise<readonly Difference[]> {
    const { declared, dirty, now } = this.#parts
    const found: Difference[] = []
    const moment = now()
    for (const collection of declared) {
      found.push(await compareRows({ ...options, dirty, put: this.#put, collection, snapshots, moment }))
    }
    found.push(await compareEvents(snapshots))
    return found
  }

  async unequal(rows: Parameters<Copier['unequal']>[0]): Promise<number> {
    const { source, target, declared, now } = this.#parts
    const moment = now()
    const isEqual = async ({ collection, id }: { readonly collection: string; readonly id: string }): Promise<boolean> => {
      const layout = declared.find((candidate) => candidate.layout.name === collection)?.layout
      if (layout === undefined) return true
      const found = await Promise.all([source, target].map(async (engine) => await presentRows(layout, { engine, ids: [id], now: moment })))
      const [left, right] = found.map(({ put: [row] }) => (row === undefined ? '' : rowText(row)))
      return left === right
    }
    return (await Promise.all(rows.map(isEqual))).filter((equal) => !equal).length
  }
}

type Put = (collection: Declared, page: Pick<Page, 'put' | 'erase'>) => Promise<void>

interface Comparing {
  readonly dirty: DirtyRows
  readonly put: Put
  readonly collection: Declared
  readonly snapshots: Snapshots
  readonly moment: number
  readonly exact: boolean
  readonly checked: (collection: string, rows: number) => void
}

async function compareRows({ dirty, put, collection, snapshots, moment, exact, checked }: Comparing): Promise<Difference> {
  const { layout } = collection
  const source = new Summing()
  const target = new Summing()
  let different = 0
  // On engines that cannot be read as of one moment, what was written since may differ. It is copied again in any case.
  const counts = (id: string): boolean => exact || !dirty.has(layout.name, id)
  const count = (sum: Summing, row: WholeRow): void => {
    if (counts(row.id)) sum.add(rowText(row))
  }
  const sums = { source: (row: WholeRow) => count(source, row), target: (row: WholeRow) => count(target, row) }
  for await (const page of rowsOf({ layout, snapshots, now: moment, sums })) {
    const settled = { put: page.put.filter(({ id }) => counts(id)), erase: page.erase.filter(counts) }
    different += settled.put.length + settled.erase.length
    await put(collection, settled)
    checked(layout.name, page.seen)
    await setImmediate()
  }
  return { collection: layout.name, source: source.result(), target: target.result(), different }
}

/** Events that the source still has. The target may keep a few longer: everybody has read them. */
async function compareEvents(snapshots: Snapshots): Promise<Difference> {
  const [first] = await snapshots.source.events({ after: 0, limit: 1 })
  const upTo = Math.min(await snapshots.source.head(), await snapshots.target.head())
  const sum = async (snapshot: Snapshot): Promise<Sum> => {
    const summing = new Summing()
    for (let after = (first?.sequence ?? upTo + 1) - 1; after < upTo; ) {
      const events = await snapshot.events({ after, limit: EVENTS_PAGE })
      for (const event of events) if (event.sequence <= upTo) summing.add(eventText(event))
      if (events.length < EVENTS_PAGE) break
      after = events.at(-1)?.sequence ?? upTo
      await setImmediate()
    }
    return summing.result()
  }
  const source = await sum(snapshots.source)
  const target = await sum(snapshots.target)
  return {
    collection: 'events',
    source,
    target,
    different: source.checksum === target.checksum ? 0 : Math.max(1, Math.abs(source.rows - target.rows)),
  }
}

/** What became of these rows: those that are there to be put, the others to be erased. */
async function presentRows(
  layout: CollectionLayout,
  { engine, ids, now }: { readonly engine: Engine; readonly ids: readonly string[]; readonly now: number },
): Promise<Pick<Page, 'put' | 'erase'>> {
  const put: WholeRow[] = []
  const erase: string[] = []
  await Promise.all(
    ids.map(async (id) => {
      const row = await engine.find(layout, id, now)
      if (row === undefined) {
        erase.push(id)
        return
      }
      const { version, document, shape = layout.shape } = row
      put.push({ id, version, document, expiresAt: expiryOf(layout, document), shape })
    }),
  )
  return { put, erase }
}

function expiryOf(layout: CollectionLayout, document: WholeRow['document']): number | null {
  if (layout.expiry === undefined) return null
  const value = fieldsOf(document)[layout.expiry]
  return typeof value === 'number' ? Math.floor(value) : null
}

/** Erases and puts rows. Where a unique value is in the way, it is the other row that is out of date: it goes, and is looked at again. */
function putter({ target, dirty }: CopierParts): Put {
  const evict = async (layout: CollectionLayout, row: WholeRow): Promise<void> => {
    const fields = fieldsOf(row.document)
    for (const index of layout.indexes.filter(({ unique }) => unique)) {
      const values = index.fields.map((field) => fields[field]).filter((value) => isScalar(value))
      if (values.length < index.fields.length) continue
      // At the beginning of time nothing has expired: expired rows hold their unique values, too.
      const other = await target.findByKey(layout, { index, values }, 0)
      const id = other === undefined ? undefined : fieldsOf(other.document)['id']
      if (typeof id !== 'string' || id === row.id) continue
      await target.load({ kind: 'erase', collection: layout.name, ids: [id] })
      dirty.note(layout.name, id)
    }
  }
  return async ({ layout, terms }, { put, erase }) => {
    const collection = layout.name
    if (erase.length > 0) await target.load({ kind: 'erase', collection, ids: erase })
    if (put.length === 0) return
    const rows = put.map((row): WholeRow => {
      const document = inForm(row.document, target.form)
      return { ...row, document, ...(terms === undefined ? {} : { terms: terms(document) }) }
    })
    try {
      await target.load({ kind: 'rows', collection, rows })
    } catch (error) {
      if (!layout.indexes.some(({ unique }) => unique)) throw error
      for (const row of rows) {
        await evict(layout, row)
        await target.load({ kind: 'rows', collection, rows: [row] })
      }
    }
  }
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}
