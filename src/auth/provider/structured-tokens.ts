// Signed access tokens at the introspection and the revocation endpoint, which the engine itself takes random values at only. What they say is in
// them; whether they still count is looked up each time. The signature is checked once for each token, since resource servers ask again and again.
import { createLocalJWKSet, decodeProtectedHeader, type JWTPayload, jwtVerify } from 'jose'
import { LRUCache } from 'lru-cache'
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { z } from '#kernel/schema.ts'
import type { Collection } from '../../database/contract.ts'
import type { AccountDirectory } from '../engine.ts'
import type { PublicJwk } from '../keys/jwk.ts'
import type { Revocations } from '../revocations/revocations.ts'
import type { ClientRegistry } from './clients.ts'
import type { GrantRecord } from './collections.ts'
import { doClientsLast, MAX_ACTORS } from './token-clients.ts'
import { EXCHANGED_IDS_CLAIM } from './exchanged.ts'
import { isServiceCurrent, type ServiceDirectory } from './service-claims.ts'

export interface StructuredTokensDependencies {
  readonly issuer: string
  readonly clock: Clock
  readonly grants: Collection<GrantRecord>
  readonly revocations: Pick<Revocations, 'isAnyTokenRevoked'>
  readonly accounts: AccountDirectory
  readonly clients: Pick<ClientRegistry, 'find'>
  readonly services: ServiceDirectory
  publishedKeys(): readonly PublicJwk[]
}

const SHAPE = /^[\w-]+\.[\w-]+\.[\w-]+$/
const MAX_LENGTH = 8192
const MAX_REMEMBERED = 20_000

const claims = z.looseObject({
  sub: z.string(),
  aud: z.string(),
  client_id: z.string(),
  jti: z.string(),
  iat: z.number(),
  exp: z.number(),
  sid: z.string().optional(),
  scope: z.string().optional(),
  membership_at: z.number().optional(),
  act: z.unknown().optional(),
  [EXCHANGED_IDS_CLAIM]: z.array(z.string()).max(MAX_ACTORS).optional(),
  cnf: z.looseObject({ jkt: z.string().optional(), 'x5t#S256': z.string().optional() }).optional(),
})

export type StructuredToken = z.infer<typeof claims>

interface Verdict {
  readonly kid: string | undefined
  readonly token: StructuredToken
}

export interface StructuredTokens {
  /** Whether this has the form of one at all. */
  isOne(value: string): boolean
  /** What it says, as long as it counts. */
  read(call: Call, value: string): Promise<StructuredToken | undefined>
}

export function createStructuredTokens(dependencies: StructuredTokensDependencies): StructuredTokens {
  const { issuer, clock, grants, revocations, accounts, clients, services, publishedKeys } = dependencies
  const verdicts = new LRUCache<string, Verdict>({ max: MAX_REMEMBERED })

  const verify = async (value: string): Promise<Verdict | undefined> => {
    const keys = createLocalJWKSet({ keys: publishedKeys().map((key) => ({ ...key })) })
    const options = { issuer, typ: 'at+jwt', algorithms: ['ES256'], currentDate: new Date(clock.now()) }
    const verified = await jwtVerify(value, keys, options).catch(() => undefined)
    const parsed = claims.safeParse(verified?.payload)
    if (verified === undefined || !parsed.success) return undefined
    const verdict = { kid: decodeProtectedHeader(value).kid, token: parsed.data }
    verdicts.set(value, verdict)
    return verdict
  }

  /** The person may still act, and is what the token says. */
  const isCurrent = async (call: Call, { sub, membership_at: membershipAt }: StructuredToken): Promise<boolean> => {
    const person = await accounts.find(call, sub)
    if (person === undefined || person.suspended) return false
    return membershipAt === undefined || membershipAt >= (person.membership?.at ?? 0)
  }

  /** A token ends with any of its clients. A service is nobody's session beside that. */
  const isAuthorised = async (call: Call, token: StructuredToken): Promise<boolean> => {
    const { sid, sub, client_id: clientId, act } = token
    if (!(await doClientsLast(clients, call, { clientId, act, iat: token.iat }))) return false
    if (sid === undefined) return await isServiceCurrent(services, call, { clientId, membershipAt: token.membership_at })
    const grant = (await grants.get(call, sid))?.value
    if (grant?.accountId !== sub || grant.endedAt !== undefined) return false
    // An exchanged token belongs to the session of the client that it came from.
    if (act === undefined && grant.clientId !== clientId) return false
    return await isCurrent(call, token)
  }

  return {
    isOne: (value) => SHAPE.test(value),
    async read(call, value) {
      if (value.length > MAX_LENGTH) return undefined
      const remembered = verdicts.get(value)
      const isKnownKey = remembered !== undefined && publishedKeys().some(({ kid }) => kid === remembered.kid)
      const token = (isKnownKey ? remembered : await verify(value))?.token
      if (token === undefined || token.exp * 1000 <= clock.now()) return undefined
      const ids = [token.jti, ...(token[EXCHANGED_IDS_CLAIM] ?? [])]
      const [isRevoked, isGood] = await Promise.all([revocations.isAnyTokenRevoked(call, ids), isAuthorised(call, token)])
      return isGood && !isRevoked ? token : undefined
    },
  }
}

/** What a token says beyond what the engine has fields for. */
export function furtherClaims(token: JWTPayload | StructuredToken): Readonly<Record<string, unknown>> {
  const own = new Set(['sub', 'iss', 'aud', 'exp', 'iat', 'jti', 'client_id', 'scope', 'cnf'])
  return Object.fromEntries(Object.entries(token).filter(([name]) => !own.has(name)))
}
