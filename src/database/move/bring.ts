// The way from one house to another while people write: copy, catch up, compare, switch. The same in every direction.
import { setImmediate, setTimeout as delay } from 'node:timers/promises'
import type { CollectionLayout } from '../layout.ts'
import type { Engine, Snapshot } from '../ports.ts'
import { type Copier, createCopier, type Difference, type Snapshots } from './copier.ts'
import { HeldTooLong, whileHeld } from './holding.ts'
import type { Relay } from './relay.ts'

export type Phase = 'copying' | 'catching up' | 'comparing' | 'switching'

export interface Progress {
  readonly phase: Phase
  readonly collection?: string
  /** Rows. */
  readonly done: number
  readonly total: number
}

export interface Brought {
  readonly collections: readonly Difference[]
  /** Rows that were written while they were copied, and copied again. */
  readonly again: number
  /** How long writes waited at the switch. */
  readonly heldMs: number
}

export interface BringParts {
  readonly relay: Relay
  readonly target: Engine
  readonly now: () => number
  /** `fresh`: nothing is there. `other`: something is, look at every row. `following`: it followed, comparing is enough. */
  readonly state: 'fresh' | 'other' | 'following'
  readonly report: (progress: Progress) => void
  /** Makes the target the present house, for good. Called while writes are held; must not wait for anything. */
  readonly commit: () => void
}

/** So few rows are copied while writes are held; fewer when that took too long. */
const FEW = 100
const FEWEST = 4
const COUNT_PAGE = 500
/** Rows of one round of catching up: small, so that writers are slowed down in time. */
const ROUND = 200
/** In so many rounds the rest must have become smaller than ever. */
const PATIENCE = 100
const MAX_TRIES = 30
const MAX_COMPARISONS = 5
const FREE = Number.POSITIVE_INFINITY
const SLOWEST = 4

export async function bring(parts: BringParts): Promise<Brought> {
  const { relay, target, state, now } = parts
  const copier = createCopier({ source: relay.primary(), target, declared: relay.declared(), dirty: relay.dirty, now })
  const walk = new Walk(parts, copier)
  try {
    await walk.begin()
    if (state !== 'following') await walk.copy()
    const collections = await walk.compare()
    await walk.change()
    return { collections, again: walk.again, heldMs: relay.heldMs() }
  } finally {
    relay.brake(FREE)
  }
}

/** Only makes the target equal, as of one moment: for a backup of what cannot be read as of one. The relay must be tracking. */
export async function copyAsOfOneMoment(parts: Omit<BringParts, 'commit' | 'state'>): Promise<void> {
  const { relay, target, now } = parts
  const copier = createCopier({ source: relay.primary(), target, declared: relay.declared(), dirty: relay.dirty, now })
  const walk = new Walk({ ...parts, state: 'fresh', commit: () => {} }, copier)
  try {
    await walk.begin()
    await walk.copy()
    await walk.meet()
  } finally {
    relay.brake(FREE)
  }
}

class Walk {
  again = 0
  readonly #parts: BringParts
  readonly #copier: Copier
  #total = 0
  #few = FEW
  /** Rows that were copied in a second of the last round. */
  #speed = FREE
  #allowed = FREE
  #events = 0

  constructor(parts: BringParts, copier: Copier) {
    this.#parts = parts
    this.#copier = copier
  }

  async begin(): Promise<void> {
    const { relay } = this.#parts
    const snapshot = await relay.primary().snapshot()
    try {
      for (const { layout } of relay.declared()) this.#total += await counted(snapshot, layout)
    } finally {
      await snapshot.close()
    }
  }

  async copy(): Promise<void> {
    const { state } = this.#parts
    let done = 0
    const copied = (collection: string, rows: number): void => {
      done += rows
      this.#say('copying', done, collection)
    }
    this.#say('copying', 0)
    await this.#copier.copyAll({ fresh: state === 'fresh', copied })
  }

  /** Copies what was written, until only a few rows are left. */
  async #catchUp(): Promise<void> {
    const { dirty } = this.#parts.relay
    let least = dirty.size
    for (let rounds = 0; dirty.size > this.#few; rounds += 1) {
      if (rounds > PATIENCE)
        throw new Error('Rows are written faster than they can be copied. Nothing has changed; try again in a quieter hour.')
      this.#say('catching up', this.again)
      const size = dirty.size
      const startedAt = performance.now()
      const copied = await this.#copier.copyDirty(Math.min(size, ROUND))
      this.#speed = (copied * 1000) / Math.max(1, performance.now() - startedAt)
      this.again += copied
      // For two rows that are copied one may be written, or writers wait a little.
      if (dirty.size > size - copied / 2) this.#brakeHarder()
      if (dirty.size >= least) continue
      least = dirty.size
      rounds = 0
    }
    this.#events = await this.#copier.copyEvents(this.#events)
  }

  #brakeHarder(): void {
    this.#allowed = Math.max(SLOWEST, Math.min(this.#allowed * 0.7, this.#speed / 2))
    this.#parts.relay.brake(this.#allowed)
  }

  async compare(): Promise<readonly Difference[]> {
    const { relay, target } = this.#parts
    const exact = relay.primary().capabilities.snapshot && target.capabilities.snapshot
    for (let round = 0; round < MAX_COMPARISONS; round += 1) {
      const snapshots = await this.#tryHeld((inTime) => this.#snapshots(inTime))
      let done = 0
      const checked = (collection: string, rows: number): void => {
        done += rows
        this.#say('comparing', done, collection)
      }
      let found: readonly Difference[]
      try {
        found = await this.#copier.compare(snapshots, { exact, checked })
      } finally {
        await closeBoth(snapshots)
      }
      if (found.every(({ different }) => different === 0)) return found
      // Brought over by now; whether they stayed so is for the next comparison to say.
      if (found.some(({ collection, different }) => collection === 'events' && different > 0)) this.#events = 0
    }
    throw new Error(`The two databases still differ after ${MAX_COMPARISONS} comparisons. Nothing has changed; the data is where it was.`)
  }

  async #snapshots(inTime: () => void): Promise<Snapshots> {
    const { relay, target } = this.#parts
    await this.#finishCopying(inTime)
    const snapshots = { source: await relay.primary().snapshot(), target: await target.snapshot() }
    try {
      inTime()
      return snapshots
    } catch (error) {
      await closeBoth(snapshots)
      throw error
    }
  }

  /** Everything that is left, while writes are held. */
  async #finishCopying(inTime: () => void): Promise<void> {
    const { relay } = this.#parts
    const last = relay.dirty.all()
    while (relay.dirty.size > 0) {
      this.again += await this.#copier.copyDirty(relay.dirty.size)
      // When the time is up, writes go on and this would never end, nor would what is compared be of one moment.
      inTime()
    }
    this.#events = await this.#copier.copyEvents(this.#events)
    const unequal = await this.#copier.unequal(last)
    inTime()
    if (unequal > 0) throw new Error(`${unequal} rows were copied and are not the same. Nothing has changed; the data is where it was.`)
  }

  async meet(): Promise<void> {
    await this.#tryHeld(async (inTime) => {
      await this.#finishCopying(inTime)
      inTime()
    })
  }

  async change(): Promise<void> {
    const { relay, target, commit } = this.#parts
    const source = relay.primary()
    this.#say('switching', this.#total)
    await this.#tryHeld(async (inTime) => {
      await this.#finishCopying(inTime)
      const [from, to] = [await source.events.head(), await target.events.head()]
      inTime()
      if (from !== to) throw new Error(`The newest event has number ${from} in one database and ${to} in the other. Nothing has changed.`)
      commit()
      relay.switchTo(target)
    })
  }

  async #tryHeld<T>(work: (inTime: () => void) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      await this.#catchUp()
      try {
        return await whileHeld(this.#parts.relay, work)
      } catch (error) {
        if (!(error instanceof HeldTooLong) || attempt === MAX_TRIES) throw error
        this.#few = Math.max(FEWEST, Math.floor(this.#few / 2))
        this.#brakeHarder()
        await delay(100)
      }
    }
  }

  #say(phase: Phase, done: number, collection?: string): void {
    this.#parts.report({ phase, done, total: this.#total, ...(collection === undefined ? {} : { collection }) })
  }
}

/** Page by page: one count of a million rows would stop everybody else for seconds on an engine that answers in this thread. */
async function counted(snapshot: Snapshot, layout: CollectionLayout): Promise<number> {
  let count = 0
  for (let after: string | undefined; ; ) {
    const rows = await snapshot.rows(layout, { ...(after === undefined ? {} : { after }), limit: COUNT_PAGE })
    count += rows.length
    after = rows.at(-1)?.id
    if (rows.length < COUNT_PAGE) return count
    await setImmediate()
  }
}

async function closeBoth({ source, target }: { readonly source: Snapshot; readonly target: Snapshot }): Promise<void> {
  await source.close()
  await target.close()
}
