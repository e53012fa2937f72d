// How long everything that the engine issues is good for. A client may shorten it, never lengthen it.
import type { AccessToken, Client, ClientCredentials, Configuration, KoaContextWithOIDC, ResourceServer } from 'oidc-provider'
import type { Clock } from '#kernel/clock.ts'
import { factsOf } from './client-facts.ts'
import { DEVICE_CODE_SECONDS } from './device-flow.ts'
import { ACCESS_TOKEN_SECONDS } from './resources.ts'
import type { SessionLimits } from './session-limits.ts'

const DAY = 86_400
/** Counted from the sign-in, whatever happens since: rotation never extends it (RFC 10017 section 6.3.2.3). */
const REFRESH_SECONDS = 30 * DAY
/** A token of the last day of the longest session must still find its grant. */
const GRANT_SECONDS = (90 + 1) * DAY + REFRESH_SECONDS
const UNSAVED_SESSION_SECONDS = 3600
const ID_TOKEN_SECONDS = 3600

export interface LifetimesParts {
  readonly clock: Clock
  readonly sessionLimits: SessionLimits
}

/** A client can have its tokens end earlier, never later. */
function shorter(most: number, wanted: number | undefined): number {
  return Math.min(most, wanted ?? most)
}

/** Of a token of this client at this resource, in seconds. */
export function accessTokenSeconds(resource: Pick<ResourceServer, 'accessTokenTTL'> | undefined, client: Client | undefined): number {
  return shorter(resource?.accessTokenTTL ?? ACCESS_TOKEN_SECONDS, factsOf(client).lifetimes?.accessToken)
}

function accessTokenLifetime(_context: unknown, token: AccessToken | ClientCredentials, client: Client | undefined): number {
  return accessTokenSeconds(token.resourceServer, client)
}

export function lifetimes({ clock, sessionLimits }: LifetimesParts): NonNullable<Configuration['ttl']> {
  return {
    AccessToken: accessTokenLifetime,
    ClientCredentials: accessTokenLifetime,
    AuthorizationCode: 60,
    DeviceCode: DEVICE_CODE_SECONDS,
    IdToken: (_context, _token, client) => shorter(ID_TOKEN_SECONDS, factsOf(client).lifetimes?.idToken),
    Interaction: 3600,
    Grant: GRANT_SECONDS,
    RefreshToken: (context: KoaContextWithOIDC, _token, client) =>
      context.oidc.entities.RotatedRefreshToken?.remainingTTL ?? shorter(REFRESH_SECONDS, factsOf(client).lifetimes?.refreshToken),
    Session(_context: KoaContextWithOIDC, { loginTs }) {
      if (loginTs === undefined) return UNSAVED_SESSION_SECONDS
      const now = clock.now()
      return Math.max(1, Math.floor((sessionLimits.endOf({ signedInAt: loginTs * 1000, usedAt: now }) - now) / 1000))
    },
  }
}
