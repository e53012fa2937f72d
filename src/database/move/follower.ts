// The old house after a move: it gets what is written to the present one, a moment later, so that there is a way back.
import type { Clock } from '#kernel/clock.ts'
import type { Logger } from '#kernel/log.ts'
import type { Declared } from '../layout.ts'
import type { Engine } from '../ports.ts'
import { type Copier, createCopier } from './copier.ts'
import type { Relay } from './relay.ts'
import { putSign, readSign, withSign } from './sign.ts'

const EVERY_MS = 200
const EVENTS_EVERY_MS = 2000
const AFTER_FAILURE_MS = 3000
/** Beyond this it is cheaper, and takes less memory, to compare everything. */
const MAX_BEHIND = 500_000

export interface Follower {
  status(): { readonly place: string; readonly behind: number; readonly problem?: string }
  /** Whether every row that was written since the switch is there or noted. */
  knowsAll(): boolean
  /** Stops following and gives the engine, for the way back. */
  pause(): Promise<Engine>
  resume(): void
  /** Follows no more: brings over what is left, makes sure of the sign, and closes it. */
  leave(): Promise<void>
  stop(): Promise<void>
}

export interface FollowerParts {
  readonly relay: Relay
  readonly engine: Engine
  readonly isOpen: boolean
  readonly place: string
  readonly present: () => string
  readonly declared: readonly Declared[]
  readonly clock: Clock
  readonly logger: Logger
}

export function createFollower(parts: FollowerParts): Follower {
  const follower = new Following(parts)
  follower.resume()
  return follower
}

class Following implements Follower {
  readonly #parts: FollowerParts
  readonly #copier: Copier
  #isOpen: boolean
  #isComplete: boolean
  #isSigned = false
  #problem: string | undefined
  #timer: NodeJS.Timeout | undefined
  #running = false
  #work: Promise<void> = Promise.resolve()
  #events = 0
  #eventsAt = 0

  constructor(parts: FollowerParts) {
    const { relay, engine, declared, clock } = parts
    this.#parts = parts
    this.#isOpen = parts.isOpen
    // After a restart nobody knows what was written in between.
    this.#isComplete = parts.isOpen
    this.#copier = createCopier({ source: relay.primary(), target: engine, declared, dirty: relay.dirty, now: () => clock.now() })
  }

  status(): { place: string; behind: number; problem?: string } {
    const behind = this.#parts.relay.dirty.size
    return { place: this.#parts.place, behind, ...(this.#problem === undefined ? {} : { problem: this.#problem }) }
  }

  knowsAll(): boolean {
    return this.#isComplete
  }

  resume(): void {
    if (this.#running) return
    this.#running = true
    this.#again(EVERY_MS)
  }

  #again(delayMs: number): void {
    if (!this.#running) return
    this.#timer = setTimeout(() => {
      this.#work = this.#turn()
    }, delayMs)
    this.#timer.unref()
  }

  async #turn(): Promise<void> {
    try {
      await this.#follow()
      if (this.#problem !== undefined) this.#parts.logger.info({ place: this.#parts.place }, 'the old database follows again')
      this.#problem = undefined
      this.#again(EVERY_MS)
    } catch (error) {
      if (this.#problem === undefined) {
        this.#parts.logger.warn(
          { err: error, place: this.#parts.place },
          'the old database cannot follow; writes go on, and it is tried again',
        )
      }
      this.#problem = error instanceof Error ? error.message : String(error)
      this.#again(AFTER_FAILURE_MS)
    }
  }

  async #open(): Promise<void> {
    const { engine, relay, declared } = this.#parts
    if (this.#isOpen) return
    await engine.start(withSign(declared))
    this.#isOpen = true
    relay.upkeep('both', engine)
  }

  async #follow(): Promise<void> {
    const { relay, engine, clock } = this.#parts
    await this.#open()
    relay.upkeep('both', engine)
    if (!this.#isSigned) await this.#sign()
    if (relay.dirty.size > MAX_BEHIND) {
      relay.dirty.clear()
      this.#isComplete = false
    }
    if (!this.#isComplete) {
      await this.#copier.copyAll({ fresh: false, copied: () => this.#goOn() })
      this.#isComplete = true
    }
    while (relay.dirty.size > 0) {
      await this.#copier.copyDirty(1000)
      this.#goOn()
    }
    if (clock.now() - this.#eventsAt < EVENTS_EVERY_MS) return
    this.#events = await this.#copier.copyEvents(this.#events)
    this.#eventsAt = clock.now()
  }

  #goOn(): void {
    if (!this.#running) throw new Error('It was told to stop following.')
  }

  async #sign(): Promise<void> {
    const { engine, present, clock } = this.#parts
    const found = await readSign(engine)
    if (found?.says !== 'left') await putSign(engine, { says: 'left', other: present(), at: clock.now() })
    this.#isSigned = true
  }

  async #halt(): Promise<void> {
    this.#running = false
    clearTimeout(this.#timer)
    await this.#work
  }

  async pause(): Promise<Engine> {
    await this.#halt()
    await this.#open()
    return this.#parts.engine
  }

  async leave(): Promise<void> {
    await this.#halt()
    await this.#open()
    await this.#sign()
    while (this.#parts.relay.dirty.size > 0) await this.#copier.copyDirty(1000)
    await this.#parts.engine.stop()
    this.#isOpen = false
  }

  async stop(): Promise<void> {
    await this.#halt()
    if (!this.#isOpen) return
    // In order: the next start finds it as it was left. After a crash everything is compared.
    await this.#parts.engine.stop()
    this.#isOpen = false
  }
}
