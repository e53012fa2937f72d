// People, as the engine sees them. Claims go to ID tokens and to the userinfo endpoint; access tokens carry none.
import type { Account, KoaContextWithOIDC } from 'oidc-provider'
import { errors } from 'oidc-provider'
import type { AccountDirectory } from '../engine.ts'
import { currentCall } from './scope.ts'

type Found = Awaited<ReturnType<AccountDirectory['find']>>

/** What each scope tells of a person. */
export function claimsFor(person: NonNullable<Found>, scopes: ReadonlySet<string>): { sub: string; [claim: string]: unknown } {
  return {
    sub: person.accountId,
    ...(scopes.has('profile') ? { name: person.name } : {}),
    ...(scopes.has('email') ? { email: person.email, email_verified: person.emailVerified } : {}),
  }
}

export function accountFinder(
  accounts: AccountDirectory,
): (context: KoaContextWithOIDC, accountId: string) => Promise<Account | undefined> {
  // The engine asks two or three times in one request.
  const found = new WeakMap<KoaContextWithOIDC, Map<string, Promise<Found>>>()
  return async (context, accountId) => {
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
    return { accountId, claims: (_use, scope) => claimsFor(person, new Set(scope.split(' '))) }
  }
}
