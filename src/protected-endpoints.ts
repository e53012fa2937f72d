// Which addresses of the app are protected resources by themselves. The authorization server gives tokens for them, the edge takes these and describes them.
import type { ProtectedEndpoint } from './kernel/protected-endpoint.ts'
import type { ResourceDefinition, ResourceRoute } from './resource/contract.ts'

/** A resource is an address, so all methods of its path are one. */
export function protectedEndpoints(resources: readonly ResourceDefinition[]): ProtectedEndpoint[] {
  const byPath = Map.groupBy(
    resources.flatMap(({ routes }) => routes ?? []),
    ({ path }) => path,
  )
  return [...byPath].flatMap(([path, routes]) => {
    const said = routes.flatMap(({ protectedResource }) => (protectedResource === undefined ? [] : [saidOf(protectedResource)]))
    if (said.length === 0) return []
    const scopes = new Set([...routes.flatMap(neededScopes), ...said.flatMap((one) => one.scopes ?? [])])
    return [{ path, scopes: [...scopes], name: said.find(({ name }) => name !== undefined)?.name }]
  })
}

function saidOf(said: NonNullable<ResourceRoute['protectedResource']>) {
  return said === true ? {} : said
}

function neededScopes({ allow }: ResourceRoute): string[] {
  return allow.who === 'user' ? [allow.scope] : []
}
