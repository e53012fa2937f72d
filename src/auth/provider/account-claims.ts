// People, as the engine sees them. Their claims go to ID tokens and to the userinfo endpoint; access tokens carry roles and groups alone.
import type { Account, KoaContextWithOIDC } from 'oidc-provider'
import { errors } from 'oidc-provider'
import type { AccountDirectory, SignInRules } from '../engine.ts'
import { provedLevel } from '../levels.ts'
import { membershipClaims, ORGANISATIONS_SCOPE, PERMISSIONS_SCOPE, ROLES_SCOPE } from '../roles/membership.ts'
import type { Permissions } from '../roles/permissions.ts'
import type { ClaimsReader, TokenSource } from './app-claims.ts'
import { openidScopesOf } from './client-facts.ts'
import type { ClientRegistry } from './clients.ts'
import type { MembershipReader } from './membership-now.ts'
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

function askedFor(scopes: readonly string[], own: boolean) {
  const allowed = scopes.includes(PERMISSIONS_SCOPE)
  return { roles: own || scopes.includes(ROLES_SCOPE), organisation: own || scopes.includes(ORGANISATIONS_SCOPE), allowed }
}

/** The app's own frontends carry what somebody is; a third party does when the person has let it see that. Permissions go to those who ask for them. */
export function membershipTeller(
  clients: Pick<ClientRegistry, 'isFirstParty'>,
  membershipNow: MembershipReader,
  permissions: Permissions,
): MembershipClaims {
  return async ({ accountId, clientId = '', scope = '' }) => {
    const { roles, organisation, allowed } = askedFor(scope.split(' '), clients.isFirstParty(clientId))
    if (accountId === undefined || !(roles || organisation || allowed)) return {}
    const membership = await membershipNow(currentCall(), accountId)
    return membershipClaims(membership, { roles, organisation, permissions: allowed ? permissions : undefined })
  }
}
