// The person's session with this frontend: who it is, and how its token stays fresh, with one refresh at a time in all tabs.
import type { Browser } from './browser.ts'
import { isRecord, problemFrom, textOf } from './problem.ts'
import { request } from './request.ts'
import { type Session, SessionState } from './state.ts'

const SIGNED_OUT: Session = { signedIn: false }
const CSRF_COOKIE = '__Host-csrf'

export class SessionKeeper {
  readonly #browser: Browser
  readonly #mode: 'cookie' | 'memory'
  readonly #state: SessionState
  #refreshing: Promise<boolean> | undefined

  constructor(browser: Browser, mode: 'cookie' | 'memory') {
    this.#browser = browser
    this.#mode = mode
    this.#state = new SessionState(browser, mode)
    browser.onTold((message) => this.#hear(message))
  }

  listen(listener: (session: Session) => void): () => void {
    return this.#state.listen(listener)
  }

  /** Asks the server who is signed in. */
  async read(): Promise<Session> {
    const response = await request(this.#browser, '/session', { headers: { accept: 'application/json' }, cache: 'no-store' })
    if (!response.ok) throw await problemFrom(response)
    const body: unknown = await response.json()
    if (!isRecord(body)) throw new TypeError('The session answer is not an object')
    const date = Date.parse(response.headers.get('date') ?? '')
    if (Number.isFinite(date)) this.#state.setClock(date)
    this.#state.csrfToken = textOf(body['csrfToken'])
    // In memory mode this is the expiry of a token that the page may not hold.
    if (typeof body['expiresAt'] === 'number' && this.#mode === 'cookie') this.#state.renew(body['expiresAt'])
    return this.#state.become(sessionOf(body))
  }

  /** Makes sure that the next request carries a token that is still good. Costs nothing while it is. */
  async ensureFresh(): Promise<void> {
    const known = this.#state.session ?? (await this.read())
    if (known.signedIn && !this.#state.isFresh) await this.refresh()
  }

  /** Gets a new token, once for everybody who asks meanwhile. False when the session has ended. */
  refresh(): Promise<boolean> {
    const asked = this.#state.expiresAt
    this.#refreshing ??= this.#browser
      .exclusively('ninefold-refresh', async () => {
        // Another tab may have done it while this one waited for its turn. In memory mode each page needs its own copy of the token.
        const done = this.#mode === 'cookie' && this.#state.expiresAt > asked && this.#state.isFresh
        return done || this.#exchange()
      })
      .finally(() => {
        this.#refreshing = undefined
      })
    return this.#refreshing
  }

  async signOut(): Promise<void> {
    const response = await this.#post('/session/sign-out')
    if (!response.ok && response.status !== 401) throw await problemFrom(response)
    this.#state.become(SIGNED_OUT)
    this.#browser.tell({ kind: 'signed-out' })
  }

  /** The headers that prove who asks (memory mode), or that this page asks (cookie mode, unsafe methods). */
  async headers(unsafe: boolean): Promise<Record<string, string>> {
    if (this.#mode === 'memory') return this.#state.bearer()
    return unsafe ? this.#csrf() : {}
  }

  async #exchange(): Promise<boolean> {
    const response = await this.#post('/session/refresh')
    if (response.status === 401) {
      this.#state.become(SIGNED_OUT)
      return false
    }
    if (!response.ok) throw await problemFrom(response)
    const body: unknown = await response.json()
    if (!isRecord(body) || typeof body['expiresAt'] !== 'number') throw new TypeError('The refresh answer is not complete')
    this.#state.renew(body['expiresAt'], this.#mode === 'memory' ? textOf(body['accessToken']) : undefined)
    this.#browser.tell({ kind: 'refreshed', expiresAt: body['expiresAt'] })
    return true
  }

  // The cookie is newer than what any answer said, when another tab has signed in or out meanwhile.
  async #csrf(): Promise<Record<string, string>> {
    if (this.#browser.cookie(CSRF_COOKIE) === undefined && this.#state.csrfToken === undefined) await this.read()
    const token = this.#browser.cookie(CSRF_COOKIE) ?? this.#state.csrfToken
    return token === undefined ? {} : { 'x-csrf-token': token }
  }

  /** A state-changing request to the session endpoints of this origin: once more with a new CSRF token, when the old one had been renewed. */
  async #post(path: string): Promise<Response> {
    const send = async (): Promise<Response> => request(this.#browser, path, { method: 'POST', headers: await this.#csrf() })
    const first = await send()
    if (first.status !== 403 || (await problemFrom(first.clone())).code !== 'http.csrf') return first
    await this.read()
    return send()
  }

  #hear(message: unknown): void {
    if (!isRecord(message)) return
    if (message['kind'] === 'signed-out') this.#state.become(SIGNED_OUT)
    if (message['kind'] === 'refreshed' && this.#mode === 'cookie' && typeof message['expiresAt'] === 'number')
      this.#state.renew(message['expiresAt'])
  }
}

function sessionOf(body: Record<string, unknown>): Session {
  if (body['signedIn'] !== true) return SIGNED_OUT
  const account = body['account']
  if (!isRecord(account)) return { signedIn: true }
  const locale = textOf(account['locale'])
  const known = { id: textOf(account['id']) ?? '', name: textOf(account['name']) ?? '' }
  return { signedIn: true, account: locale === undefined ? known : { ...known, locale } }
}
