// Browser sessions: sign-in, refresh and sign-out of a frontend, and the cookies that each leaves behind.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { hasCode } from '#kernel/errors.ts'
import { randomToken } from '#kernel/ids.ts'
import type { Auth, PublicProfile } from '../../auth/contract.ts'
import type { GatewayFrontend } from '../contract.ts'
import type { Revocations } from '../tokens/revocations.ts'
import type { TokenVerifier, VerifiedToken } from '../tokens/verifier.ts'
import { type Sealers, setAccess, setRefresh, setTransaction, TRANSACTION_SECONDS, transactionCookieName } from './cookies.ts'
import { type Refusal, refusalOf, type RelyingParty } from './relying-party.ts'
import { createRotation, type Rotated } from './rotation.ts'
import type { RefreshCookie } from './schemas.ts'

export interface SessionParts {
  readonly auth: Auth
  readonly relyingParty: RelyingParty
  readonly verifier: TokenVerifier
  readonly revocations: Revocations
  readonly sealers: Sealers
  readonly clock: Clock
  readonly sessionSeconds: number
}

/** A session after sign-in or refresh: cookies to set, and what may be told. */
export interface Renewed {
  readonly cookies: readonly string[]
  readonly sessionId: string
  readonly expiresAt: number
  /** For memory mode only. */
  readonly accessToken: string
}

export type Outcome<T> = { readonly done: T } | { readonly refused: Refusal; readonly error?: unknown }

export interface Sessions {
  begin(call: Call, frontend: GatewayFrontend, returnTo: string): Promise<{ readonly location: string; readonly cookie: string }>
  complete(
    call: Call,
    frontend: GatewayFrontend,
    answer: CallbackAnswer,
  ): Promise<Outcome<Renewed & { readonly returnTo: string; readonly spent: string }>>
  refresh(call: Call, frontend: GatewayFrontend, session: RefreshCookie): Promise<Outcome<Renewed>>
  end(call: Call, sessionId: string): Promise<void>
  profile(call: Call, accountId: string): Promise<PublicProfile | undefined>
}

export interface CallbackAnswer {
  /** The query as it came. */
  readonly search: string
  readonly state: string | undefined
  readonly cookies: ReadonlyMap<string, string>
}

export function createSessions(parts: SessionParts): Sessions {
  const { auth, relyingParty, verifier, revocations, sealers, clock, sessionSeconds } = parts
  const seconds = (): number => Math.floor(clock.now() / 1000)

  const seal = async (frontend: GatewayFrontend, rotated: Rotated, since: number): Promise<Renewed> => {
    const { accessToken, refreshToken, verified } = rotated
    const left = since + sessionSeconds - seconds()
    const common = { origin: frontend.origin, sub: verified.principal.accountId, sid: verified.principal.sessionId, iat: verified.issuedAt }
    const refresh = await sealers.refresh.seal({ ...common, exp: since + sessionSeconds, token: refreshToken, since })
    const cookies = [setRefresh(refresh, left)]
    if (frontend.mode === 'cookie') {
      // The cookie outlives its token, so that an expired session can be told from none; `exp` inside is what counts.
      const access = await sealers.access.seal({ ...common, exp: Math.floor(verified.expiresAt / 1000), token: accessToken })
      cookies.push(setAccess(access, left))
    }
    return { cookies, sessionId: common.sid, expiresAt: verified.expiresAt, accessToken }
  }
  const verifyOwn = async (call: Call, frontend: GatewayFrontend, accessToken: string): Promise<VerifiedToken> => {
    const verified = await verifier.verify(call, accessToken)
    if (verified.principal.clientId !== frontend.clientId) throw new Error('auth issued a token to another client')
    return verified
  }
  const rotate = createRotation(
    async (call, frontend, session) => {
      const tokens = await relyingParty.refresh(call, frontend, session.token)
      const verified = await verifyOwn(call, frontend, tokens.accessToken)
      if (verified.principal.accountId !== session.sub) throw new Error('auth refreshed the session of another account')
      return { accessToken: tokens.accessToken, verified, refreshToken: tokens.refreshToken ?? session.token }
    },
    () => clock.now(),
  )
  return {
    async begin(call, frontend, returnTo) {
      const request = { state: randomToken(), nonce: randomToken(), verifier: randomToken() }
      const location = await relyingParty.authorizationUrl(call, frontend, request)
      const value = await sealers.transaction.seal({ ...request, origin: frontend.origin, returnTo, exp: seconds() + TRANSACTION_SECONDS })
      return { location, cookie: setTransaction(transactionCookieName(request.state), value, TRANSACTION_SECONDS) }
    },
    async complete(call, frontend, { search, state, cookies }) {
      if (state === undefined || state === '') return { refused: 'ended' }
      const name = transactionCookieName(state)
      const cookie = cookies.get(name)
      const transaction = cookie === undefined ? undefined : await sealers.transaction.open(cookie)
      // Another browser's sign-in, an old one, or one that somebody else began: nothing of it is used (login CSRF).
      if (transaction === undefined || transaction.state !== state || transaction.origin !== frontend.origin) return { refused: 'ended' }
      if (transaction.exp <= seconds()) return { refused: 'ended' }
      try {
        const tokens = await relyingParty.redeem(call, frontend, { search, request: transaction })
        const verified = await verifyOwn(call, frontend, tokens.accessToken)
        if (tokens.refreshToken === undefined) throw new Error('auth issued no refresh token')
        const renewed = await seal(frontend, { accessToken: tokens.accessToken, verified, refreshToken: tokens.refreshToken }, seconds())
        return { done: { ...renewed, returnTo: transaction.returnTo, spent: setTransaction(name, '', 0) } }
      } catch (error) {
        return { refused: refusalOf(error), error }
      }
    },
    async refresh(call, frontend, session) {
      try {
        const rotated = await rotate(call, frontend, session)
        const { principal, issuedAt } = rotated.verified
        if (revocations.isRevoked({ sessionId: principal.sessionId, accountId: principal.accountId, issuedAt })) return { refused: 'ended' }
        return { done: await seal(frontend, rotated, session.since) }
      } catch (error) {
        return { refused: hasCode(error, 'http.invalid_token') ? 'failed' : refusalOf(error), error }
      }
    },
    async end(call, sessionId) {
      await auth.endSession(call, sessionId)
      // Auth's list will say so too; this gateway need not wait for it.
      revocations.add({ kind: 'session', subject: sessionId, before: seconds() })
    },
    profile: (call, accountId) => auth.profile(call, accountId),
  }
}
