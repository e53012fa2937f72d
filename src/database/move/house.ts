// Moving house: who is the present database, who follows, and what a start finds after whatever happened.
import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '#kernel/clock.ts'
import type { Logger } from '#kernel/log.ts'
import type { Declared } from '../layout.ts'
import type { Engine } from '../ports.ts'
import { bring, type Brought, type Progress } from './bring.ts'
import { createFollower, type Follower } from './follower.ts'
import { placeOf } from './place.ts'
import { createRelay, type Relay } from './relay.ts'
import { isEmpty, putSign, readSign, refuseSigned, takeSignDown, withSign } from './sign.ts'
import type { MoveState, StateFile } from './state.ts'

export interface Moved extends Brought {
  readonly from: string
  readonly to: string
}

export interface HouseStatus {
  /** Where the data is. */
  readonly present: string
  /** The database that follows until the move is finished. */
  readonly follower?: { readonly place: string; readonly behind: number; readonly problem?: string }
}

/** What the engine of the platform is, beside being one. */
export interface House {
  readonly engine: Engine
  /** The present engine and what it was started with, for backups. */
  present(): { readonly engine: Engine; readonly declared: readonly Declared[] }
  readonly relay: Relay
  status(): HouseStatus
  move(to: string, report: (progress: Progress) => void): Promise<Moved>
  back(report: (progress: Progress) => void): Promise<Moved>
  /** The old house no longer follows. It keeps its rows, and a sign that says where the data went. */
  finish(): Promise<HouseStatus>
  /** Nothing moves until the answer is called. Throws when something does, or follows. */
  reserve(what: string): () => void
  /**
   * For who has lost the master key that the file of a move was sealed with. That file is not looked at then; the answer ends the move, where there was
   * one, and what followed follows no more. Throws when the data is elsewhere than the setting says. Before the start.
   */
  overlookLostMove(): (() => Promise<void>) | undefined
  /** Called with the engine before anything else uses it, instead of looking at the sign: for a restore. */
  beforeUse(prepare: (engine: Engine, declared: readonly Declared[]) => Promise<void>): void
}

export interface HouseParts {
  /** Of the settings. */
  readonly url: string
  /** The engine of that URL. */
  readonly engine: Engine
  /** Not started. */
  readonly engineFor: (url: string) => Promise<Engine>
  readonly state: StateFile
  /** Whether this process is the one platform on the data folder. Another one may look, and write while nothing moves. */
  readonly isOwner: () => boolean
  readonly clock: Clock
  readonly logger: Logger
}

/** A command beside the platform may just have looked whether anything moves. */
const GUESTS_MS = 250

export function createHouse(parts: HouseParts): House {
  return new MovableHouse(parts)
}

class MovableHouse implements House {
  readonly relay: Relay
  readonly #parts: HouseParts
  #url: string
  #follower: Follower | undefined
  #busy = false
  #overlooks = false
  #prepare: ((engine: Engine, declared: readonly Declared[]) => Promise<void>) | undefined

  constructor(parts: HouseParts) {
    this.#parts = parts
    this.#url = parts.url
    this.relay = createRelay({
      engine: parts.engine,
      open: (declared, configured) => this.#open(declared, configured),
      close: async () => await this.#follower?.stop(),
      mayWrite: () => this.#mayWrite(),
    })
  }

  get engine(): Engine {
    return this.relay.engine
  }

  present(): { engine: Engine; declared: readonly Declared[] } {
    return { engine: this.relay.primary(), declared: this.relay.declared() }
  }

  beforeUse(prepare: (engine: Engine, declared: readonly Declared[]) => Promise<void>): void {
    this.#prepare = prepare
  }

  overlookLostMove(): (() => Promise<void>) | undefined {
    const { state, url } = this.#parts
    const present = state.lost()
    if (present === undefined) return undefined
    if (present !== placeOf(url)) {
      throw new Error(
        `The data is in ${present} since a move, and the setting names ${placeOf(url)}. Set NINEFOLD_DATABASE_URL to the former; nothing was changed.`,
      )
    }
    this.#overlooks = true
    return async () => {
      // It was not taken down yet, if the switch was broken off.
      await takeSignDown(this.relay.primary())
      state.clear()
    }
  }

  status(): HouseStatus {
    const follower = this.#follower?.status()
    return { present: placeOf(this.#url), ...(follower === undefined ? {} : { follower }) }
  }

  async #open(declared: readonly Declared[], configured: Engine): Promise<Engine> {
    const { state: file, logger, isOwner } = this.#parts
    const state = this.#overlooks ? undefined : file.read()
    this.#url = presentOf(state, this.#url)
    const engine = placeOf(this.#url) === placeOf(this.#parts.url) ? configured : await this.#parts.engineFor(this.#url)
    await engine.start(withSign(declared))
    try {
      if (this.#prepare !== undefined) await this.#prepare(engine, declared)
      else if (state?.phase === 'moved') await this.#openMoved(state, engine, declared)
      else if (!this.#overlooks) await refuseSigned(engine, placeOf(this.#url))
    } catch (error) {
      await engine.stop()
      throw error
    }
    if (state?.phase === 'copying' && isOwner()) {
      logger.warn(
        { to: placeOf(state.to) },
        `a move was interrupted; the data is in ${placeOf(this.#url)} as before, and nothing is lost. Move again when you like`,
      )
      file.clear()
    }
    return engine
  }

  async #openMoved(state: MoveState, engine: Engine, declared: readonly Declared[]): Promise<void> {
    const { logger, isOwner, url } = this.#parts
    if (!isOwner()) return
    // It was taken down after the switch, or not any more.
    if ((await readSign(engine)) !== undefined) await takeSignDown(engine)
    const configured = placeOf(url)
    const present = placeOf(state.to)
    const advice =
      configured === present
        ? ''
        : ` Set NINEFOLD_DATABASE_URL to that before the move is finished; until then the setting (${configured}) is not followed.`
    logger.warn(
      { present, follower: placeOf(state.from) },
      `the data is in ${present} since a move; ${placeOf(state.from)} follows.${advice}`,
    )
    await this.#follow(state.from, declared, undefined)
  }

  /** From here on the other house gets what is written to the present one. */
  async #follow(url: string, declared: readonly Declared[], opened: Engine | undefined): Promise<void> {
    const { engineFor, clock, logger } = this.#parts
    await this.relay.track()
    this.#follower = createFollower({
      relay: this.relay,
      engine: opened ?? (await engineFor(url)),
      isOpen: opened !== undefined,
      place: placeOf(url),
      present: () => placeOf(this.#url),
      declared,
      clock,
      logger,
    })
  }

  #mayWrite(): void {
    if (this.#parts.isOwner()) return
    const state = this.#parts.state.read()
    if (state?.phase === 'copying') throw new Error('The database is moving. Try again when that is done.')
    if (state !== undefined && placeOf(presentOf(state, this.#url)) !== placeOf(this.#url))
      throw new Error('The database has moved. Run the command again.')
  }

  async move(to: string, report: (progress: Progress) => void): Promise<Moved> {
    const { engineFor, state: file, clock } = this.#parts
    const from = this.#url
    if (this.#follower !== undefined) {
      throw new Error(
        `The last move is not finished: ${this.#follower.status().place} follows. Say "ninefold move --finish" or "ninefold move --back" first.`,
      )
    }
    if (placeOf(from) === placeOf(to)) throw new Error(`The data is in ${placeOf(to)} already.`)
    return await this.#alone(async () => {
      const target = await engineFor(to)
      const declared = this.relay.declared()
      await target.start(withSign(declared))
      try {
        const fresh = await isEmpty(target, declared)
        if (!fresh && (await readSign(target)) === undefined) {
          throw new Error(`${placeOf(to)} holds data already. Name an empty database; nothing was changed.`)
        }
        file.write({ phase: 'copying', from, to, at: clock.now() })
        await putSign(target, { says: 'arriving', other: placeOf(from), at: clock.now() })
        this.relay.upkeep('hold')
        await this.relay.track()
        await delay(GUESTS_MS)
        return await this.#change(from, to, { target, state: fresh ? 'fresh' : 'other', report })
      } catch (error) {
        if (this.relay.primary() === target) throw error
        this.relay.untrack()
        this.relay.upkeep('usual')
        file.clear()
        await target.stop().catch(() => {})
        throw error
      }
    })
  }

  async back(report: (progress: Progress) => void): Promise<Moved> {
    const follower = this.#follower
    const state = this.#parts.state.read()
    if (follower === undefined || state?.phase !== 'moved') throw new Error('There is no move to go back from: nothing follows.')
    return await this.#alone(async () => {
      const target = await follower.pause()
      this.relay.upkeep('hold')
      try {
        return await this.#change(state.to, state.from, { target, state: follower.knowsAll() ? 'following' : 'other', report })
      } catch (error) {
        if (this.relay.primary() === target) throw error
        this.relay.upkeep('both', target)
        follower.resume()
        throw error
      }
    })
  }

  async #change(
    from: string,
    to: string,
    way: { readonly target: Engine; readonly state: 'fresh' | 'other' | 'following'; readonly report: (progress: Progress) => void },
  ): Promise<Moved> {
    const { clock, logger } = this.#parts
    const source = this.relay.primary()
    const at = clock.now()
    const commit = (): void => {
      this.#parts.state.write({ phase: 'moved', from, to, at })
      this.#url = to
    }
    const brought = await bring({ relay: this.relay, now: () => clock.now(), commit, ...way })
    // From here on the state file is what counts; the signs are for those who come without it.
    await takeSignDown(way.target)
    await this.#follow(from, this.relay.declared(), source)
    await putSign(source, { says: 'left', other: placeOf(to), at }).catch((error: unknown) => {
      logger.warn({ err: error }, 'the old database could not be given a sign that says where the data went; it is tried again')
    })
    logger.info({ from: placeOf(from), to: placeOf(to), heldMs: brought.heldMs }, 'the database has moved')
    return { ...brought, from: placeOf(from), to: placeOf(to) }
  }

  async finish(): Promise<HouseStatus> {
    const follower = this.#follower
    if (follower === undefined) throw new Error('There is no move to finish: nothing follows.')
    if (placeOf(this.#parts.url) !== placeOf(this.#url)) {
      throw new Error(
        `The setting still names ${placeOf(this.#parts.url)}, and the data is in ${placeOf(this.#url)}: the next start would be refused. ` +
          'Set NINEFOLD_DATABASE_URL to where the data is, start the platform again, then finish.',
      )
    }
    return await this.#alone(async () => {
      await follower.leave()
      this.#follower = undefined
      this.relay.untrack()
      this.relay.upkeep('usual')
      this.#parts.state.clear()
      return this.status()
    })
  }

  reserve(what: string): () => void {
    if (this.#busy || this.#follower !== undefined)
      throw new Error(`A move is not finished, and ${what} has to wait for that: this database cannot be read as of one moment.`)
    this.#busy = true
    return () => {
      this.#busy = false
    }
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#parts.isOwner()) throw new Error('Only the process that has the data folder can move the database.')
    if (this.#busy) throw new Error('A move is under way already.')
    this.#busy = true
    try {
      return await work()
    } finally {
      this.#busy = false
    }
  }
}

/** Which URL holds the data. The one of the settings is taken where both name one place: its password may be newer. */
function presentOf(state: MoveState | undefined, configured: string): string {
  if (state === undefined) return configured
  const present = state.phase === 'moved' ? state.to : state.from
  const place = placeOf(configured)
  if (place === placeOf(present)) return configured
  if (state.phase === 'moved' && place === placeOf(state.from)) return present
  throw new Error(
    `The data folder says that the data is in ${placeOf(present)}, and the setting names ${place}. Set NINEFOLD_DATABASE_URL to the former; nothing was changed.`,
  )
}
