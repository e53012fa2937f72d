// Decides requests on what is stored, and says what would change. It changes nothing: the journal makes it true, unless somebody else was first.
import type { StoredEvent } from '../../contract.ts'
import type { CollectionLayout } from '../../layout.ts'
import type { Step, WriteAnswer } from '../../ports.ts'
import type { Changes } from './journal.ts'
import { Overlay } from './overlay.ts'
import type { Decidable } from './requests.ts'
import type { StateReader } from './state-reader.ts'
import { isLive, keysOf, type StoredDocument, storedFields } from './stored.ts'

export interface Decided {
  readonly answers: readonly WriteAnswer[]
  readonly changes: Changes
}

/** The record that the changes will be, and the newest event before it. */
export interface Moment {
  readonly number: number
  readonly sequence: number
}

export interface DecideParts {
  readonly layouts: ReadonlyMap<string, CollectionLayout>
  /** As it is after the record before. */
  readonly state: StateReader
}

const BORN_PER_RECORD = 100_000

export async function decide(parts: DecideParts, requests: readonly Decidable[], moment: Moment): Promise<Decided> {
  const overlay = new Overlay(parts.state)
  const deciding = new Deciding(parts, overlay, moment.number)
  const events: StoredEvent[] = []
  const answers: WriteAnswer[] = []
  for (const request of requests) {
    const answer = await deciding.answer(request)
    answers.push(answer)
    if (answer.kind !== 'done') {
      overlay.undo()
      continue
    }
    overlay.keep(moment.number, request.kind === 'write')
    for (const { topic, key, data } of request.kind === 'write' ? request.events : []) {
      const sequence = moment.sequence + events.length + 1
      events.push({ sequence, topic, key, data: JSON.parse(data), at: request.kind === 'write' ? request.now : 0 })
    }
  }
  return { answers, changes: { documents: await overlay.documents(), keys: await overlay.keys(), events } }
}

type Refusal = { readonly kind: 'stale' } | { readonly kind: 'duplicate'; readonly index?: string }
type Insert = Extract<Step, { kind: 'insert' }>
type Replace = Extract<Step, { kind: 'replace' | 'reshape' }>
type Delete = Extract<Step, { kind: 'delete' }>

const STALE: Refusal = { kind: 'stale' }

class Deciding {
  readonly #layouts: ReadonlyMap<string, CollectionLayout>
  readonly #expired: (request: Extract<Decidable, { kind: 'remove' }>) => Promise<readonly string[]>
  readonly #overlay: Overlay
  readonly #number: number
  #born: number

  constructor(parts: DecideParts, overlay: Overlay, number: number) {
    this.#layouts = parts.layouts
    this.#expired = async (request) => await parts.state.expired(request)
    this.#overlay = overlay
    this.#number = number
    this.#born = number * BORN_PER_RECORD
  }

  async answer(request: Decidable): Promise<WriteAnswer> {
    if (request.kind === 'remove') return { kind: 'done', rows: await this.#remove(request) }
    if (request.kind === 'purge') return { kind: 'done', rows: await this.#purge(request) }
    for (const [step, one] of request.steps.entries()) {
      const refusal = await this.#step(one, request.now)
      if (refusal !== undefined) return { ...refusal, step }
    }
    return { kind: 'done', rows: 1 }
  }

  async #step(step: Step, now: number): Promise<Refusal | undefined> {
    const layout = this.#layouts.get(step.collection)
    if (layout === undefined) throw new Error(`There is no collection ${step.collection}.`)
    const current = await this.#overlay.document(step.collection, step.id)
    if (step.kind === 'insert') return await this.#insert(layout, { step, current, now })
    if (step.kind === 'delete') return this.#delete(layout, { step, current, now })
    return await this.#replace(layout, { step, current, now })
  }

  async #insert(layout: CollectionLayout, { step, current, now }: On<Insert>): Promise<Refusal | undefined> {
    if (isLive(current, now)) return { kind: 'duplicate' }
    this.#born += 1
    return await this.#put(layout, { current, now, next: this.#document(layout, step, { version: 1, born: this.#born }) })
  }

  async #replace(layout: CollectionLayout, { step, current, now }: On<Replace>): Promise<Refusal | undefined> {
    const { before } = step
    const isThere = step.kind === 'replace' ? isLive(current, now) : current?._gone === undefined
    if (!isThere || current === undefined || current._version !== before.version) return STALE
    // Without a stamp it is the row that this very request has made.
    if (before.stamp === undefined ? current._at !== this.#number : String(current._at) !== before.stamp) return STALE
    const version = step.kind === 'replace' ? current._version + 1 : current._version
    return await this.#put(layout, { current, now, next: this.#document(layout, step, { version, born: current._born }) })
  }

  #delete(layout: CollectionLayout, { step, current, now }: On<Delete>): Refusal | undefined {
    if (!isLive(current, now)) return step.ifPresent === true ? undefined : STALE
    if (step.ifVersion !== undefined && step.ifVersion !== current._version) return STALE
    this.#takeAway(layout, current)
    return undefined
  }

  #document(
    layout: CollectionLayout,
    step: Insert | Replace,
    { version, born }: { readonly version: number; readonly born: number },
  ): StoredDocument {
    return {
      ...storedFields(step.document),
      _id: step.id,
      _version: version,
      _at: this.#number,
      _born: born,
      _shape: layout.shape,
      ...(step.expiresAt === null ? {} : { _expires: step.expiresAt }),
      ...(step.terms === undefined ? {} : { _terms: step.terms }),
    }
  }

  async #put(
    layout: CollectionLayout,
    { current, next, now }: { readonly current: StoredDocument | undefined; readonly next: StoredDocument; readonly now: number },
  ): Promise<Refusal | undefined> {
    const keys = keysOf(layout, next)
    const kept = new Set(keys.map(({ key }) => key))
    for (const key of keys) {
      const holder = await this.#overlay.holder(key.key)
      if (holder === next._id) continue
      if (holder !== undefined && (await this.#isTaken(layout, { key: key.key, holder, now })))
        return { kind: 'duplicate', index: key.index }
      this.#overlay.putKey(layout.name, key, next._id)
    }
    for (const key of keysOf(layout, current)) if (!kept.has(key.key)) this.#overlay.putKey(layout.name, key, null)
    this.#overlay.put(layout.name, next._id, next)
    return undefined
  }

  async #isTaken(
    layout: CollectionLayout,
    { key, holder, now }: { readonly key: string; readonly holder: string; readonly now: number },
  ): Promise<boolean> {
    const other = await this.#overlay.document(layout.name, holder)
    // A key whose document has other values by now is left over.
    if (other === undefined || !keysOf(layout, other).some((theirs) => theirs.key === key)) return false
    if (isLive(other, now)) return true
    // Expired documents are gone for readers, so they may not hold a value either.
    this.#takeAway(layout, other)
    return false
  }

  #takeAway(layout: CollectionLayout, current: StoredDocument): void {
    for (const key of keysOf(layout, current)) this.#overlay.putKey(layout.name, key, null)
    this.#overlay.put(layout.name, current._id, { ...current, _at: this.#number, _gone: this.#number })
  }

  async #remove(request: Extract<Decidable, { kind: 'remove' }>): Promise<number> {
    const { collection, now } = request
    const layout = this.#layouts.get(collection)
    let removed = 0
    for (const id of await this.#expired(request)) {
      const current = await this.#overlay.document(collection, id)
      if (layout === undefined || current === undefined || current._gone !== undefined || isLive(current, now)) continue
      // Nothing but its keys is seen by anybody, so nothing need be remembered of it.
      this.#takeAway(layout, current)
      this.#overlay.put(collection, id, null)
      removed += 1
    }
    return removed
  }

  async #purge({ collection, gone }: Extract<Decidable, { kind: 'purge' }>): Promise<number> {
    let purged = 0
    for (const [id, number] of gone) {
      const current = await this.#overlay.document(collection, id)
      if (current?._gone !== number) continue
      this.#overlay.put(collection, id, null)
      purged += 1
    }
    return purged
  }
}

interface On<Kind> {
  readonly step: Kind
  readonly current: StoredDocument | undefined
  readonly now: number
}
