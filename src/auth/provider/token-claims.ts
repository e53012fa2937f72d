// What access tokens say beside what RFC 9068 requires: how and when the person has signed in, the authorisation that they belong to, and who a
// service is.
import type { AccessToken, ClientCredentials, Configuration, KoaContextWithOIDC } from 'oidc-provider'
import type { MembershipClaims } from './account-claims.ts'
import type { ClaimsReader } from './app-claims.ts'
import { exchangedClaims } from './exchanged.ts'
import { clientSubject } from '../clients/subject.ts'
import { sidOf } from './ids.ts'
import { type ServiceDirectory, serviceClaims } from './service-claims.ts'

export interface TokenClaimsParts {
  readonly memberOf: MembershipClaims
  readonly appClaims: Pick<ClaimsReader, 'ofAccessToken'>
  readonly services: ServiceDirectory
}

export function tokenClaims({ memberOf, appClaims, services }: TokenClaimsParts): NonNullable<Configuration['extraTokenClaims']> {
  return async (context, token) => {
    if (token.kind === 'ClientCredentials') {
      const { clientId = '' } = token
      return { ...(await serviceClaims(services, clientId)), sub: clientSubject(clientId) }
    }
    const exchanged = exchangedClaims(token)
    if (exchanged !== undefined) return { ...(await appClaims.ofAccessToken(context, token)), ...(await memberOf(token)), ...exchanged }
    if (!('grantId' in token) || token.grantId === undefined) return undefined
    const own = await appClaims.ofAccessToken(context, token)
    return { ...own, sid: sidOf(token.grantId), ...signInClaims(context), ...(await memberOf(token)) }
  }
}

/** RFC 9068 section 2.2.1: of the sign-in that all of this comes from, however often it was refreshed since. */
function signInClaims({ oidc }: KoaContextWithOIDC): Readonly<Record<string, unknown>> {
  const source = oidc.entities.AuthorizationCode ?? oidc.entities.RefreshToken ?? oidc.entities.DeviceCode
  if (source === undefined) return {}
  const { authTime, acr, amr } = source
  return {
    ...(authTime === undefined ? {} : { auth_time: authTime }),
    ...(acr === undefined ? {} : { acr }),
    ...(amr === undefined ? {} : { amr }),
  }
}

export const tokenFormats: NonNullable<Configuration['formats']> = {
  customizers: {
    jwt(_context: KoaContextWithOIDC, token: AccessToken | ClientCredentials, { payload }) {
      if (token.kind === 'ClientCredentials' && token.clientId !== undefined) payload['sub'] = clientSubject(token.clientId)
    },
  },
}
