// Connections that last: event streams and WebSockets. Counted by person and address, and ended when their authority ends or the gateway stops.
import type { Clock } from '#kernel/clock.ts'
import { httpErrors } from '#kernel/http/problem.ts'
import { type Revocations, revocableOf } from '../tokens/revocations.ts'
import type { VerifiedToken } from '../tokens/verifier.ts'

/** `unchecked`: it cannot be known any more who has been signed out. */
export type Ending = 'expired' | 'revoked' | 'unchecked' | 'stopping'

export interface Authority {
  readonly token: VerifiedToken
  /** It came in a cookie, so the browser renews it for all connections of the session at once. */
  readonly byCookie: boolean
}

/** The place of one connection, taken before it opens. */
export interface Place {
  /** From now on it can be ended. */
  open(end: (why: Ending) => void, renewed?: (token: VerifiedToken) => void): void
  /** Throws when the person has too many. */
  become(authority: Authority): void
  /** Safe to call twice. */
  release(): void
}

export interface LastingConnections {
  /** Throws `http.too_many_requests`, or `http.unavailable` while stopping. */
  take(client: string, authority: Authority | undefined): Place
  /** A browser session has a new access token: what lives on its cookies lives on. */
  renew(token: VerifiedToken): void
  count(): number
  start(): void
  stop(): void
}

export interface LastingLimits {
  readonly perAddress: number
  readonly perPerson: number
}

/** Half of the second within which a revocation works: the list of revocations itself is read when auth says so. */
const CHECK_MS = 250

class Counter {
  readonly #counts = new Map<string, number>()
  readonly #max: number

  constructor(max: number) {
    this.#max = max
  }

  add(key: string): void {
    const count = this.#counts.get(key) ?? 0
    if (count >= this.#max) {
      throw httpErrors.too_many_requests({
        detail: `At most ${this.#max} connections stay open at once.`,
        headers: { 'retry-after': '10' },
      })
    }
    this.#counts.set(key, count + 1)
  }

  remove(key: string): void {
    const left = (this.#counts.get(key) ?? 1) - 1
    if (left === 0) this.#counts.delete(key)
    else this.#counts.set(key, left)
  }
}

interface Books {
  readonly addresses: Counter
  readonly people: Counter
  readonly all: Set<Seat>
  /** Those whose authority can end. */
  readonly authorised: Set<Seat>
}

class Seat implements Place {
  readonly #books: Books
  readonly #client: string
  #end: ((why: Ending) => void) | undefined
  #renewed: ((token: VerifiedToken) => void) | undefined
  #released = false
  authority: Authority | undefined

  constructor(books: Books, client: string) {
    this.#books = books
    this.#client = client
    books.addresses.add(client)
    books.all.add(this)
  }

  open(end: (why: Ending) => void, renewed?: (token: VerifiedToken) => void): void {
    this.#end = end
    this.#renewed = renewed
  }

  become(authority: Authority): void {
    if (this.#released) return
    if (this.authority === undefined) this.#books.people.add(authority.token.principal.accountId)
    this.authority = authority
    this.#books.authorised.add(this)
  }

  renew(token: VerifiedToken): void {
    this.authority = { token, byCookie: true }
    this.#renewed?.(token)
  }

  end(why: Ending): void {
    this.#end?.(why)
  }

  release(): void {
    if (this.#released) return
    this.#released = true
    this.#books.addresses.remove(this.#client)
    if (this.authority !== undefined) this.#books.people.remove(this.authority.token.principal.accountId)
    this.#books.all.delete(this)
    this.#books.authorised.delete(this)
  }
}

interface LastingParts {
  readonly revocations: Revocations
  readonly clock: Clock
  readonly limits: LastingLimits
}

export function createLastingConnections({ revocations, clock, limits }: LastingParts): LastingConnections {
  const books: Books = {
    addresses: new Counter(limits.perAddress),
    people: new Counter(limits.perPerson),
    all: new Set(),
    authorised: new Set(),
  }
  let timer: NodeJS.Timeout | undefined
  let stopping = false

  const endingOf = (token: VerifiedToken, isFresh: boolean): Ending | undefined => {
    if (!isFresh) return 'unchecked'
    if (revocations.isRevoked(revocableOf(token))) return 'revoked'
    return token.expiresAt <= clock.now() ? 'expired' : undefined
  }
  const check = (): void => {
    const isFresh = revocations.isFresh()
    for (const seat of books.authorised) {
      const why = seat.authority === undefined ? undefined : endingOf(seat.authority.token, isFresh)
      if (why !== undefined) seat.end(why)
    }
  }
  return {
    take(client, authority) {
      if (stopping) throw httpErrors.unavailable({ detail: 'The server is restarting.', headers: { 'retry-after': '2' } })
      const seat = new Seat(books, client)
      try {
        if (authority !== undefined) seat.become(authority)
      } catch (error) {
        seat.release()
        throw error
      }
      return seat
    },
    renew(token) {
      for (const seat of books.authorised) {
        const { authority } = seat
        if (authority?.byCookie === true && authority.token.principal.sessionId === token.principal.sessionId) seat.renew(token)
      }
    },
    count: () => books.all.size,
    start() {
      stopping = false
      timer ??= setInterval(check, CHECK_MS).unref()
    },
    stop() {
      stopping = true
      clearInterval(timer)
      timer = undefined
      for (const seat of books.all) seat.end('stopping')
    },
  }
}
