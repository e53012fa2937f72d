// Access tokens as RFC 9068 wants them checked. A signature costs more than the rest of a request, so the verdict is remembered until the
// token ends; whether it was revoked is asked anew each time.
import { LRUCache } from 'lru-cache'
import type { Call, UserPrincipal } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { isEs256 } from '#kernel/ecdsa.ts'
import { AppError } from '#kernel/errors.ts'
import { httpErrors } from '#kernel/http/problem.ts'
import { z } from '#kernel/schema.ts'
import { TOKEN_ALGORITHM, type TokenKeys } from './keys.ts'

export interface VerifiedToken {
  readonly audience: string
  readonly principal: UserPrincipal
  /** Epoch seconds. */
  readonly issuedAt: number
  /** Epoch milliseconds. */
  readonly expiresAt: number
  /** The state of roles and groups that it tells of, when it tells of any. */
  readonly membershipAt?: number
  /** The key that has signed it. */
  readonly keyId: string
  /** Its `jti`, and those of the tokens that it was exchanged for (RFC 8693). */
  readonly tokenIds: readonly string[]
  /** Every client that it has come through, as the subjects that they have when they act for themselves: its own, and those under `act` (RFC 8693). */
  readonly clients: readonly string[]
  /** What whoever brings it must hold: a key (RFC 9449) or a certificate (RFC 8705). */
  readonly binding?: TokenBinding
}

export interface TokenBinding {
  readonly jkt?: string | undefined
  readonly 'x5t#S256'?: string | undefined
}

export interface TokenVerifier {
  /** A verdict that is remembered and still good. Tokens are for the API, or for the one address whose audience the caller names since it was asked. */
  known(token: string, endpoint?: string): VerifiedToken | undefined
  /** Throws `http.invalid_token`, or `http.unavailable` when the keys cannot be had. */
  verify(call: Call, token: string, endpoint?: string): Promise<VerifiedToken>
}

const MAX_TOKEN_LENGTH = 8192
const MAX_REMEMBERED = 20_000
const SHAPE = /^[\w-]+\.[\w-]+\.[\w-]+$/
const CLOCK_TOLERANCE_SECONDS = 5
/**
 * RFC 9068 section 2.1, with what ours may say of themselves and nothing else: a token that says where its key is, or brings it along, asks to be believed
 * for its own sake, and what `crit` (RFC 7515 section 4.1.11) lists, nobody here understands.
 */
const protectedHeader = z.strictObject({ alg: z.literal(TOKEN_ALGORITHM), typ: z.literal('at+jwt'), kid: z.string().min(1).max(128) })

/** Auth makes no longer chains. */
const MAX_ACTORS = 16

const text = z.string().min(1).max(512)
const claims = z.object({
  iss: text,
  sub: text,
  // RFC 9068 allows a list; ours name one resource, so a list is not ours.
  aud: text,
  iat: z.int(),
  exp: z.int(),
  nbf: z.int().optional(),
  jti: text,
  client_id: text,
  // A service has none: nobody has signed in.
  sid: text.optional(),
  acr: text.optional(),
  auth_time: z.int().optional(),
  scope: z.string().max(4096).default(''),
  // RFC 9068 section 2.2.3.1, with the names of SCIM (RFC 7643 section 4.1.2).
  roles: z.array(text).max(100).optional(),
  groups: z.array(text).max(100).optional(),
  organization: z.object({ id: text, roles: z.array(text).max(100) }).optional(),
  membership_at: z.int().min(0).optional(),
  act: z.unknown().optional(),
  exchanged_ids: z.array(text).max(MAX_ACTORS).optional(),
  // Strict: a token that is bound by something that we do not check would be taken as one that is not bound.
  cnf: z.union([z.strictObject({ jkt: text }), z.strictObject({ 'x5t#S256': text })]).optional(),
})

/** How auth names a service. No account id has a colon. */
const SERVICE = /^client:/

const clientSubject = (clientId: string): string => `client:${clientId}`
const actor = z.object({ sub: text, act: z.unknown().optional() })

/** RFC 8693 section 4.1: whoever acts, and who acted before. What cannot be read is none of ours. */
function actorsOf(act: unknown): string[] {
  const found: string[] = []
  for (let next = act; next !== undefined; ) {
    if (found.length >= MAX_ACTORS) throw invalidToken('The token has come through too many clients.')
    const { sub, act: before } = actor.parse(next)
    found.push(sub)
    next = before
  }
  return found
}

/** RFC 6750 section 3.1. */
export function invalidToken(detail: string, cause?: unknown): Error {
  return httpErrors.invalid_token({ detail, cause, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } })
}

/** A part of a token. What is no JSON fits no schema. */
function jsonOf(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString())
  } catch {
    return undefined
  }
}

export interface VerifierSettings {
  readonly keys: TokenKeys
  readonly clock: Clock
  readonly issuer: string
  readonly audience: string
  /** The clients that are the app's own frontends. */
  readonly firstParty: ReadonlySet<string>
}

interface Surroundings {
  readonly keyId: string
  readonly firstParty: ReadonlySet<string>
}

function signInOf({ acr, auth_time: at }: z.infer<typeof claims>): Pick<UserPrincipal, 'signIn'> {
  if (acr === undefined && at === undefined) return {}
  return { signIn: { ...(acr === undefined ? {} : { acr }), ...(at === undefined ? {} : { at }) } }
}

function verdictOf(token: z.infer<typeof claims>, { keyId, firstParty }: Surroundings): VerifiedToken {
  const { sub, aud, iat, exp, jti, client_id: clientId, sid, scope, roles, groups, organization, cnf } = token
  const { membership_at: membershipAt } = token
  if (sid === undefined && !SERVICE.test(sub)) throw invalidToken('The token belongs to no session.')
  const principal: UserPrincipal = {
    kind: 'user',
    accountId: sub,
    sessionId: sid ?? jti,
    clientId,
    scopes: scope === '' ? [] : scope.split(' '),
    firstParty: firstParty.has(clientId),
    ...(roles === undefined ? {} : { roles }),
    ...(groups === undefined ? {} : { groups }),
    ...(organization === undefined ? {} : { organisation: organization }),
    ...signInOf(token),
  }
  return {
    audience: aud,
    principal,
    issuedAt: iat,
    expiresAt: exp * 1000,
    keyId,
    tokenIds: [jti, ...(token.exchanged_ids ?? [])],
    clients: [clientSubject(clientId), ...actorsOf(token.act)],
    ...(membershipAt === undefined ? {} : { membershipAt }),
    ...(cnf === undefined ? {} : { binding: cnf }),
  }
}

export function createTokenVerifier({ keys, clock, issuer, audience, firstParty }: VerifierSettings): TokenVerifier {
  const verdicts = new LRUCache<string, VerifiedToken>({ max: MAX_REMEMBERED })
  const isForHere = (aud: string, endpoint: string | undefined): boolean => aud === audience || aud === endpoint
  /** RFC 9068 section 4; of the two ways to write the type, the one that ours has. One algorithm and one kind of key, whatever the token says; nothing of what it claims is looked at before its signature is. */
  const check = async (call: Call, token: string, endpoint: string | undefined): Promise<VerifiedToken> => {
    const [header = '', payload = '', signature = ''] = token.split('.')
    const { kid } = protectedHeader.parse(jsonOf(header))
    const key = await keys.find(call, kid)
    if (key === undefined) throw invalidToken('The token is signed by an unknown key.')
    const signed = Buffer.from(token.slice(0, header.length + 1 + payload.length))
    if (!isEs256(key, signed, Buffer.from(signature, 'base64url'))) throw invalidToken('The token is not valid here.')
    const told = claims.parse(jsonOf(payload))
    if (told.iss !== issuer || !isForHere(told.aud, endpoint)) throw invalidToken('The token is not valid here.')
    const now = clock.now() / 1000
    if (told.exp <= now - CLOCK_TOLERANCE_SECONDS) throw invalidToken('The token has expired.')
    if ((told.nbf ?? 0) > now + CLOCK_TOLERANCE_SECONDS) throw invalidToken('The token is not valid here.')
    return verdictOf(told, { keyId: kid, firstParty })
  }
  return {
    known(token, endpoint) {
      const verdict = verdicts.get(token)
      return verdict !== undefined && verdict.expiresAt > clock.now() && isForHere(verdict.audience, endpoint) ? verdict : undefined
    },
    async verify(call, token, endpoint) {
      if (token.length > MAX_TOKEN_LENGTH || !SHAPE.test(token)) throw invalidToken('This is no access token.')
      try {
        const verdict = await check(call, token, endpoint)
        verdicts.set(token, verdict)
        return verdict
      } catch (error) {
        if (error instanceof AppError && error.code === 'http.invalid_token') throw error
        if (error instanceof z.ZodError) throw invalidToken('The token is not valid here.', error)
        // Not knowing the keys is no reason to let anybody in.
        throw httpErrors.unavailable({ detail: 'Access tokens cannot be checked just now.', cause: error, headers: { 'retry-after': '2' } })
      }
    },
  }
}
