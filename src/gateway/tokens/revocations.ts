// What has been revoked and could still be shown: a copy of auth's list in memory, read every few hundred milliseconds and at once on
// a hint. When the list cannot be read for some seconds, nobody is known to be good any more.
import { systemCall } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import type { Logger } from '#kernel/log.ts'
import type { Auth, Revocation } from '../../auth/contract.ts'
import type { Cache } from '../../cache/contract.ts'
import type { VerifiedToken } from './verifier.ts'

export const REVOKED_CHANNEL = 'auth.revoked'
const POLL_MS = 400
const STALE_MS = 5000
/** Times in the list are of whoever wrote it: what a clock that is behind has written is found by reading all of it, which is what still matters. */
const READ_ALL_MS = 10_000
const READ_DEADLINE_MS = 2000
const PRUNE_EVERY = 1000
/** Longer than any access token lives; operators' sessions are kept until they would have ended. */
const KEEP_SECONDS = 24 * 60 * 60
/** Of single tokens: longer than any of them lives. */
const TOKEN_SECONDS = 15 * 60

interface RevocableToken {
  readonly sessionId: string
  readonly accountId?: string
  /** Epoch seconds. */
  readonly issuedAt: number
  /** The state of roles and groups that it tells of, when it tells of any. */
  readonly membershipAt?: number | undefined
  /** The key that has signed it. */
  readonly keyId?: string | undefined
  readonly tokenIds?: readonly string[]
  /** Every client that it has come through, as auth names those that act for themselves. */
  readonly clients?: readonly string[]
}

export function revocableOf({ principal, ...token }: VerifiedToken): RevocableToken {
  const { sessionId, accountId } = principal
  const { issuedAt, membershipAt, keyId, tokenIds, clients } = token
  return { sessionId, accountId, issuedAt, membershipAt, keyId, tokenIds, clients }
}

export interface Revocations {
  start(): Promise<void>
  stop(): void
  isRevoked(token: RevocableToken): boolean
  /** False when the list is too old to be trusted. */
  isFresh(): boolean
  /** What this gateway has just ended itself need not wait for the next reading. */
  add(revocation: Revocation): void
}

interface RevocationsParts {
  readonly auth: Pick<Auth, 'revocations'>
  readonly cache: Pick<Cache, 'subscribe'>
  readonly clock: Clock
  readonly logger: Logger
}

interface RevokedSet {
  add(revocation: Revocation): void
  has(token: RevocableToken): boolean
  prune(oldestSeconds: number): void
}

function createRevokedSet(): RevokedSet {
  const sessions = new Map<string, number>()
  const accounts = new Map<string, number>()
  const memberships = new Map<string, number>()
  // Few ever, and never forgotten: a key that was stolen stays stolen.
  const keys = new Map<string, number>()
  const tokens = new Map<string, number>()
  const maps = { session: sessions, account: accounts, membership: memberships, key: keys, token: tokens }
  return {
    add({ kind, subject, before }) {
      const map = maps[kind]
      map.set(subject, Math.max(before, map.get(subject) ?? 0))
    },
    has({ sessionId, accountId, issuedAt, membershipAt, keyId, tokenIds = [], clients = [] }) {
      if (keyId !== undefined && keys.has(keyId)) return true
      if (tokenIds.some((id) => tokens.has(id))) return true
      // A session that has ended never comes back, whatever was still issued in it; an account may sign in again.
      if (sessions.has(sessionId)) return true
      const isEnded = (subject: string): boolean => issuedAt <= (accounts.get(subject) ?? Number.NEGATIVE_INFINITY)
      // Whoever has been given it on the way: a token is no better than the last of them.
      if (clients.some(isEnded)) return true
      if (accountId === undefined) return false
      if (isEnded(accountId)) return true
      return membershipAt !== undefined && membershipAt < (memberships.get(accountId) ?? 0)
    },
    prune(oldestSeconds) {
      for (const map of [sessions, accounts]) for (const [subject, before] of map) if (before < oldestSeconds) map.delete(subject)
      // Clients end tokens as often as they like; one that has expired need not be known.
      for (const [subject, before] of tokens) if (before < oldestSeconds + KEEP_SECONDS - TOKEN_SECONDS) tokens.delete(subject)
      for (const [subject, state] of memberships) if (state < oldestSeconds * 1000) memberships.delete(subject)
    },
  }
}

/** No time lies ahead: a clock that was set back does not make anything fresh. */
function isWithin(ms: number, { since, now }: { readonly since: number; readonly now: number }): boolean {
  return now >= since && now - since <= ms
}

/** Goes on where the last reading ended. */
function createReading(auth: RevocationsParts['auth'], revoked: RevokedSet, clock: Clock) {
  let cursor: string | undefined
  let readAt = Number.NEGATIVE_INFINITY
  let allReadAt = Number.NEGATIVE_INFINITY
  return {
    readAt: () => readAt,
    async next() {
      const now = clock.now()
      const call = { ...systemCall('gateway.revocations'), deadline: now + READ_DEADLINE_MS }
      const after = isWithin(READ_ALL_MS, { since: allReadAt, now }) ? cursor : undefined
      // Whether it works or not: a long list that cannot be read in time must not keep the news away.
      if (after === undefined) allReadAt = now
      const page = await auth.revocations(call, after)
      for (const revocation of page.items) revoked.add(revocation)
      cursor = page.next
      readAt = clock.now()
    },
  }
}

export function createRevocations({ auth, cache, clock, logger }: RevocationsParts): Revocations {
  const revoked = createRevokedSet()
  const reading = createReading(auth, revoked, clock)
  let timer: NodeJS.Timeout | undefined
  let stopped = true
  let isReading = false
  let isAskedAgain = false
  let hasFailed = false
  let polls = 0
  let unsubscribe = (): void => {}

  const poll = async (): Promise<void> => {
    if (isReading) {
      isAskedAgain = true
      return
    }
    isReading = true
    try {
      do {
        isAskedAgain = false
        await reading.next()
      } while (isAskedAgain && !stopped)
      if (hasFailed) logger.info('revocations can be read again')
      hasFailed = false
    } catch (error) {
      if (!hasFailed) logger.error({ err: error }, 'revocations cannot be read')
      hasFailed = true
    } finally {
      isReading = false
    }
  }
  const loop = (): void => {
    if (stopped) return
    timer = setTimeout(() => void poll().then(loop), POLL_MS)
    timer.unref()
    polls += 1
    if (polls % PRUNE_EVERY === 0) revoked.prune(clock.now() / 1000 - KEEP_SECONDS)
  }
  return {
    async start() {
      if (!stopped) return
      stopped = false
      await reading.next()
      unsubscribe = cache.subscribe(REVOKED_CHANNEL, () => void poll())
      loop()
    },
    stop() {
      stopped = true
      unsubscribe()
      clearTimeout(timer)
    },
    isRevoked: (token) => revoked.has(token),
    isFresh: () => isWithin(STALE_MS, { since: reading.readAt(), now: clock.now() }),
    add: (revocation) => revoked.add(revocation),
  }
}
