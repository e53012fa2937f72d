// What is wrong with a route that is to be a protected resource by itself: one address (RFC 9728 section 1.2) that tokens are made for.
import type { ResourceDefinition, ResourceRoute } from './contract.ts'

/** Below a resource, where the platform answers itself by one method or another. */
const PLATFORM_PATHS: ReadonlySet<string> = new Set(['bulk', 'events', 'export', 'import', 'imports'])

export interface ProtectedSubject {
  readonly definition: ResourceDefinition
  readonly scopes: readonly string[]
}

export function checkProtected({ definition, scopes }: ProtectedSubject, route: ResourceRoute, said: string): string[] {
  const { protectedResource: own, path, allow } = route
  if (own === undefined) return []
  const unknown = (own === true ? [] : (own.scopes ?? [])).filter((scope) => !scopes.includes(scope))
  const problems = [
    ...unknown.map((scope) => `${said} has tokens with the scope ${scope}, which is not declared.`),
    path.includes(':')
      ? `${said} has a parameter, so it is many addresses, and protectedResource is for one. Leave protectedResource out, or take a path without parameters.`
      : undefined,
    allow.who === 'anyone'
      ? `${said} is open to everybody, so nobody needs a token for it. Leave protectedResource out, or protect it: allow: { who: 'user', scope: '...' }.`
      : undefined,
    PLATFORM_PATHS.has(path.slice(`/api/${definition.name}/`.length))
      ? `${said} has a path where the platform answers as well, and its tokens would be good for that. Take another path.`
      : undefined,
    isNamedTwice(definition, route)
      ? `${said} has another name than a route of the same path: all methods of it are one resource.`
      : undefined,
  ]
  return problems.filter((problem) => problem !== undefined)
}

function isNamedTwice({ routes = [] }: ResourceDefinition, route: ResourceRoute): boolean {
  const name = nameOf(route)
  return name !== undefined && routes.some((other) => other.path === route.path && (nameOf(other) ?? name) !== name)
}

function nameOf({ protectedResource: own }: ResourceRoute): string | undefined {
  return own === true ? undefined : own?.name
}
