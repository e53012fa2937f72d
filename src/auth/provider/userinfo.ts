// The userinfo endpoint (OpenID Connect Core section 5.3). Ours, since the engine's takes no access token that has an audience, and all of ours
// have one. The grant is looked up, so that a revoked token is refused at once.
import { createLocalJWKSet, jwtVerify } from 'jose'
import type { Call } from '#kernel/call.ts'
import { httpErrors } from '#kernel/http/problem.ts'
import { type Answer, type Exchange, ok } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import type { Collection } from '../../database/contract.ts'
import type { AccountDirectory } from '../engine.ts'
import type { PublicJwk } from '../keys/signing-keys.ts'
import { claimsFor } from './account-claims.ts'
import { type GrantRecord, grantsCollection } from './collections.ts'
import type { Vault } from './vault.ts'

export interface UserinfoDependencies {
  readonly issuer: string
  readonly audience: string
  readonly grants: Collection<GrantRecord>
  readonly vault: Vault
  readonly accounts: AccountDirectory
  publishedKeys(): readonly PublicJwk[]
}

const tokenClaims = z.looseObject({ sub: z.string(), sid: z.string(), cnf: z.undefined().optional() })
const grantScopes = z.looseObject({ openid: z.looseObject({ scope: z.string() }) })

export function createUserinfo(dependencies: UserinfoDependencies): (call: Call, exchange: Exchange) => Promise<Answer> {
  const { issuer, audience, grants, vault, accounts } = dependencies
  return async (call, { request }) => {
    const token = /^Bearer ([A-Za-z0-9._~+/-]+=*)$/i.exec(request.headers.authorization ?? '')?.[1]
    if (token === undefined) throw httpErrors.unauthenticated({ headers: { 'www-authenticate': 'Bearer' } })
    const keys = createLocalJWKSet({ keys: dependencies.publishedKeys().map((key) => ({ ...key })) })
    const verified = await jwtVerify(token, keys, { issuer, audience, typ: 'at+jwt', algorithms: ['ES256'] }).catch(() => undefined)
    const claims = tokenClaims.safeParse(verified?.payload)
    if (!claims.success) throw invalidToken()
    const { sub, sid } = claims.data
    const grant = (await grants.get(call, sid))?.value
    if (grant?.accountId !== sub) throw invalidToken()
    const scopes = grantScopes.safeParse(vault.open({ collection: grantsCollection.name, id: sid }, grant.payload))
    const person = await accounts.find(call, sub)
    if (!scopes.success || person === undefined || person.suspended) throw invalidToken()
    return ok(claimsFor(person, new Set(scopes.data.openid.scope.split(' '))), { 'cache-control': 'no-store' })
  }
}

function invalidToken(): Error {
  return httpErrors.invalid_token({ headers: { 'www-authenticate': 'Bearer error="invalid_token"' } })
}
