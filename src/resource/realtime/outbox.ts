// What waits for one connection. Bounded: of each document the latest state waits, and when too much waits the client is told to read again.
import type { Message, View } from './view.ts'

const MAX_WAITING = 256
const MAX_WAITING_BYTES = 512 * 1024

/** One subscription of a connection. */
export interface Sender {
  /** Names it within the connection. */
  readonly name: string
  readonly view: View
}

export interface Outlet {
  /** False when no more should come until `resume`. */
  write(sender: Sender, message: Message): boolean
  now(): number
}

interface Waiting {
  readonly sender: Sender
  readonly message: Message
}

const RESET = 'reset'

export class Outbox {
  readonly #outlet: Outlet
  #waiting: Map<string, Waiting> | undefined
  #bytes = 0
  #fullSince: number | undefined

  constructor(outlet: Outlet) {
    this.#outlet = outlet
  }

  get isFull(): boolean {
    return this.#fullSince !== undefined
  }

  /** How long nothing could be written. */
  get stalledMs(): number {
    return this.#fullSince === undefined ? 0 : this.#outlet.now() - this.#fullSince
  }

  put(sender: Sender, message: Message): void {
    if (this.#fullSince === undefined) this.#write({ sender, message })
    else this.#keep(sender, message)
  }

  /** There is room again. */
  resume(): void {
    this.#fullSince = undefined
    for (const [key, waiting] of this.#waiting ?? []) {
      this.#waiting?.delete(key)
      this.#bytes -= waiting.message.data.length
      this.#write(waiting)
      if (this.isFull) return
    }
    this.#waiting = undefined
    this.#bytes = 0
  }

  /** The subscription has ended. */
  drop(sender: Sender): void {
    for (const [key, waiting] of this.#waiting ?? []) {
      if (waiting.sender !== sender) continue
      this.#waiting?.delete(key)
      this.#bytes -= waiting.message.data.length
    }
  }

  #write({ sender, message }: Waiting): void {
    if (!this.#outlet.write(sender, message)) this.#fullSince = this.#outlet.now()
  }

  #keep(sender: Sender, message: Message): void {
    this.#waiting ??= new Map()
    const resetKey = `${sender.name} ${RESET}`
    const isTold = this.#waiting.has(resetKey)
    // Who is about to read everything again needs nothing of what comes before.
    const kept: Message = isTold ? { kind: RESET, about: '', data: '{}', sequence: message.sequence } : message
    const key = kept.kind === RESET ? resetKey : `${sender.name} ${kept.about}`
    const before = this.#waiting.get(key)
    if (before !== undefined) this.#bytes -= before.message.data.length
    this.#waiting.delete(key)
    this.#waiting.set(key, { sender, message: merged(before?.message, kept) })
    this.#bytes += kept.data.length
    if (this.#waiting.size > MAX_WAITING || this.#bytes > MAX_WAITING_BYTES) this.#giveUp(message.sequence)
  }

  #giveUp(sequence: number): void {
    const senders = new Set([...(this.#waiting?.values() ?? [])].map((waiting) => waiting.sender))
    this.#waiting = new Map()
    this.#bytes = 0
    for (const sender of senders) {
      this.#waiting.set(`${sender.name} ${RESET}`, { sender, message: { kind: RESET, about: '', data: '{}', sequence } })
      this.#bytes += 2
    }
  }
}

/** The client has not heard of what was to be told first. */
function merged(before: Message | undefined, after: Message): Message {
  return before?.kind === 'created' && after.kind === 'updated' ? { ...after, kind: 'created' } : after
}
