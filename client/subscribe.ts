// Following documents and lists: one WebSocket for the whole page, opened when the first thing is followed, and again whenever it was lost.
import type { Browser, PageSocket } from './browser.ts'
import { isRecord, type ProblemError, problemOf, textOf } from './problem.ts'
import type { SessionKeeper } from './session.ts'

/** One document by its id, or a list by the same filters as when it is read. */
export interface Followed {
  readonly where?: Readonly<Record<string, string | number | boolean>>
  readonly id?: string
}

export interface Listener {
  /** What was read before may be out of date: read it now. Called once at the beginning, and when too much was missed. */
  reset(): void
  changed(object: Record<string, unknown>, etag: string, kind: 'created' | 'updated'): void
  /** It was deleted, cannot be seen any more, or left the list. */
  removed(id: string): void
  /** It is not followed any more, for this reason. */
  refused(problem: ProblemError): void
}

export interface Live {
  /** The answer ends it. */
  follow(resource: string, followed: Followed, listener: Listener): () => void
}

interface LiveOptions {
  readonly browser: Browser
  readonly keeper: SessionKeeper
  /** Absolute, without a slash at the end. */
  readonly api: string
  readonly mode: 'cookie' | 'memory'
}

interface Followup {
  readonly name: string
  readonly resource: string
  readonly followed: Followed
  readonly listener: Listener
  /** Where to go on after a break. */
  position: string | undefined
  /** The newest state of each object that was told: what comes twice is told once. */
  readonly told: Map<string, string>
}

const FIRST_RETRY_MS = 500
const LAST_RETRY_MS = 30_000
/** A token that is about to end is renewed before the server closes. */
const RENEW_MS = 5000
const REMEMBERED = 1000
const TOKEN_ENDED = 4401

export function createLive(options: LiveOptions): Live {
  const connection = new LiveConnection(options)
  return { follow: (resource, followed, listener) => connection.follow(resource, followed, listener) }
}

class LiveConnection {
  readonly #options: LiveOptions
  readonly #followups = new Map<string, Followup>()
  #socket: PageSocket | undefined
  #isOpen = false
  #isConnecting = false
  #names = 0
  #failures = 0
  /** The authority was no good: once more with a new one, then it is taken for an answer. */
  #isStale = false
  #hasAskedAgain = false
  #shown: string | undefined
  #retry: ReturnType<typeof setTimeout> | undefined
  #renewal: ReturnType<typeof setInterval> | undefined

  constructor(options: LiveOptions) {
    this.#options = options
  }

  follow(resource: string, followed: Followed, listener: Listener): () => void {
    this.#names += 1
    const followup: Followup = { name: `s${this.#names}`, resource, followed, listener, position: undefined, told: new Map() }
    this.#followups.set(followup.name, followup)
    if (this.#isOpen) this.#ask(followup)
    else void this.#connect()
    return () => this.#forget(followup)
  }

  #forget({ name }: Followup): void {
    if (!this.#followups.delete(name)) return
    if (this.#isOpen) this.#send({ type: 'unsubscribe', subscription: name })
    if (this.#followups.size > 0) return
    clearTimeout(this.#retry)
    this.#retry = undefined
    this.#socket?.close()
  }

  async #connect(): Promise<void> {
    if (this.#socket !== undefined || this.#isConnecting || this.#retry !== undefined) return
    this.#isConnecting = true
    const { browser, keeper, api } = this.#options
    try {
      await keeper.ensureFresh()
      if (this.#followups.size === 0) return
      this.#socket = browser.openSocket(`${api.replace(/^http/, 'ws')}/realtime`, {
        opened: () => void this.#begin(),
        received: (text) => this.#receive(text),
        closed: (code) => void this.#end(code),
      })
    } catch {
      this.#later()
    } finally {
      this.#isConnecting = false
    }
  }

  async #begin(): Promise<void> {
    this.#isOpen = true
    this.#isStale = false
    this.#shown = undefined
    await this.#showToken()
    for (const followup of this.#followups.values()) this.#ask(followup)
    this.#renewal = setInterval(() => void this.#renew(), RENEW_MS)
  }

  /** In memory mode the page has the token; in cookie mode the browser has shown its cookie. */
  async #showToken(): Promise<void> {
    const { keeper, mode } = this.#options
    if (mode === 'cookie') return
    const token = (await keeper.headers(false))['authorization']?.slice('Bearer '.length)
    if (token === undefined || token === this.#shown) return
    this.#shown = token
    this.#send({ type: 'authenticate', token })
  }

  async #renew(): Promise<void> {
    try {
      await this.#options.keeper.ensureFresh()
      await this.#showToken()
    } catch {
      // Tried again in a moment; when it never works the server closes.
    }
  }

  #ask({ name, resource, followed, position }: Followup): void {
    const { id, where } = followed
    const what = id === undefined ? { where: where ?? {} } : { document: id }
    this.#send({ type: 'subscribe', subscription: name, resource, ...what, ...(position === undefined ? {} : { after: position }) })
  }

  #send(message: object): void {
    this.#socket?.send(JSON.stringify(message))
  }

  #receive(text: string): void {
    const message: unknown = JSON.parse(text)
    if (!isRecord(message) || this.#isStale) return
    if (message['type'] === 'positions' && isRecord(message['positions'])) {
      for (const [name, position] of Object.entries(message['positions'])) this.#move(this.#followups.get(name), position)
      return
    }
    const name = textOf(message['subscription'])
    if (name === undefined && message['type'] === 'error') this.#askAgain()
    const followup = this.#followups.get(name ?? '')
    if (followup === undefined) return
    this.#failures = 0
    if (message['type'] === 'ready') this.#hasAskedAgain = false
    this.#move(followup, message['position'])
    tell(followup, message)
    if (message['type'] === 'error') this.#refused(followup, problemOf(message['problem'], message['challenge']))
  }

  #move(followup: Followup | undefined, position: unknown): void {
    if (followup !== undefined && typeof position === 'string') followup.position = position
  }

  #refused(followup: Followup, error: ProblemError): void {
    // What another token could make right.
    if (error.status === 401 && error.stepUp === undefined && this.#askAgain()) return
    if (error.status >= 500 || error.status === 429) {
      setTimeout(() => this.#isOpen && this.#followups.has(followup.name) && this.#ask(followup), LAST_RETRY_MS / 6)
      return
    }
    this.#followups.delete(followup.name)
    followup.listener.refused(error)
    if (this.#followups.size === 0) this.#socket?.close()
  }

  #askAgain(): boolean {
    if (this.#hasAskedAgain) return false
    this.#hasAskedAgain = true
    this.#isStale = true
    this.#socket?.close()
    return true
  }

  async #end(code: number): Promise<void> {
    this.#isOpen = false
    this.#socket = undefined
    clearInterval(this.#renewal)
    if (this.#followups.size === 0) return
    if ((code === TOKEN_ENDED || this.#isStale) && this.#failures === 0) {
      this.#failures = 1
      await this.#findOut()
      void this.#connect()
    } else this.#later()
  }

  /** The token may have run out, or the session may have ended. */
  async #findOut(): Promise<void> {
    const { keeper } = this.#options
    try {
      const { signedIn } = await keeper.read()
      if (signedIn) await keeper.refresh()
    } catch {
      // The next attempt will tell.
    }
  }

  #later(): void {
    if (this.#retry !== undefined || this.#followups.size === 0) return
    const longest = Math.min(FIRST_RETRY_MS * 2 ** this.#failures, LAST_RETRY_MS)
    this.#failures += 1
    // Not all pages at once, after a server has restarted.
    this.#retry = setTimeout(
      () => {
        this.#retry = undefined
        void this.#connect()
      },
      longest * (0.5 + Math.random() / 2),
    )
  }
}

function tell({ listener, told }: Followup, message: Record<string, unknown>): void {
  const { type } = message
  if (type === 'reset' || (type === 'ready' && message['resumed'] !== true)) {
    told.clear()
    listener.reset()
  } else if (type === 'removed') {
    const id = textOf(message['id']) ?? ''
    told.delete(id)
    listener.removed(id)
  } else if (type === 'created' || type === 'updated') tellChange({ listener, told }, type, message)
}

function tellChange(
  { listener, told }: Pick<Followup, 'listener' | 'told'>,
  kind: 'created' | 'updated',
  { object, etag }: Record<string, unknown>,
): void {
  if (!isRecord(object) || typeof etag !== 'string') return
  const id = textOf(object['id']) ?? ''
  if (told.get(id) === etag) return
  if (told.size >= REMEMBERED) told.clear()
  told.set(id, etag)
  listener.changed(object, etag, kind)
}
