// Browser sessions: sign-in, refresh and sign-out of a frontend, and the cookies that each leaves behind.
import { breath } from '#kernel/breath.ts'
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { randomToken } from '#kernel/ids.ts'
import { sha256 } from '#kernel/keyring.ts'
import type { Logger } from '#kernel/log.ts'
import type { Auth, OwnProfile } from '../../auth/contract.ts'
import type { GatewayFrontend } from '../contract.ts'
import type { Revocations } from '../tokens/revocations.ts'
import type { TokenVerifier, VerifiedToken } from '../tokens/verifier.ts'
import { type Sealers, setAccess, setRefresh, setTransaction, TRANSACTION_SECONDS, transactionCookieName } from './cookies.ts'
import { type Refusal, refusalOf, Refused, type RelyingParty } from './relying-party.ts'
import { createRotation, type Rotated } from './rotation.ts'
import type { RefreshCookie } from './schemas.ts'

export interface SessionParts {
  readonly auth: Auth
  readonly relyingParty: RelyingParty
  readonly verifier: TokenVerifier
  readonly revocations: Revocations
  readonly sealers: Sealers
  readonly clock: Clock
  readonly logger: Logger
  readonly sessionSeconds: number
  /** Told of the new token of a session that lives on. */
  renewed(token: VerifiedToken): void
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
  begin(
    call: Call,
    frontend: GatewayFrontend,
    wanted: WantedSignIn,
  ): Promise<Outcome<{ readonly location: string; readonly cookie: string }>>
  complete(
    call: Call,
    frontend: GatewayFrontend,
    answer: CallbackAnswer,
  ): Promise<Outcome<Renewed & { readonly returnTo: string; readonly spent: string }>>
  refresh(call: Call, frontend: GatewayFrontend, session: RefreshCookie): Promise<Outcome<Renewed>>
  end(call: Call, sessionId: string): Promise<void>
  profile(call: Call, accountId: string): Promise<OwnProfile | undefined>
}

export interface WantedSignIn {
  readonly returnTo: string
  /** What a challenge of the API has asked for (RFC 9470). */
  readonly acrValues?: string | undefined
  readonly maxAge?: string | undefined
  /** In which languages the pages of the sign-in should be, the first that is offered. */
  readonly uiLocales?: readonly string[] | undefined
}

export interface CallbackAnswer {
  /** The query as it came. */
  readonly search: string
  readonly state: string | undefined
  readonly cookies: ReadonlyMap<string, string>
  /** Called once the person is in: gives the browser a name for so long. */
  nameBrowser(seconds: number): string
}

type Seal = (frontend: GatewayFrontend, rotated: Rotated, bounds: Pick<RefreshCookie, 'since' | 'browser'>) => Renewed

function createSeal({ sealers, clock, sessionSeconds }: SessionParts): Seal {
  return (frontend, { accessToken, refreshToken, verified }, { since, browser }) => {
    const left = since + sessionSeconds - Math.floor(clock.now() / 1000)
    const common = { origin: frontend.origin, sub: verified.principal.accountId, sid: verified.principal.sessionId, iat: verified.issuedAt }
    const refresh = sealers.refresh.seal({ ...common, exp: since + sessionSeconds, token: refreshToken, since, browser })
    const cookies = [setRefresh(refresh, left)]
    if (frontend.mode === 'cookie') {
      // The cookie outlives its token, so that an expired session can be told from none; `exp` inside is what counts.
      const access = sealers.access.seal({ ...common, exp: Math.floor(verified.expiresAt / 1000), token: accessToken })
      cookies.push(setAccess(access, left))
    }
    return { cookies, sessionId: common.sid, expiresAt: verified.expiresAt, accessToken }
  }
}

async function verifyOwn(
  { verifier }: SessionParts,
  call: Call,
  token: { readonly accessToken: string; readonly clientId: string },
): Promise<VerifiedToken> {
  // The engine's part of the request is over.
  await breath()
  const verified = await verifier.verify(call, token.accessToken)
  if (verified.principal.clientId !== token.clientId) throw new Error('auth issued a token to another client')
  return verified
}

/** What is our fault goes into the log; that a session has ended or a person has declined does not. */
function refusedBy({ logger }: SessionParts, { requestId }: Call, error: unknown): { readonly refused: Refusal; readonly error: unknown } {
  const refused = refusalOf(error)
  if (refused === 'failed') logger.error({ err: error, requestId }, 'auth gave no tokens')
  return { refused, error }
}

function createCompletion(parts: SessionParts, seal: Seal): Sessions['complete'] {
  const { relyingParty, sealers, clock, sessionSeconds } = parts
  return async (call, frontend, { search, state, cookies, nameBrowser }) => {
    if (state === undefined || state === '') return { refused: 'ended' }
    const name = transactionCookieName(state)
    const cookie = cookies.get(name)
    const transaction = cookie === undefined ? undefined : sealers.transaction.open(cookie)
    const seconds = Math.floor(clock.now() / 1000)
    // Another browser's sign-in, an old one, or one that somebody else began: nothing of it is used (login CSRF).
    if (transaction?.state !== state || transaction.origin !== frontend.origin || transaction.exp <= seconds) return { refused: 'ended' }
    try {
      const { accessToken, refreshToken, accountId } = await relyingParty.redeem(call, frontend, { search, request: transaction })
      const verified = await verifyOwn(parts, call, { accessToken, clientId: frontend.clientId })
      // The nonce ties this browser to the ID token, and so to one account.
      if (verified.principal.accountId !== accountId) throw new Error('auth issued tokens of two accounts')
      if (refreshToken === undefined) throw new Error('auth issued no refresh token')
      // The tokens are checked; sealing the cookies is another step.
      await breath()
      const browser = sha256(nameBrowser(sessionSeconds))
      const renewed = seal(frontend, { accessToken, verified, refreshToken }, { since: seconds, browser })
      return { done: { ...renewed, returnTo: transaction.returnTo, spent: setTransaction(name, '', 0) } }
    } catch (error) {
      // Somebody may be trying to have a code of another issuer redeemed here.
      if (error instanceof Refused)
        parts.logger.info(
          { requestId: call.requestId, event: 'gateway.sign_in_refused', reason: error.message },
          'a sign-in has ended without tokens',
        )
      return refusedBy(parts, call, error)
    }
  }
}

function createRefresh(parts: SessionParts, seal: Seal): Sessions['refresh'] {
  const { relyingParty, revocations, clock } = parts
  const rotate = createRotation(
    async (call, frontend, session) => {
      const { accessToken, refreshToken } = await relyingParty.refresh(call, frontend, session.token)
      const verified = await verifyOwn(parts, call, { accessToken, clientId: frontend.clientId })
      if (verified.principal.accountId !== session.sub) throw new Error('auth refreshed the session of another account')
      return { accessToken, verified, refreshToken: refreshToken ?? session.token }
    },
    () => clock.now(),
  )
  return async (call, frontend, session) => {
    try {
      const rotated = await rotate(call, frontend, session)
      const { principal, issuedAt } = rotated.verified
      if (revocations.isRevoked({ sessionId: principal.sessionId, accountId: principal.accountId, issuedAt })) return { refused: 'ended' }
      parts.renewed(rotated.verified)
      return { done: seal(frontend, rotated, session) }
    } catch (error) {
      return refusedBy(parts, call, error)
    }
  }
}

export function createSessions(parts: SessionParts): Sessions {
  const { auth, relyingParty, revocations, sealers, clock } = parts
  const seconds = (): number => Math.floor(clock.now() / 1000)
  const seal = createSeal(parts)
  return {
    async begin(call, frontend, { returnTo, ...wanted }) {
      const request = { state: randomToken(), nonce: randomToken(), verifier: randomToken() }
      const value = sealers.transaction.seal({ ...request, origin: frontend.origin, returnTo, exp: seconds() + TRANSACTION_SECONDS })
      const cookie = setTransaction(transactionCookieName(request.state), value, TRANSACTION_SECONDS)
      try {
        return { done: { location: await relyingParty.authorizationUrl(call, frontend, { ...request, ...wanted }), cookie } }
      } catch (error) {
        return refusedBy(parts, call, error)
      }
    },
    complete: createCompletion(parts, seal),
    refresh: createRefresh(parts, seal),
    async end(call, sessionId) {
      await auth.endSession(call, sessionId)
      // Auth's list will say so too; this gateway need not wait for it.
      revocations.add({ kind: 'session', subject: sessionId, before: seconds() })
    },
    profile: (call, accountId) => auth.ownProfile(call, accountId),
  }
}
