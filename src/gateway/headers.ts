// Security headers, the same on every answer of a host: computed once, but for what one answer adds to its content security policy.
import { type HeaderBlock, headerBlock } from '#kernel/http/head.ts'
import { isFormTarget, isPolicySource } from '#kernel/http/policy-source.ts'
import type { ForeignSources, PolicySources } from '#kernel/http/route.ts'
import type { SiteName } from '#kernel/sites.ts'
import type { GatewayFrontend } from './contract.ts'
import type { GatewaySettings } from './settings.ts'

const DENIED_FEATURES = [
  'accelerometer',
  'autoplay',
  'browsing-topics',
  'camera',
  'display-capture',
  'encrypted-media',
  'geolocation',
  'gyroscope',
  'hid',
  'idle-detection',
  'local-fonts',
  'magnetometer',
  'microphone',
  'midi',
  'payment',
  'screen-wake-lock',
  'serial',
  'usb',
  'window-management',
  'xr-spatial-tracking',
]
const PERMISSIONS_POLICY = DENIED_FEATURES.map((feature) => `${feature}=()`).join(', ')
export const REPORT_PATH = '/csp-reports'
const SOCKET_PATH = '/api/realtime'
/** Browsers take the Reporting API over HTTPS alone, and where a policy names it they look at nothing else: over plain HTTP no report would come. */
function reporting(origin: string): string {
  return origin.startsWith('https:') ? `report-uri ${REPORT_PATH}; report-to csp` : `report-uri ${REPORT_PATH}`
}
/** For answers that are no page: nothing may load, run, frame or be sent from them. */
const INERT_POLICY = `default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'; `
const FILES_POLICY = `default-src 'none'; sandbox; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; `
const ONE_YEAR = 31_536_000

export interface HostHeaders {
  /** Everything but the policy. */
  readonly fixed: HeaderBlock
  /** Everything, with the policy of an answer that is no page. */
  readonly inert: HeaderBlock
  /** The policy of a page. Without a nonce no script runs. */
  pagePolicy(nonce: string | undefined, added: PolicySources | undefined, foreign?: ForeignSources): string
}

function fixedHeaders(origin: string, isFiles: boolean): string[] {
  const headers = [
    'cross-origin-opener-policy',
    'same-origin',
    'cross-origin-resource-policy',
    isFiles ? 'cross-origin' : 'same-origin',
    'origin-agent-cluster',
    '?1',
    'permissions-policy',
    PERMISSIONS_POLICY,
    // Not `no-referrer`: it would turn the `Origin` of form posts into `null`.
    'referrer-policy',
    'same-origin',
    'x-content-type-options',
    'nosniff',
    'x-frame-options',
    'DENY',
  ]
  const reports = ['reporting-endpoints', `csp="${REPORT_PATH}"`]
  return origin.startsWith('https:')
    ? [...headers, ...reports, 'strict-transport-security', `max-age=${ONE_YEAR}; includeSubDomains`]
    : headers
}

interface PlaceOfPolicy {
  readonly origin: string
  readonly sites: ReadonlySet<SiteName>
  readonly frontend?: GatewayFrontend
}

// A frontend shows user content from the files origin, and in memory mode calls an API of another origin.
function ownSources(place: PlaceOfPolicy, settings: GatewaySettings): Required<PolicySources> {
  const added = place.frontend?.sources ?? {}
  if (place.frontend === undefined) return { formAction: [], imgSrc: ['data:'], connectSrc: [], fontSrc: [], mediaSrc: [] }
  const { app, files } = settings.sites
  // Browsers differ on whether 'self' covers WebSockets, so the one socket address there is gets a name.
  const sockets = `${app.replace(/^http/, 'ws')}${SOCKET_PATH}`
  const api = app === place.origin ? [sockets] : [app, sockets]
  return {
    formAction: added.formAction ?? [],
    imgSrc: [files, 'blob:', 'data:', ...(added.imgSrc ?? [])],
    connectSrc: [files, ...api, ...(added.connectSrc ?? [])],
    fontSrc: added.fontSrc ?? [],
    mediaSrc: [files, 'blob:', ...(added.mediaSrc ?? [])],
  }
}

function listed(sources: readonly string[] = [], isGood = isPolicySource): string {
  const good = sources.filter((source) => isGood(source))
  return good.map((source) => ` ${source}`).join('')
}

function directive(name: string, own: readonly string[], added: readonly string[] = []): string {
  const isGood = name === 'form-action' ? isFormTarget : isPolicySource
  return `${name} 'self'${own.map((source) => ` ${source}`).join('')}${listed(added, isGood)}; `
}

function assetDirectives(own: Required<PolicySources>, added: PolicySources = {}, foreign: ForeignSources = {}): string {
  const frames = listed(foreign.frameSrc)
  return (
    directive('img-src', own.imgSrc, added.imgSrc) +
    directive('connect-src', own.connectSrc, [...(added.connectSrc ?? []), ...(foreign.connectSrc ?? [])]) +
    directive('font-src', own.fontSrc, added.fontSrc) +
    directive('media-src', own.mediaSrc, added.mediaSrc) +
    directive('form-action', own.formAction, added.formAction) +
    (frames === '' ? '' : `frame-src${frames}; `)
  )
}

const TRUSTED_TYPES = "require-trusted-types-for 'script'; trusted-types 'none'; "

/** Browsers that know 'strict-dynamic' go by the nonce, and let what it admits load further scripts; the others by where they come from. */
function codeDirectives(nonce: string | undefined, scripts: string): string {
  if (nonce === undefined) return `script-src 'none'; style-src 'self'; ${TRUSTED_TYPES}`
  const code = `script-src 'nonce-${nonce}' 'strict-dynamic'${scripts}; style-src 'nonce-${nonce}'; `
  return scripts === '' ? code + TRUSTED_TYPES : code
}

function blocks(fixed: readonly string[], inertPolicy: string): Pick<HostHeaders, 'fixed' | 'inert'> {
  return { fixed: headerBlock(fixed), inert: headerBlock([...fixed, 'content-security-policy', inertPolicy]) }
}

export function hostHeaders(place: PlaceOfPolicy, settings: GatewaySettings): HostHeaders {
  const fixed = fixedHeaders(place.origin, place.sites.has('files'))
  const filesPolicy = FILES_POLICY + reporting(place.origin)
  if (place.sites.has('files')) return { ...blocks(fixed, filesPolicy), pagePolicy: () => filesPolicy }
  const own = ownSources(place, settings)
  const upgrade = place.origin.startsWith('https:') ? 'upgrade-insecure-requests; ' : ''
  const usual = assetDirectives(own)
  const rest = `base-uri 'none'; frame-ancestors 'none'; object-src 'none'; manifest-src 'self'; worker-src 'self'; ${upgrade}${reporting(place.origin)}`
  return {
    ...blocks(fixed, INERT_POLICY + reporting(place.origin)),
    pagePolicy(nonce, added, foreign) {
      const assets = added === undefined && foreign === undefined ? usual : assetDirectives(own, added, foreign)
      return `default-src 'none'; ${codeDirectives(nonce, listed(foreign?.scriptSrc))}${assets}${rest}`
    },
  }
}

/** For answers without a host: unknown hosts and what the parser refused. */
export const HOSTLESS_HEADERS: HeaderBlock = blocks(fixedHeaders('', false), INERT_POLICY + reporting('')).inert
