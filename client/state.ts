// What this page knows of the session. The access token of memory mode is a private field here and is kept nowhere else.
import type { Browser } from './browser.ts'

export interface Session {
  readonly signedIn: boolean
  readonly account?: {
    readonly id: string
    readonly name: string
    /** What the person reads, a BCP 47 tag. */
    readonly locale?: string
  }
}

/** A token that ends this soon would end on the way. */
const MARGIN_MS = 10_000

export class SessionState {
  session: Session | undefined
  csrfToken: string | undefined
  #accessToken: string | undefined
  #expiresAt = 0
  // People's clocks are wrong by minutes; the server's own is the one that counts.
  #clockOffset = 0
  readonly #browser: Browser
  readonly #mode: 'cookie' | 'memory'
  readonly #listeners = new Set<(session: Session) => void>()

  constructor(browser: Browser, mode: 'cookie' | 'memory') {
    this.#browser = browser
    this.#mode = mode
  }

  get expiresAt(): number {
    return this.#expiresAt
  }

  get isFresh(): boolean {
    const hasToken = this.#mode === 'cookie' || this.#accessToken !== undefined
    return hasToken && this.#expiresAt - MARGIN_MS > this.#browser.now() + this.#clockOffset
  }

  setClock(serverNow: number): void {
    this.#clockOffset = serverNow - this.#browser.now()
  }

  renew(expiresAt: number, accessToken?: string): void {
    this.#expiresAt = expiresAt
    this.#accessToken = accessToken
  }

  bearer(): Record<string, string> {
    return this.#accessToken === undefined ? {} : { authorization: `Bearer ${this.#accessToken}` }
  }

  become(next: Session): Session {
    const before = this.session
    this.session = next
    if (!next.signedIn) this.renew(0)
    const changed = before !== undefined && (before.signedIn !== next.signedIn || before.account?.id !== next.account?.id)
    if (changed) for (const listener of this.#listeners) listener(next)
    return next
  }

  listen(listener: (session: Session) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
