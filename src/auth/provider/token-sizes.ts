// How large a signed access token becomes, looked at while nothing is used up: one that its client cannot keep would cost a code or a refresh token, and
// the next try with the same one would look like a theft.
import type { KoaContextWithOIDC } from 'oidc-provider'
import { errors } from 'oidc-provider'
import type { Logger } from '#kernel/log.ts'
import type { LoadedKeys } from '../keys/signing-keys.ts'
import { APP_CLAIM } from './app-claims.ts'
import { factsOf } from './client-facts.ts'
import { currentCall } from './scope.ts'

/** Longer ones are taken nowhere here (structured-tokens.ts, and the gateway's verifier). */
const MOST = 8192
/** ES256, in base64url. */
const SIGNATURE = 86
/** Claims that can be of any size; the texts among the others are counted. */
const LISTS = [APP_CLAIM, 'roles', 'groups', 'permissions', 'organization', 'act', 'exchanged_from', 'exchanged_ids'] as const
const TEXTS = ['iss', 'aud', 'sub', 'client_id', 'scope', 'acr'] as const
/** More than the names of all claims, and the ids and times among them. */
const OTHERS = 800

type Payload = Readonly<Record<string, unknown>>

export interface TokenSizesParts {
  readonly keys: Pick<LoadedKeys, 'accessTokenKid'>
  readonly logger: Logger
}

export interface TokenSizes {
  /** Throws when the client of the request could not keep a token that says this. */
  check(this: void, context: KoaContextWithOIDC, payload: Payload): void
}

export function createTokenSizes({ keys, logger }: TokenSizesParts): TokenSizes {
  const header = JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: keys.accessTokenKid })
  const around = Buffer.from(header).toString('base64url').length + '..'.length + SIGNATURE
  return {
    check({ oidc: { client } }, payload) {
      // Four characters of base64url are three bytes.
      const limit = Math.floor((((factsOf(client).tokenRoom ?? MOST) - around) * 3) / 4)
      // Written out a second time only where it could matter.
      if (LISTS.every((name) => payload[name] === undefined) && mostBytes(payload) <= limit) return
      const size = bytesOf(payload)
      if (size <= limit) return
      const byHook = payload[APP_CLAIM] !== undefined
      logger.error(
        {
          requestId: currentCall().requestId,
          ...(byHook ? { event: 'auth.hook_failed', hook: 'tokenClaims' } : { event: 'auth.token_too_large' }),
          clientId: client?.clientId,
          size,
          limit,
          claims: sizesOf(payload),
        },
        `an access token would say more bytes than have room, so none was issued and nothing was used up: ${byHook ? 'let the hook tokenClaims answer with less, or take' : 'take'} roles, groups or scopes away`,
      )
      throw tooLarge({ size, limit })
    },
  }
}

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value))

/** Of a token without lists. What texts there are is ASCII (RFC 6749 appendix A, RFC 3986), and no character of it is escaped. */
function mostBytes(payload: Payload): number {
  return TEXTS.reduce((sum, name) => sum + lengthOf(payload[name]), OTHERS)
}

function lengthOf(text: unknown): number {
  return typeof text === 'string' ? text.length : 0
}

/** What makes it so large: never what it says. */
function sizesOf(payload: Payload): Readonly<Record<string, number>> {
  const told = [...LISTS, 'scope'].filter((name) => payload[name] !== undefined)
  return Object.fromEntries(told.map((name) => [name, bytesOf(payload[name])]))
}

/** As when the app fails to say what is in it: the client tries again, with what it has. */
function tooLarge({ size, limit }: { readonly size: number; readonly limit: number }): Error {
  const words = `no token can be issued just now: it would say ${size} bytes, and there is room for ${limit}`
  return Object.assign(new errors.TemporarilyUnavailable(words), { status: 503, statusCode: 503 })
}
