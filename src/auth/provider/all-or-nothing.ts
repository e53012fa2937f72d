// What a request of the token endpoint stores is stored when all that it is given is made, and not at all when it is refused: the engine uses up a code or a
// refresh token first, and looks at the person, their roles and the resource afterwards. A client that is refused for one of these shows the same token
// again, when what was wrong is mended; to everybody else, a token that comes twice is a thief's.
import type Provider from 'oidc-provider'
import type { AccessToken, ClientCredentials, KoaContextWithOIDC } from 'oidc-provider'
import { factsOf } from './client-facts.ts'
import { internals } from './engine-internals.ts'

export interface WritesOfGrants {
  /** Does what has waited; once for a request, however often it is asked. Gives the refresh token that counts by now, when somebody was faster with the one that was shown; throws when none does. */
  store(this: void): Promise<string | undefined>
  /** What has waited is not done. */
  forget(this: void): void
}

/** Behind everything else that is changed about grants. */
export function storeWhatIsGiven(provider: Provider, { store, forget }: WritesOfGrants): void {
  const { grantTypeHandlers } = internals(provider)
  for (const [name, handler] of grantTypeHandlers) {
    grantTypeHandlers.set(name, async (context) => {
      try {
        await handler(context)
        nameRefreshToken(context, await store())
      } catch (error) {
        forget()
        throw error
      }
    })
  }
}

/**
 * To be asked when everything of a token is decided and its signature is next. Where nothing but that is left, what is given is stored now: who loses the race
 * for a refresh token costs no signature, and those that one commit of the database lets go on have work left, which spreads them (docs/decisions/0043).
 */
export async function storeBeforeSigning(
  { oidc: { client, entities } }: KoaContextWithOIDC,
  token: AccessToken | ClientCredentials,
  { store }: Pick<WritesOfGrants, 'store'>,
): Promise<void> {
  const isRefresh = entities.RotatedRefreshToken !== undefined
  // An encrypted token has a record of its own, and an ID token is made after the access token.
  const isLast = token.resourceServer?.jwt?.encrypt === undefined && factsOf(client).idTokenAtRefresh !== true
  if (isRefresh && isLast) await store()
}

function nameRefreshToken(context: KoaContextWithOIDC, counting: string | undefined): void {
  if (counting !== undefined) context.body = { ...Object(context.body), refresh_token: counting }
}
