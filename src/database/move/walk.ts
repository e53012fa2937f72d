// Two collections side by side, in the order of their ids: what one has and the other has not, or has otherwise.
import type { CollectionLayout } from '../layout.ts'
import type { Snapshot, WholeRow } from '../ports.ts'
import { compareIds, rowText } from './canonical.ts'

/** Small enough that reading and comparing a page leaves the other requests of the process their turn. */
const PAGE = 250

export interface Page {
  /** Rows of the source that the target has not, or not so. */
  readonly put: readonly WholeRow[]
  /** Rows that only the target has. */
  readonly erase: readonly string[]
  /** How many rows of the source have been looked at. */
  readonly seen: number
}

export interface WalkParts {
  readonly layout: CollectionLayout
  readonly snapshots: { readonly source: Snapshot; readonly target?: Snapshot }
  /** Rows that have expired by then are left out on both sides. */
  readonly now: number
  readonly sums?: { readonly source: (row: WholeRow) => void; readonly target: (row: WholeRow) => void }
}

export async function* rowsOf({ layout, snapshots, now, sums }: WalkParts): AsyncGenerator<Page> {
  const source = new Side(layout, snapshots.source, now)
  const target = snapshots.target === undefined ? undefined : new Side(layout, snapshots.target, now)
  for (;;) {
    const left = await source.page()
    const right = (await target?.page()) ?? []
    if (left.length === 0 && right.length === 0) return
    const { put, erase, seen, seenThere } = merged({ left, right, isLeftAll: source.ended, isRightAll: target?.ended ?? true, sums })
    source.done(seen)
    target?.done(seenThere)
    yield { put, erase, seen }
  }
}

interface Merging {
  readonly left: readonly WholeRow[]
  readonly right: readonly WholeRow[]
  /** Whether nothing comes after these. */
  readonly isLeftAll: boolean
  readonly isRightAll: boolean
  readonly sums: WalkParts['sums'] | undefined
}

/** As far as both can be judged: where a page ends, what follows in the other has to wait for the next one. */
function merged({ left, right, isLeftAll, isRightAll, sums }: Merging): Page & { readonly seenThere: number } {
  const put: WholeRow[] = []
  const erase: string[] = []
  let l = 0
  let r = 0
  while (canJudge({ here: left.length - l, there: right.length - r, isLeftAll, isRightAll })) {
    const order = orderOf(left[l], right[r])
    const row = order <= 0 ? left[l++] : undefined
    const other = order >= 0 ? right[r++] : undefined
    if (row !== undefined) sums?.source(row)
    if (other !== undefined) sums?.target(other)
    if (row !== undefined && differ(row, other)) put.push(row)
    if (row === undefined && other !== undefined) erase.push(other.id)
  }
  return { put, erase, seen: l, seenThere: r }
}

function canJudge(rest: { here: number; there: number } & Pick<Merging, 'isLeftAll' | 'isRightAll'>): boolean {
  if (rest.here === 0) return rest.isLeftAll && rest.there > 0
  return rest.there > 0 || rest.isRightAll
}

function orderOf(row: WholeRow | undefined, other: WholeRow | undefined): number {
  if (row === undefined) return 1
  return other === undefined ? -1 : compareIds(row.id, other.id)
}

function differ(row: WholeRow, other: WholeRow | undefined): boolean {
  return other === undefined || row.version !== other.version || rowText(row) !== rowText(other)
}

/** What is left of the page that was read last, and the next one when nothing is. */
class Side {
  readonly #layout: CollectionLayout
  readonly #snapshot: Snapshot
  readonly #now: number
  #rows: readonly WholeRow[] = []
  #after: string | undefined
  #ended = false

  constructor(layout: CollectionLayout, snapshot: Snapshot, now: number) {
    this.#layout = layout
    this.#snapshot = snapshot
    this.#now = now
  }

  get ended(): boolean {
    return this.#ended
  }

  async page(): Promise<readonly WholeRow[]> {
    while (this.#rows.length === 0 && !this.#ended) {
      const after = this.#after === undefined ? {} : { after: this.#after }
      const rows = await this.#snapshot.rows(this.#layout, { ...after, limit: PAGE })
      this.#after = rows.at(-1)?.id ?? this.#after
      this.#ended = rows.length < PAGE
      const { shape } = this.#layout
      this.#rows = rows.flatMap((row) =>
        row.expiresAt === null || row.expiresAt > this.#now ? [row.shape === undefined ? { ...row, shape } : row] : [],
      )
    }
    return this.#rows
  }

  done(count: number): void {
    this.#rows = this.#rows.slice(count)
  }
}
