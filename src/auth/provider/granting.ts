// What a client gets without asking again: a first party all it asks for, a third party what the person has allowed it before.
import type { Grant, KoaContextWithOIDC } from 'oidc-provider'
import { appearanceOf } from './appearance.ts'
import { type AskedScopes, askedScopes } from './asked-scopes.ts'
import type { ClientRegistry, RegisteredClient } from './clients.ts'
import type { Consents } from './consents.ts'
import { currentCall } from './scope.ts'

export interface GrantingDependencies {
  readonly clients: ClientRegistry
  readonly consents: Consents
}

type LoadGrant = (context: KoaContextWithOIDC) => Promise<Grant | undefined>

export function grantLoader({ clients, consents }: GrantingDependencies): LoadGrant {
  return async (context) => {
    const { client, account, session, provider } = context.oidc
    const registered = client === undefined ? undefined : await clients.find(currentCall(), client.clientId)
    if (registered === undefined || account === undefined || session === undefined) return undefined
    const { clientId } = registered
    const { accountId } = account
    const of = { accountId, client: registered, appearance: appearanceOf(context.oidc) }
    const allowed = isAsked(registered) ? await consents.find(currentCall(), of) : undefined
    const given = allowedOf(askedScopes(context.oidc), allowed)
    const existing = within(await liveGrant(context, clientId, accountId), allowed)
    if (existing === undefined && given.openid.length === 0 && given.api.length === 0) return undefined
    const grant = existing ?? new provider.Grant({ accountId, clientId })
    if (extend(grant, given, context.oidc) || existing === undefined) await grant.save()
    return grant
  }
}

/** Of one that is not, no consent is stored. */
export function isAsked({ firstParty, definition }: RegisteredClient): boolean {
  return !firstParty && definition?.consent !== 'never'
}

async function liveGrant({ oidc }: KoaContextWithOIDC, clientId: string, accountId: string): Promise<Grant | undefined> {
  const grantId = oidc.session?.grantIdFor(clientId)
  const found = grantId === undefined ? undefined : await oidc.provider.Grant.find<Grant>(grantId)
  return found?.accountId === accountId ? found : undefined
}

function allowedOf(asked: AskedScopes, allowed: ReadonlySet<string> | undefined): AskedScopes {
  if (allowed === undefined) return asked
  return { openid: asked.openid.filter((scope) => allowed.has(scope)), api: asked.api.filter((scope) => allowed.has(scope)) }
}

/** Only a grant that holds nothing but what is allowed: it may be of a time when the client did not have to ask, or had another appearance. */
function within(grant: Grant | undefined, allowed: ReadonlySet<string> | undefined): Grant | undefined {
  if (grant === undefined || allowed === undefined) return grant
  const ofResources = Object.keys(grant.resources ?? {}).map((audience) => grant.getResourceScope(audience))
  const held = [grant.getOIDCScope(), ...ofResources].flatMap((scope) => scope.split(' '))
  return held.every((scope) => scope === '' || allowed.has(scope)) ? grant : undefined
}

/** True when the grant did not have all of them yet. An address of the API has scopes of it, so the same one may be asked for at both. */
function extend(grant: Grant, { openid, api }: AskedScopes, { resourceServers }: KoaContextWithOIDC['oidc']): boolean {
  const has = new Set(grant.getOIDCScope().split(' '))
  const fresh = openid.filter((scope) => !has.has(scope))
  if (fresh.length > 0) grant.addOIDCScope([...openid])
  let isMore = fresh.length > 0
  for (const [audience, server] of Object.entries(resourceServers ?? {})) {
    const scopes = api.filter((scope) => server.scopes.has(scope))
    const known = new Set(grant.getResourceScope(audience).split(' '))
    if (scopes.every((scope) => known.has(scope))) continue
    grant.addResourceScope(audience, scopes)
    isMore = true
  }
  return isMore
}
