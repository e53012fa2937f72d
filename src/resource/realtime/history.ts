// What has happened in the last minutes, in memory: from here a client that was away for a moment goes on.
import type { Clock } from '#kernel/clock.ts'
import type { ResourceDocument } from '../schemas.ts'

/** One write, as far as somebody who follows must know. */
export interface Happening {
  readonly sequence: number
  /** Epoch milliseconds. */
  readonly at: number
  readonly resource: string
  readonly id: string
  readonly what:
    | {
        readonly kind: 'write'
        /** As it was before, as far as that decides who could see it; absent when it was not there. */
        readonly before: ResourceDocument | undefined
      }
    /** Shared with somebody in another way than before, or not any more. */
    | { readonly kind: 'share'; readonly accountId: string; readonly isEnded: boolean }
}

/** All that happened to one document, taken together. */
export interface Happened {
  readonly resource: string
  readonly id: string
  readonly isWritten: boolean
  readonly befores: readonly ResourceDocument[]
  /** With whom it is shared in another way, and whether somebody lost it. */
  readonly people: ReadonlyMap<string, { readonly hadIt: boolean }>
  /** Of the last write. */
  readonly sequence: number
}

const KEPT_MS = 5 * 60 * 1000
export const MAX_KEPT = 50_000
/** Characters, of all states from before together: where a rule of the app looks at whole documents, each is a whole document. */
const MAX_KEPT_SIZE = 32 * 1024 * 1024

interface Gathered {
  readonly resource: string
  readonly id: string
  isWritten: boolean
  readonly befores: ResourceDocument[]
  readonly people: Map<string, { readonly hadIt: boolean }>
  sequence: number
}

/** In the order of the last write to each: who has received one of these has received all before it. */
export function byDocument(happenings: Iterable<Happening>): Happened[] {
  const all = new Map<string, Gathered>()
  for (const { resource, id, what, sequence } of happenings) {
    const key = `${resource}/${id}`
    const one: Gathered = all.get(key) ?? { resource, id, isWritten: false, befores: [], people: new Map(), sequence }
    if (what.kind === 'share') one.people.set(what.accountId, { hadIt: what.isEnded || one.people.get(what.accountId)?.hadIt === true })
    else one.isWritten = true
    if (what.kind === 'write' && what.before !== undefined) one.befores.push(what.before)
    one.sequence = sequence
    all.delete(key)
    all.set(key, one)
  }
  return [...all.values()]
}

export class History {
  readonly #clock: Clock
  #all: (Happening | undefined)[] = []
  #sizes: number[] = []
  #size = 0
  #first = 0
  /** Everything after this is here. */
  #reach: number

  constructor(clock: Clock, reach: number) {
    this.#clock = clock
    this.#reach = reach
  }

  add(happening: Happening): void {
    const size = sizeOf(happening)
    this.#all.push(happening)
    this.#sizes.push(size)
    this.#size += size
    this.#forget()
  }

  reaches(sequence: number): boolean {
    this.#forget()
    return sequence >= this.#reach
  }

  /** Oldest first. */
  *since(sequence: number): Generator<Happening> {
    let from = this.#all.length
    while (from > this.#first && (this.#all[from - 1]?.sequence ?? 0) > sequence) from -= 1
    for (let index = from; index < this.#all.length; index += 1) {
      const happening = this.#all[index]
      if (happening !== undefined) yield happening
    }
  }

  #forget(): void {
    const oldest = this.#clock.now() - KEPT_MS
    for (let first = this.#all[this.#first]; first !== undefined; first = this.#all[this.#first]) {
      const isRoom = this.#all.length - this.#first <= MAX_KEPT && this.#size <= MAX_KEPT_SIZE
      if (first.at >= oldest && isRoom) break
      this.#reach = first.sequence
      this.#size -= this.#sizes[this.#first] ?? 0
      this.#all[this.#first] = undefined
      this.#first += 1
    }
    if (this.#first < MAX_KEPT / 2) return
    this.#all = this.#all.slice(this.#first)
    this.#sizes = this.#sizes.slice(this.#first)
    this.#first = 0
  }
}

function sizeOf({ what }: Happening): number {
  if (what.kind === 'share' || what.before === undefined) return 0
  let size = 0
  for (const value of Object.values(what.before)) size += typeof value === 'string' ? value.length : (JSON.stringify(value)?.length ?? 0)
  return size
}
