// What a client gets without asking again: a first party all it asks for, a third party what the person has allowed it before.
import type { Grant, KoaContextWithOIDC } from 'oidc-provider'
import type { ClientRegistry, RegisteredClient } from './clients.ts'
import type { Consents } from './consents.ts'
import { currentCall } from './scope.ts'

export interface GrantingDependencies {
  readonly clients: ClientRegistry
  readonly consents: Consents
  /** The audience of the API, which its scopes belong to. */
  readonly audience: string
}

type LoadGrant = (context: KoaContextWithOIDC) => Promise<Grant | undefined>

export function grantLoader({ clients, consents, audience }: GrantingDependencies): LoadGrant {
  return async (context) => {
    const { client, account, session, provider } = context.oidc
    const registered = client === undefined ? undefined : clients.find(client.clientId)
    if (registered === undefined || account === undefined || session === undefined) return undefined
    const { clientId, firstParty } = registered
    const { accountId } = account

    const grantId = session.grantIdFor(clientId)
    const found = grantId === undefined ? undefined : await provider.Grant.find<Grant>(grantId)
    const existing = found?.accountId === accountId ? found : undefined

    const asked = askedFor(context, registered)
    const allowed = firstParty ? undefined : await consents.find(currentCall(), accountId, clientId)
    const openid = asked.openid.filter((scope) => allowed?.has(scope) ?? true)
    const api = asked.api.filter((scope) => allowed?.has(scope) ?? true)
    if (existing === undefined && openid.length === 0 && api.length === 0) return undefined

    const grant = existing ?? new provider.Grant({ accountId, clientId })
    const has = new Set([...grant.getOIDCScope().split(' '), ...grant.getResourceScope(audience).split(' ')])
    const isNew = [...openid, ...api].some((scope) => !has.has(scope))
    if (isNew || existing === undefined) {
      if (openid.length > 0) grant.addOIDCScope(openid)
      if (api.length > 0) grant.addResourceScope(audience, api)
      await grant.save()
    }
    return grant
  }
}

/** The scopes of this request that this client may have at all. */
function askedFor({ oidc }: KoaContextWithOIDC, client: RegisteredClient): { readonly openid: string[]; readonly api: string[] } {
  return {
    openid: [...oidc.requestParamOIDCScopes],
    api: [...oidc.requestParamScopes].filter((scope) => client.apiScopes.includes(scope)),
  }
}
