// One subscription as server-sent events (WHATWG HTML, section 9.2): a stream that is read as fast as the client reads it.
import { Readable } from 'node:stream'
import type { Clock } from '#kernel/clock.ts'
import { createRounds } from '#kernel/rounds.ts'
import { Outbox, type Sender } from './outbox.ts'
import type { Subscription } from './service.ts'
import type { Message } from './view.ts'

const BEAT_MS = 25_000
/** Nothing was read for so long: what waits goes, and the client can come back to where it was. */
const STALLED_MS = 45_000
const BUFFER_BYTES = 16 * 1024
const RETRY_MS = 2000

const rounds = createRounds(BEAT_MS)

export class EventStream extends Readable {
  readonly outbox: Outbox
  #subscription: Subscription | undefined
  #leaveRounds: (() => void) | undefined

  constructor(clock: Clock) {
    super({ highWaterMark: BUFFER_BYTES })
    this.outbox = new Outbox({ write: (sender, message) => this.#write(sender, message), now: () => clock.now() })
    this.push(`retry: ${RETRY_MS}\n\n`)
  }

  follow(subscription: Subscription): void {
    this.#subscription = subscription
    if (this.destroyed) subscription.end()
    else this.#leaveRounds = rounds.join(() => this.#beat())
  }

  /** The client is expected to come back. */
  finish(): void {
    if (this.destroyed || this.readableEnded) return
    this.#stop()
    this.push(null)
  }

  override _read(): void {
    this.outbox.resume()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#stop()
    done(error)
  }

  #stop(): void {
    this.#subscription?.end()
    this.#subscription = undefined
    this.#leaveRounds?.()
    this.#leaveRounds = undefined
  }

  #beat(): void {
    if (this.outbox.stalledMs > STALLED_MS) this.destroy()
    // A block without data gives the client a newer position, and says nothing else.
    else if (!this.outbox.isFull && this.#subscription !== undefined) this.push(`: still here\nid: ${this.#subscription.position()}\n\n`)
  }

  #write({ view }: Sender, { kind, data, sequence }: Message): boolean {
    return this.push(`id: ${view.seal(sequence)}\nevent: ${kind}\ndata: ${data}\n\n`)
  }
}
