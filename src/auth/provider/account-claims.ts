// People, as the engine sees them. Their claims go to ID tokens and to the userinfo endpoint; access tokens carry roles and groups alone.
import type { Account, KoaContextWithOIDC } from 'oidc-provider'
import { errors } from 'oidc-provider'
import type { Call } from '#kernel/call.ts'
import type { AccountDirectory, SignInRules } from '../engine.ts'
import { provedLevel } from '../levels.ts'
import { membershipClaims, membershipOf, ORGANISATIONS_SCOPE, PERMISSIONS_SCOPE, ROLES_SCOPE } from '../roles/membership.ts'
import type { Permissions } from '../roles/permissions.ts'
import type { ClaimsReader, TokenSource } from './app-claims.ts'
import { openidScopesOf } from './client-facts.ts'
import type { ClientRegistry } from './clients.ts'
import { currentCall } from './scope.ts'

/** Of the sign-in behind a code or a token. Whoever shows it has the right one: it is no try at somebody else's. */
export class ProvedTooLittle extends errors.InvalidGrant {}

type Found = Awaited<ReturnType<AccountDirectory['find']>>

/** What each scope tells of a person. */
export function claimsFor(person: NonNullable<Found>, scopes: ReadonlySet<string>): { sub: string; [claim: string]: unknown } {
  const { name, language } = person
  return {
    sub: person.accountId,
    ...(scopes.has('profile') ? { name, ...(language === undefined ? {} : { locale: language }) } : {}),
    ...(scopes.has('email') ? { email: person.email, email_verified: person.emailVerified } : {}),
  }
}

export function accountFinder(
  accounts: AccountDirectory,
  appClaims: ClaimsReader,
  rules: Pick<SignInRules, 'forcedLevel'>,
): (context: KoaContextWithOIDC, accountId: string, source?: TokenSource) => Promise<Account | undefined> {
  // The engine asks two or three times in one request.
  const found = new WeakMap<KoaContextWithOIDC, Map<string, Promise<Found>>>()
  return async (context, accountId, source) => {
    const known = found.get(context) ?? new Map<string, Promise<Found>>()
    found.set(context, known)
    const asked = known.get(accountId) ?? accounts.find(currentCall(), accountId)
    known.set(accountId, asked)
    const person = await asked
    if (person === undefined || person.suspended) {
      // At the token endpoint an unknown account is an invalid grant; in the browser the engine would go on without one.
      if (context.oidc.route === 'token') return undefined
      throw new errors.AccessDenied('this account cannot be used')
    }
    if (source !== undefined) {
      if (context.oidc.route === 'token') await requireProof(rules, person, source)
      await appClaims.prepare(context, accountId, source)
    }
    return {
      accountId,
      claims: async (use, scope) => ({
        ...(use === 'id_token' ? await appClaims.ofIdToken(context) : {}),
        ...claimsFor(person, openidScopesOf(context.oidc.client).intersection(new Set(scope.split(' ')))),
      }),
    }
  }
}

/**
 * A role that was given since the sign-in may ask for more than was proved there. Before anything is used up: it is no theft, and the client goes through a
 * sign-in that asks for what is missing.
 */
async function requireProof(
  rules: Pick<SignInRules, 'forcedLevel'>,
  { accountId, membership }: NonNullable<Found>,
  source: TokenSource,
): Promise<void> {
  // One that comes again ends its family, whatever was proved.
  if (source.consumed !== undefined) return
  const proved = provedLevel(source)
  if (proved < 2 && proved < (await rules.forcedLevel(currentCall(), accountId, membership)))
    throw new ProvedTooLittle('a role of this person asks for a second factor, which was not proved at this sign-in')
}

interface IssuedToken {
  readonly accountId?: string | undefined
  readonly clientId?: string | undefined
  readonly scope?: string | undefined
}

export type MembershipClaims = (token: IssuedToken) => Promise<Readonly<Record<string, unknown>>>

export interface Belonging {
  readonly permissions: Permissions
  /** It has not ended: its members are taken out one by one. */
  organisationStands(this: void, call: Call, organisationId: string): Promise<boolean>
}

function askedFor(scopes: readonly string[], own: boolean) {
  const allowed = scopes.includes(PERMISSIONS_SCOPE)
  return { roles: own || scopes.includes(ROLES_SCOPE), organisation: own || scopes.includes(ORGANISATIONS_SCOPE), allowed }
}

/** The app's own frontends carry what somebody is; a third party does when the person has let it see that. Permissions go to those who ask for them. */
export function membershipReader(
  accounts: AccountDirectory,
  clients: Pick<ClientRegistry, 'isFirstParty'>,
  { permissions, organisationStands }: Belonging,
): MembershipClaims {
  const stands = async (call: Call, id: string | undefined): Promise<boolean> => id !== undefined && (await organisationStands(call, id))
  return async ({ accountId, clientId = '', scope = '' }) => {
    const { roles, organisation, allowed } = askedFor(scope.split(' '), clients.isFirstParty(clientId))
    if (accountId === undefined || !(roles || organisation || allowed)) return {}
    // Read anew, not from what this request has read before: a token must not tell of more than its mark says.
    const call = currentCall()
    const person = await accounts.find(call, accountId)
    const membership = person?.membership ?? membershipOf({})
    const acting = organisation && (await stands(call, membership.organisation?.id))
    return membershipClaims(membership, { roles, organisation: acting, permissions: allowed ? permissions : undefined })
  }
}
