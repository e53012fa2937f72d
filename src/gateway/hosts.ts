// The hosts of the platform: which routes each serves, under which policy. Built once at start.
import { createRouter, type SiteRouter } from '#kernel/http/router.ts'
import type { Html } from '#kernel/html.ts'
import type { ProblemPage, ProblemPageOf } from '#kernel/http/problem-page.ts'
import type { Route } from '#kernel/http/route.ts'
import { endpointAudience } from '#kernel/protected-endpoint.ts'
import type { SiteName } from '#kernel/sites.ts'
import type { GatewayFrontend, ServedHost } from './contract.ts'
import { type HostHeaders, hostHeaders } from './headers.ts'
import type { GatewaySettings } from './settings.ts'
import { createSpeaker, type Speaker } from './pages/speaker.ts'
import { pageStyle } from './pages/style.ts'

export interface Host extends ServedHost {
  /** For the access log. */
  readonly name: string
  readonly sites: ReadonlySet<SiteName>
  readonly router: SiteRouter
  readonly headers: HostHeaders
  /** Present when browser sessions of this frontend live here. */
  readonly frontend?: GatewayFrontend
  /** The authorization server checks its own tokens, sessions and origins. */
  readonly isAccounts: boolean
  /** There it is called by clients with certificates, and so is the API. No cookie counts. */
  readonly isCertificates: boolean
  /**
   * Whether certificates of clients count: where they have a host of their own, there alone. The proxy asks for none at the others, and whoever writes the
   * header there is no proxy.
   */
  readonly takesCertificates: boolean
  readonly isConsole: boolean
  /** Where the API that is served here is described. Scripts of other origins may call it with a token. */
  readonly api: string | undefined
  /** The protected resources that are single addresses here, by their paths. */
  readonly endpoints: ReadonlyMap<string, EndpointHere>
  readonly isFiles: boolean
  /** What its pages say, in the language of a browser. */
  readonly speak: Speaker
  readonly style: Html
  /** Errors in the frame of the server whose host it is. */
  readonly problemPage: ProblemPage | undefined
}

export interface EndpointHere {
  /** The `aud` of tokens that are for it alone. */
  readonly audience: string
  readonly scopes: readonly string[]
}

export const isOfApi = (path: string): boolean => path === '/api' || path.startsWith('/api/')

const NO_ENDPOINTS: Host['endpoints'] = new Map()

interface Place {
  readonly origin: string
  readonly sites: Set<SiteName>
  readonly frontend?: GatewayFrontend
}

function places(settings: GatewaySettings): Place[] {
  const { sites } = settings
  const byOrigin = new Map<string, Place>()
  const add = (origin: string, site: SiteName, frontend?: GatewayFrontend): void => {
    const known = byOrigin.get(origin)
    const names = known?.sites ?? new Set<SiteName>()
    names.add(site)
    const owner = frontend ?? known?.frontend
    byOrigin.set(origin, owner === undefined ? { origin, sites: names } : { origin, sites: names, frontend: owner })
  }
  add(sites.accounts, 'accounts')
  add(sites.files, 'files')
  add(sites.console, 'console')
  add(sites.app, 'app')
  if (sites.certificates !== undefined) add(sites.certificates, 'certificates')
  for (const frontend of settings.frontends) add(frontend.origin, `frontend:${frontend.name}`, frontend)
  return [...byOrigin.values()]
}

/** What is wrong with the origins, one line each: walls between sites are worth nothing if two of them share one. */
export function originProblems(settings: GatewaySettings): string[] {
  const problems: string[] = []
  const walls: [string, string][] = [
    ['accounts', settings.sites.accounts],
    ['files', settings.sites.files],
    ['console', settings.sites.console],
    ['app', settings.sites.app],
  ]
  if (settings.sites.certificates !== undefined) walls.push(['certificates', settings.sites.certificates])
  const others = settings.frontends.filter((frontend) => frontend.origin !== settings.sites.app)
  const all = [...walls, ...others.map((frontend): [string, string] => [`frontend ${frontend.name}`, frontend.origin])]
  const seen = new Map<string, string>()
  for (const [name, origin] of all) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) problems.push(`the origin of ${name} is not an origin: ${origin}`)
    const other = seen.get(origin)
    if (other !== undefined) problems.push(`${name} and ${other} share the origin ${origin}`)
    seen.set(origin, name)
  }
  return problems
}

function belongs(route: Route, { sites }: Place): boolean {
  if (route.site === '*' || sites.has(route.site)) return true
  // Tokens that are bound to a certificate count where it is shown. The page at /api itself is for people.
  return sites.has('certificates') && route.site === 'app' && route.path.startsWith('/api/')
}

function hostOf(place: Place, routes: readonly Route[], settings: GatewaySettings): Omit<Host, 'speak' | 'style' | 'problemPage'> {
  const own = routes.filter((route) => belongs(route, place))
  const names = [...place.sites]
  const hasApi = place.sites.has('app') || place.sites.has('certificates')
  return {
    origin: place.origin,
    routes: own,
    name: names[0] ?? 'unknown',
    sites: place.sites,
    router: createRouter(own),
    headers: hostHeaders({ origin: place.origin, sites: place.sites, ...(place.frontend ? { frontend: place.frontend } : {}) }, settings),
    isAccounts: place.sites.has('accounts'),
    isCertificates: place.sites.has('certificates'),
    takesCertificates: settings.sites.certificates === undefined || place.sites.has('certificates'),
    isConsole: place.sites.has('console'),
    api: hasApi ? settings.sites.app : undefined,
    endpoints: hasApi ? endpointsOf(settings) : NO_ENDPOINTS,
    isFiles: place.sites.has('files'),
    ...(place.frontend ? { frontend: place.frontend } : {}),
  }
}

function endpointsOf({ sites, api }: GatewaySettings): Host['endpoints'] {
  return new Map(
    (api?.endpoints ?? []).map((endpoint) => [endpoint.path, { audience: endpointAudience(sites, endpoint), scopes: endpoint.scopes }]),
  )
}

export interface Hosts {
  readonly all: readonly Host[]
  /** By the `Host` header, exactly or in another case; `undefined` when it is none of ours. */
  find(header: string): Host | undefined
}

export function createHosts(routes: readonly Route[], settings: GatewaySettings, problemPages: readonly ProblemPageOf[] = []): Hosts {
  const problems = originProblems(settings)
  const known = new Set<string>(places(settings).flatMap((place) => [...place.sites]))
  for (const route of routes) {
    if (route.site !== '*' && !known.has(route.site)) problems.push(`${route.method} ${route.path} is for the unknown site ${route.site}`)
  }
  const framed = problemPages.map(({ site }) => site)
  for (const site of new Set(framed.filter((one, at) => framed.indexOf(one) < at)))
    problems.push(`two servers have pages for the errors of ${site}`)
  if (problems.length > 0) throw new Error(`The gateway cannot serve these origins:\n${problems.join('\n')}`)
  const shared = { speak: createSpeaker(settings.pages.texts), style: pageStyle(settings.pages.colours) }
  const all = places(settings).map((place) => {
    const problemPage = problemPages.find(({ site }) => place.sites.has(site))?.page
    return { ...hostOf(place, routes, settings), ...shared, problemPage }
  })
  const byHeader = new Map<string, Host>()
  for (const host of all) {
    const url = new URL(host.origin)
    byHeader.set(url.host, host)
    if (url.port === '') byHeader.set(`${url.hostname}:${url.protocol === 'https:' ? 443 : 80}`, host)
  }
  return { all, find: (header) => byHeader.get(header) ?? byHeader.get(header.toLowerCase()) }
}
