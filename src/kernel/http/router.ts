// One router per host, built once at start from the route inventory. A duplicate or a route without a rule does not start.
import findMyWay from 'find-my-way'
import type { Method, Route } from './route.ts'

export interface RouteMatch {
  readonly route: Route
  readonly params: Readonly<Record<string, string | undefined>>
}

export interface SiteRouter {
  /** `path` must be normalised and without a query. HEAD finds the GET route. */
  find(method: Method, path: string): RouteMatch | undefined
  /** The methods that some route of this host answers on the path, for `Allow`. */
  methodsOf(path: string): readonly string[]
}

const METHODS: readonly Method[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
const RULES = new Set(['anyone', 'user', 'operator', 'handler'])
const unused = (): void => {}

function hasRule(route: Route): boolean {
  const rule: { who?: unknown; reason?: unknown } | undefined = route.allow
  if (rule === undefined || rule === null || !RULES.has(String(rule.who))) return false
  return rule.who !== 'handler' || (typeof rule.reason === 'string' && rule.reason !== '')
}

/** Everything that is wrong with the routes of one host, one line each. */
export function routeProblems(routes: readonly Route[]): string[] {
  const seen = new Map<string, Route>()
  const problems: string[] = []
  for (const route of routes) {
    const name = `${route.method} ${route.path} (${route.site})`
    if (!hasRule(route)) problems.push(`${name} has no rule that says who may call it`)
    if (!METHODS.includes(route.method)) problems.push(`${name} has an unknown method`)
    if (!route.path.startsWith('/')) problems.push(`${name} does not begin with a slash`)
    const shape = `${route.method} ${route.path.replace(/:[^/]+/g, ':')}`
    const other = seen.get(shape)
    if (other !== undefined) problems.push(`${name} is declared twice on one host (also for ${other.site})`)
    seen.set(shape, route)
  }
  return problems
}

/** Throws with every problem at once. */
export function createRouter(routes: readonly Route[]): SiteRouter {
  const problems = routeProblems(routes)
  if (problems.length > 0) throw new Error(`The routes cannot be served:\n${problems.join('\n')}`)
  const router = findMyWay({ caseSensitive: true, ignoreTrailingSlash: false, ignoreDuplicateSlashes: false, maxParamLength: 256 })
  for (const route of routes) router.on(route.method, route.path, unused, route)
  return {
    find(method, path) {
      const found = router.find(method, path)
      return found === null ? undefined : { route: found.store, params: found.params }
    },
    methodsOf(path) {
      const methods = METHODS.filter((method) => router.find(method, path) !== null)
      return methods.includes('GET') ? ['HEAD', ...methods] : methods
    },
  }
}
