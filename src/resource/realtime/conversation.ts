// One WebSocket with many subscriptions: JSON messages in, each parsed by a schema; changes out, as fast as the other end takes them.
import type { Clock } from '#kernel/clock.ts'
import { parseJson } from '#kernel/http/body.ts'
import { problemOf } from '#kernel/http/problem.ts'
import type { SocketConnection, SocketHandler } from '#kernel/http/route.ts'
import { createRounds } from '#kernel/rounds.ts'
import { Outbox, type Sender } from './outbox.ts'
import { clientMessage, type ClientMessage, type SubscribeMessage } from './schemas.ts'
import type { Realtime, Subscription, Wish } from './service.ts'
import type { Message } from './view.ts'
import { resourceErrors } from '../errors.ts'

const BEAT_MS = 25_000
const STALLED_MS = 45_000
const MAX_SUBSCRIPTIONS = 100
/** What has been sent and not yet left, before more waits in the outbox, where it can be replaced by newer. */
const MAX_BACKLOG = 64 * 1024
/** Somebody who connects and follows nothing only takes a place. */
const SILENT_MS = 15_000
const NOT_UNDERSTOOD = 4400
const SILENT = 4408

const rounds = createRounds(BEAT_MS)

export class Conversation implements SocketHandler {
  readonly #realtime: Realtime
  readonly #connection: SocketConnection
  readonly #outbox: Outbox
  readonly #subscriptions = new Map<string, Subscription>()
  readonly #leaveRounds: () => void
  #silence: NodeJS.Timeout | undefined
  /** Messages are answered in the order in which they came. */
  #last: Promise<void> = Promise.resolve()
  #isOver = false

  constructor(realtime: Realtime, connection: SocketConnection, clock: Clock) {
    this.#realtime = realtime
    this.#connection = connection
    this.#outbox = new Outbox({ write: (sender, message) => this.#write(sender, message), now: () => clock.now() })
    this.#leaveRounds = rounds.join(() => this.#beat())
    this.#silence = setTimeout(() => connection.close(SILENT, 'nothing was asked for'), SILENT_MS).unref()
  }

  message(text: string): void {
    const message = parsed(text)
    if (message === undefined) {
      this.#connection.close(NOT_UNDERSTOOD, 'the message was not understood')
      return
    }
    this.#last = this.#last.then(() => this.#answer(message))
  }

  drained(): void {
    if (this.#outbox.isFull && this.#connection.backlog < MAX_BACKLOG) this.#outbox.resume()
  }

  renewed(): void {
    this.#last = this.#last.then(() => this.#reconsider())
  }

  closed(): void {
    this.#isOver = true
    clearTimeout(this.#silence)
    this.#leaveRounds()
    for (const subscription of this.#subscriptions.values()) subscription.end()
    this.#subscriptions.clear()
  }

  async #answer(message: ClientMessage): Promise<void> {
    if (this.#isOver) return
    const subscription = message.type === 'authenticate' ? undefined : message.subscription
    try {
      if (message.type === 'authenticate') {
        const { expiresAt } = await this.#connection.authenticate(message.token)
        this.#say({ type: 'authenticated', expiresAt })
      } else if (message.type === 'subscribe') await this.#subscribe(message)
      else this.#unsubscribe(message.subscription)
    } catch (error) {
      this.#refuse(error, subscription)
    }
  }

  async #subscribe({ subscription: name, resource, where, range, shared, document, after }: SubscribeMessage): Promise<void> {
    if (this.#subscriptions.has(name)) throw resourceErrors.invalid({ detail: `The subscription ${name} is there already.` })
    if (this.#subscriptions.size >= MAX_SUBSCRIPTIONS)
      throw resourceErrors.busy({ detail: `A connection has at most ${MAX_SUBSCRIPTIONS} subscriptions.` })
    if (document !== undefined && (where ?? range ?? shared) !== undefined)
      throw resourceErrors.invalid({ detail: 'Follow one document or a list, not both.' })
    await this.#open(name, { resource, where, range, shared, document, after })
  }

  async #open(name: string, wish: Wish): Promise<void> {
    const made = await this.#realtime.subscribe(this.#connection.principal, wish, {
      name,
      outbox: this.#outbox,
      outdated: () => this.renewed(),
    })
    if (this.#isOver) {
      made.end()
      return
    }
    this.#subscriptions.set(name, made)
    clearTimeout(this.#silence)
    this.#silence = undefined
  }

  #unsubscribe(name: string): void {
    this.#subscriptions.get(name)?.end()
    this.#subscriptions.delete(name)
  }

  /** Another token may allow other things: what looks different now begins anew, and what is not allowed any more ends. */
  async #reconsider(): Promise<void> {
    for (const [name, subscription] of this.#subscriptions) {
      try {
        if (subscription.isSameFor(this.#connection.principal)) continue
        this.#unsubscribe(name)
        await this.#open(name, { ...subscription.wish, after: undefined })
      } catch (error) {
        this.#unsubscribe(name)
        this.#refuse(error, name)
      }
    }
  }

  #refuse(error: unknown, subscription: string | undefined): void {
    const { problem, headers } = problemOf(error, this.#connection.requestId)
    const challenge = headers['www-authenticate']
    const about = { ...(subscription === undefined ? {} : { subscription }), ...(challenge === undefined ? {} : { challenge }) }
    this.#say({ type: 'error', ...about, problem })
  }

  #say(message: object): void {
    this.#connection.send(JSON.stringify(message))
  }

  #beat(): void {
    if (this.#outbox.stalledMs > STALLED_MS) {
      this.#connection.terminate()
      return
    }
    if (this.#outbox.isFull || this.#subscriptions.size === 0) return
    const positions = Object.fromEntries([...this.#subscriptions].map(([name, each]) => [name, each.position()]))
    this.#say({ type: 'positions', positions })
  }

  #write({ name, view }: Sender, { kind, data, sequence }: Message): boolean {
    const head = `{"type":"${kind}","subscription":"${name}","position":"${view.seal(sequence)}"`
    this.#connection.send(data === '{}' ? `${head}}` : `${head},${data.slice(1)}`)
    return this.#connection.backlog < MAX_BACKLOG
  }
}

function parsed(text: string): ClientMessage | undefined {
  try {
    return clientMessage.parse(parseJson(Buffer.from(text)))
  } catch {
    return undefined
  }
}
