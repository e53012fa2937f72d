// What a request of the token endpoint stores is stored when all that it is given is made, and not at all when it is refused: the engine uses up a code or a
// refresh token first, and looks at the person, their roles and the resource afterwards. A client that is refused for one of these shows the same token
// again, when what was wrong is mended; to everybody else, a token that comes twice is a thief's.
import type Provider from 'oidc-provider'
import type { KoaContextWithOIDC } from 'oidc-provider'
import { internals } from './engine-internals.ts'

export interface WritesOfGrants {
  /** Does what has waited. Gives the refresh token that counts by now, when somebody was faster with the one that was shown; throws when none does. */
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

function nameRefreshToken(context: KoaContextWithOIDC, counting: string | undefined): void {
  if (counting !== undefined) context.body = { ...Object(context.body), refresh_token: counting }
}
