// The engine that the platform holds while its data may change house: passes everything to the engine that is the present one, notes which rows are
// written, and can hold writes for a moment so that the present one is changed under it.
import type { Declared } from '../layout.ts'
import type { Engine, WriteAnswer, WriteRequest } from '../ports.ts'
import { DirtyRows } from './dirty.ts'
import { relayEngine, type Switchboard } from './relay-engine.ts'
import { Rewriting } from './rewriting.ts'

export interface Relay {
  readonly engine: Engine
  readonly dirty: DirtyRows
  primary(): Engine
  /** Known once it is started. */
  declared(): readonly Declared[]
  /** Rows written from here on are noted. Resolves when no write is under way that was not. */
  track(): Promise<void>
  untrack(): void
  /** Background removal: `hold` while rows are copied, `both` while the other house follows. */
  upkeep(mode: Upkeep, follower?: Engine): void
  /** So many rows are written in a second, as far as no write waits too long for it: what is written faster than it can be copied never arrives. */
  brake(rowsPerSecond: number): void
  /** New writes wait. Resolves when none is under way. Say `release`, whatever happens. */
  hold(): Promise<void>
  release(): void
  /** Only while writes are held. */
  switchTo(engine: Engine): void
  /** How long writes were held the last time. */
  heldMs(): number
}

/** No write waits longer for the brake. */
const MAX_BRAKE_MS = 500

type Upkeep = 'usual' | 'hold' | 'both'

interface Gate {
  readonly opened: Promise<void>
  readonly open: () => void
}

export interface RelayParts {
  readonly engine: Engine
  /** Decides, before anything is opened, which engine it is, and opens it. */
  readonly open: (collections: readonly Declared[], configured: Engine) => Promise<Engine>
  readonly close: () => Promise<void>
  /** Throws when this process may not write now. */
  readonly mayWrite?: () => void
}

export function createRelay(parts: RelayParts): Relay {
  return new Relaying(parts)
}

class Relaying implements Relay, Switchboard {
  readonly engine: Engine
  readonly dirty = new DirtyRows()
  readonly rewriting: Rewriting
  readonly #parts: RelayParts
  readonly #underWay = new Set<Promise<unknown>>()
  readonly #watchers = new Set<{ readonly wake: () => void; end: (() => void) | undefined }>()
  #primary: Engine
  #declared: readonly Declared[] = []
  #tracking = false
  #upkeep: Upkeep = 'usual'
  #follower: Engine | undefined
  #rowsPerSecond = Number.POSITIVE_INFINITY
  /** When the next row may be written. */
  #nextAt = 0
  #gate: Gate | undefined
  #heldSince = 0
  #heldMs = 0

  constructor(parts: RelayParts) {
    this.#parts = parts
    this.#primary = parts.engine
    // The layer asks once: bodies keep the form of the engine that was configured, and are put into another where needed.
    this.rewriting = new Rewriting(parts.engine.form)
    this.engine = relayEngine(this)
  }

  primary(): Engine {
    return this.#primary
  }

  declared(): readonly Declared[] {
    return this.#declared
  }

  async start(collections: readonly Declared[]): Promise<void> {
    this.#declared = collections
    this.#primary = await this.#parts.open(collections, this.#primary)
    this.rewriting.begin(this.#primary.form)
  }

  async stop(): Promise<void> {
    for (const watcher of this.#watchers) watcher.end?.()
    await this.#parts.close()
    await this.#primary.stop()
  }

  watch(wake: () => void): () => void {
    const watcher = { wake, end: this.#primary.events.watch?.(wake) }
    this.#watchers.add(watcher)
    return () => {
      this.#watchers.delete(watcher)
      watcher.end?.()
    }
  }

  async write(request: WriteRequest): Promise<WriteAnswer> {
    this.#parts.mayWrite?.()
    if (request.kind === 'write' && this.#rowsPerSecond !== Number.POSITIVE_INFINITY) await this.#turn(request.steps.length)
    // Nothing is awaited between the open gate and the submission.
    while (this.#gate !== undefined) await this.#gate.opened
    const work = this.#submit(request)
    this.#underWay.add(work)
    try {
      return await work
    } finally {
      this.#underWay.delete(work)
      // When it has failed, too: whether it was stored may not be known. After it, since what is noted before could be copied too early.
      if (request.kind === 'write') for (const { collection, id } of request.steps) this.note(collection, id)
    }
  }

  note(collection: string, id: string): void {
    if (this.#tracking) this.dirty.note(collection, id)
  }

  async #submit(request: WriteRequest): Promise<WriteAnswer> {
    if (request.kind === 'expire' || request.kind === 'prune') {
      if (this.#upkeep === 'hold') return { kind: 'done', rows: 0 }
      const answer = await this.#primary.write(request)
      // What it did not remove now it will be asked to remove again.
      if (this.#upkeep === 'both') await this.#follower?.write(request).catch(() => {})
      return answer
    }
    if (request.kind !== 'write') return await this.#primary.write(request)
    const steps = this.rewriting.stepsIn(request.steps)
    return 'kind' in steps ? steps : await this.#primary.write({ ...request, steps })
  }

  async track(): Promise<void> {
    this.#tracking = true
    await Promise.allSettled(this.#underWay)
  }

  untrack(): void {
    this.#tracking = false
    this.dirty.clear()
  }

  upkeep(mode: Upkeep, follower?: Engine): void {
    this.#upkeep = mode
    this.#follower = follower
  }

  brake(rowsPerSecond: number): void {
    this.#rowsPerSecond = rowsPerSecond
  }

  async #turn(rows: number): Promise<void> {
    const now = performance.now()
    const at = Math.max(now, this.#nextAt)
    this.#nextAt = Math.min(at + (rows * 1000) / this.#rowsPerSecond, now + MAX_BRAKE_MS)
    if (at > now) await new Promise((resolve) => setTimeout(resolve, at - now))
  }

  async hold(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#gate = { opened: promise, open: resolve }
    this.#heldSince = performance.now()
    await Promise.allSettled(this.#underWay)
  }

  release(): void {
    const closed = this.#gate
    this.#gate = undefined
    if (closed === undefined) return
    this.#heldMs = performance.now() - this.#heldSince
    closed.open()
  }

  switchTo(next: Engine): void {
    if (this.#gate === undefined) throw new Error('The house is only changed while writes are held.')
    for (const watcher of this.#watchers) {
      watcher.end?.()
      watcher.end = next.events.watch?.(watcher.wake)
    }
    this.#primary = next
    this.rewriting.change(next.form)
    this.dirty.clear()
  }

  heldMs(): number {
    return this.#heldMs
  }
}
