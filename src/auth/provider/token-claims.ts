// What access tokens say beside what RFC 9068 requires: how and when the person has signed in, the authorisation that they belong to, what userinfo tells
// for them, and who a service is.
import type { AuthorizationCode, Configuration, DeviceCode, KoaContextWithOIDC, RefreshToken } from 'oidc-provider'
import { errors } from 'oidc-provider'
import { z } from '#kernel/schema.ts'
import type { SignInRules } from '../engine.ts'
import { provedLevel } from '../levels.ts'
import { type MembershipClaims, ProvedTooLittle } from './account-claims.ts'
import { storeBeforeSigning, type WritesOfGrants } from './all-or-nothing.ts'
import type { ClaimsReader } from './app-claims.ts'
import { openidScopesOf } from './client-facts.ts'
import { OPENID_SCOPES } from './client-rules.ts'
import { exchangedClaims } from './exchanged.ts'
import { createTokenSizes, type TokenSizesParts } from './token-sizes.ts'
import { clientSubject } from '../clients/subject.ts'
import { sidOf } from './ids.ts'
import type { ResourceRegistry } from './resources.ts'
import { serviceClaims, type ServiceClaimsParts } from './service-claims.ts'

/** What of OpenID Connect's scopes a token has; `scope` is for the resource server. */
export const OPENID_SCOPE_CLAIM = 'openid_scope'

export interface TokenClaimsParts extends ServiceClaimsParts {
  readonly memberOf: MembershipClaims
  readonly appClaims: Pick<ClaimsReader, 'ofAccessToken'>
  readonly registry: Pick<ResourceRegistry, 'api'>
  readonly rules: Pick<SignInRules, 'forcesAnybody' | 'forcedBy'>
}

export function tokenClaims(parts: TokenClaimsParts): NonNullable<Configuration['extraTokenClaims']> {
  const { memberOf, appClaims, registry, rules } = parts
  return async (context, token) => {
    if (token.kind === 'ClientCredentials') return { ...(await serviceClaims(parts, token)), sub: clientSubject(token.clientId ?? '') }
    const exchanged = exchangedClaims(token)
    if (exchanged !== undefined) {
      const own = await appClaims.ofAccessToken(context, token)
      const member = await memberOf(token)
      if (!mayTell(rules, member, exchanged))
        throw new errors.InvalidRequest('the subject token proves too little for a role of this person')
      return { ...own, ...member, ...exchanged }
    }
    if (!('grantId' in token) || token.grantId === undefined) return undefined
    const own = await appClaims.ofAccessToken(context, token)
    // No other resource has to do with userinfo.
    const told = token.aud === registry.api.audience ? { [OPENID_SCOPE_CLAIM]: openidScope(context) } : {}
    const signIn = signInClaims(context)
    const member = await memberOf(token)
    if (!mayTell(rules, member, signIn)) throw new ProvedTooLittle('a role was given at this moment that asks for a second factor')
    return { ...own, sid: sidOf(token.grantId), ...signIn, ...told, ...member }
  }
}

const toldRoles = z.looseObject({
  roles: z.array(z.string()).default([]),
  organization: z.looseObject({ roles: z.array(z.string()) }).optional(),
})
const toldProof = z.looseObject({ acr: z.string().optional(), amr: z.array(z.string()).optional() })

/** The last look at it: no token tells of a role that asks for more than the token says was proved. */
function mayTell(rules: TokenClaimsParts['rules'], member: object, proof: object): boolean {
  if (!rules.forcesAnybody) return true
  const { roles, organization } = toldRoles.parse(member)
  return rules.forcedBy([...roles, ...(organization?.roles ?? [])]) <= provedLevel(toldProof.parse(proof))
}

function sourceOf({ oidc: { entities } }: KoaContextWithOIDC): AuthorizationCode | RefreshToken | DeviceCode | undefined {
  return entities.AuthorizationCode ?? entities.RefreshToken ?? entities.DeviceCode
}

/** `offline_access` tells nothing of anybody. */
const OF_USERINFO = ['openid', 'profile', 'email'] as const

/**
 * What of OpenID Connect's scopes this token was asked for, is granted and may still be told to the client; a grant has what was ever asked for. Also when
 * there is nothing, since tokens of former releases are those that say nothing of it.
 */
export function openidScope(context: KoaContextWithOIDC): string {
  const granted = grantedOpenidScopes(context)
  return OF_USERINFO.filter((scope) => granted.includes(scope)).join(' ')
}

/** With `offline_access`, which is about the refresh token. */
export function grantedOpenidScopes(context: KoaContextWithOIDC): string[] {
  const { client, grant, params } = context.oidc
  const registered = openidScopesOf(client)
  const granted = new Set(grant?.getOIDCScopeFiltered(sourceOf(context)?.scopes ?? []).split(' '))
  // A refresh may ask for less (RFC 6749 section 6).
  const asked = typeof params?.['scope'] === 'string' ? params['scope'].split(' ') : undefined
  const isTold = (scope: string): boolean => granted.has(scope) && registered.has(scope) && asked?.includes(scope) !== false
  return OPENID_SCOPES.filter(isTold)
}

/** RFC 9068 section 2.2.1: of the sign-in that all of this comes from, however often it was refreshed since. */
function signInClaims(context: KoaContextWithOIDC): Readonly<Record<string, unknown>> {
  const source = sourceOf(context)
  if (source === undefined) return {}
  const { authTime, acr, amr } = source
  return {
    ...(authTime === undefined ? {} : { auth_time: authTime }),
    ...(acr === undefined ? {} : { acr }),
    ...(amr === undefined ? {} : { amr }),
  }
}

export interface TokenFormatsParts extends TokenSizesParts {
  readonly grants: Pick<WritesOfGrants, 'store'>
}

export function tokenFormats({ grants, ...parts }: TokenFormatsParts): NonNullable<Configuration['formats']> {
  const sizes = createTokenSizes(parts)
  return {
    customizers: {
      async jwt(context, token, { payload }) {
        if (token.kind === 'ClientCredentials' && token.clientId !== undefined) payload['sub'] = clientSubject(token.clientId)
        // Nothing is used up yet: who gets no token keeps the code or the refresh token.
        sizes.check(context, payload)
        await storeBeforeSigning(context, token, grants)
      },
    },
  }
}
