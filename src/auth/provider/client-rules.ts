// What a definition of an OAuth client must fulfil, in words that say what to change.
import { PRIVATE_SCHEME } from '#kernel/http/policy-source.ts'
import type { ProtectedEndpoint } from '#kernel/protected-endpoint.ts'
import type { Sites } from '#kernel/sites.ts'
import type { AuthDefinition, FrontendClient } from '../contract.ts'
import type { ClientDefinition } from '../clients/contract.ts'
import { MEMBERSHIP_SCOPES } from '../roles/membership.ts'
import { authenticationProblems, isPublicKey } from './client-authentication.ts'

/** Scopes of OpenID Connect; what the API's scopes are, the app says. */
export const OPENID_SCOPES = ['openid', 'offline_access', 'profile', 'email'] as const

export interface ClientSettings {
  readonly sites: Sites
  readonly productName: string
  readonly scopes: Readonly<Record<string, string>>
  readonly clients: readonly ClientDefinition[]
  readonly frontends: readonly FrontendClient[]
  readonly definition?: AuthDefinition | undefined
  /** Addresses of the API that have tokens of their own. */
  readonly endpoints?: readonly ProtectedEndpoint[]
  readonly development: boolean
  /** Whether a proxy in front shows us the certificates of clients (RFC 8705). */
  readonly takesCertificates?: boolean
}

export function isOpenidScope(scope: string): boolean {
  return OPENID_SCOPES.some((openid) => openid === scope)
}

const CLIENT_ID = /^[A-Za-z0-9][A-Za-z0-9._~-]{0,99}$/
const BAD_ID = 'its id needs 1 to 100 letters, digits, "-", ".", "_" or "~".'
const MIN_SECRET = 32

export function frontendProblems({ frontends, development }: ClientSettings): string[] {
  return frontends.flatMap((frontend) => {
    const { clientId, secret, redirectUri, origin } = frontend
    const wrong = redirectProblem(redirectUri, development)
    const problems = [
      CLIENT_ID.test(clientId) ? undefined : BAD_ID,
      secret.length < MIN_SECRET ? `its client secret needs at least ${MIN_SECRET} characters.` : undefined,
      wrong === undefined ? undefined : `redirect URI ${JSON.stringify(redirectUri)} ${wrong}`,
      URL.parse(redirectUri)?.origin === origin ? undefined : 'its redirect URI must be on its own origin.',
    ]
    return problems.filter((problem) => problem !== undefined).map((problem) => `Frontend ${JSON.stringify(clientId)}: ${problem}`)
  })
}

export function clientProblems(client: ClientDefinition, settings: ClientSettings): string[] {
  const problems = [...(CLIENT_ID.test(client.clientId) ? [] : [BAD_ID]), ...definitionProblems(client, settings)]
  return problems.map((problem) => `Client ${JSON.stringify(client.clientId)}: ${problem}`)
}

/** Of all but its id. */
export function definitionProblems(client: ClientDefinition, { scopes, definition, development }: ClientSettings): string[] {
  const known = new Set([...MEMBERSHIP_SCOPES, ...OPENID_SCOPES, ...Object.keys(scopes), ...resourceScopes(definition)])
  const codeFlow = client.grants?.includes('authorization_code') !== false
  const uris = [...client.redirectUris, ...(client.postLogoutRedirectUris ?? [])]
  const problems = [
    client.name.trim() === '' ? 'it needs a name, which people read on the consent page.' : undefined,
    codeFlow && client.redirectUris.length === 0 ? 'it needs at least one redirect URI.' : undefined,
    !codeFlow && client.redirectUris.length > 0 ? 'without the code flow it can have no redirect URI.' : undefined,
    ...authenticationProblems(client),
    installedProblem(client),
    ...applicationProblems(client),
    ...uris.map((uri) => {
      const wrong = redirectProblem(uri, development)
      return wrong === undefined ? undefined : `redirect URI ${JSON.stringify(uri)} ${wrong}`
    }),
    ...client.origins.map((origin) => originProblem(origin, development)),
    ...(['clientUri', 'policyUri', 'tosUri', 'backchannelLogoutUri'] as const).map((name) =>
      addressProblem(name, client[name], development),
    ),
    ...signedRequestProblems(client),
    client.logo === undefined || LOGO.test(client.logo)
      ? undefined
      : 'its logo must be a "data:" address of a PNG, JPEG or WebP in base64.',
    algorithmProblem(client, definition),
    ...client.scopes.map((scope) =>
      known.has(scope)
        ? undefined
        : `scope ${JSON.stringify(scope)} has no plain words under "scopes" in the app definition or in one of its resources.`,
    ),
  ]
  return problems.filter((problem) => problem !== undefined)
}

function signedRequestProblems({
  authentication,
  requestObjectKeys,
  requireSignedRequestObject,
}: ClientDefinition): (string | undefined)[] {
  const hasKeys = authentication?.method === 'private_key_jwt'
  return [
    hasKeys && requestObjectKeys !== undefined
      ? 'it authenticates with keys, which are those of its requests: leave "requestObjectKeys" out.'
      : undefined,
    requireSignedRequestObject === true && !hasKeys && requestObjectKeys === undefined
      ? 'it must sign its requests, but has no keys.'
      : undefined,
    ...(requestObjectKeys ?? []).map((key) => (isPublicKey(key) ? undefined : 'a key of its requests is not a public key.')),
  ]
}

/** RFC 8252 section 8.5: what everybody installs is read by everybody. A client that registers itself gets a secret of its own, which is another matter. */
function installedProblem({ authentication, redirectUris }: ClientDefinition): string | undefined {
  const isSecret = authentication?.method === 'client_secret_basic' || authentication?.method === 'client_secret_post'
  const isInstalled = redirectUris.some((uri) => isPrivateUri(URL.parse(uri)))
  return isSecret && isInstalled ? 'an app that people install cannot keep a secret: leave "authentication" out.' : undefined
}

/** An app that people install, or pages of the web: the engine takes either. */
function applicationProblems({ redirectUris, postLogoutRedirectUris = [] }: ClientDefinition): string[] {
  const uris = [...redirectUris, ...postLogoutRedirectUris]
  if (isNative(redirectUris))
    return uris
      .filter((uri) => isLoopbackOverTls(uri))
      .map((uri) => `redirect URI ${JSON.stringify(uri)} is https on a loopback address, where an app that people install has http.`)
  return uris
    .filter((uri) => isPrivateUri(URL.parse(uri)))
    .map((uri) => `redirect URI ${JSON.stringify(uri)} is one of an app that people install, while others are none.`)
}

function algorithmProblem({ idTokenAlgorithm }: ClientDefinition, definition: AuthDefinition | undefined): string | undefined {
  const hasKeys = idTokenAlgorithm !== 'EdDSA' || definition?.edDsa === true
  return hasKeys ? undefined : 'EdDSA needs "edDsa: true" under "auth" in the app definition.'
}

const LOGO = /^data:image\/(?:png|jpeg|webp);base64,[A-Za-z0-9+/]+={0,2}$/

function addressProblem(name: string, address: string | undefined, development: boolean): string | undefined {
  if (address === undefined) return undefined
  const url = URL.parse(address)
  const isGood = url !== null && /^https?:$/.test(url.protocol) && url.username === '' && !address.includes('#') && isSafe(url, development)
  if (!isGood) return `its ${name} ${JSON.stringify(address)} must be an https address without user information and fragment.`
  return isRepaired(address, url) ? `its ${name} ${JSON.stringify(address)} ${NOT_AS_IT_STANDS}` : undefined
}

function resourceScopes(definition: AuthDefinition | undefined): string[] {
  return (definition?.resources ?? []).flatMap((resource) => Object.keys(resource.scopes))
}

function originProblem(origin: string, development: boolean): string | undefined {
  const url = URL.parse(origin)
  if (url === null || url.origin !== origin || !/^https?:$/.test(url.protocol)) {
    return `origin ${JSON.stringify(origin)} must be scheme, host and port and nothing else, such as "https://shop.example".`
  }
  return isSafe(url, development) ? undefined : `origin ${JSON.stringify(origin)} must be https.`
}

/** The pages that lead there name it in their policy. */
const HOST = /^(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])$/

export const NO_SCHEME_OF_AN_APP =
  'must be https; the scheme of an app that people install needs a dot, such as "com.example.app" (RFC 8252 section 7.1).'

const NOT_AS_IT_STANDS =
  'is no URI as it stands (RFC 3986): percent-encode the characters that no URI has, write the host in ASCII ("xn--...") and "//" before it.'

/** RFC 3986 appendix A, where "#" begins the fragment. */
const URI_CHARACTERS = /^(?:[!#$&-;=?-Z[\]_a-z~]|%[0-9A-Fa-f]{2})+$/
/** The web has a host after two slashes; another number of them is read as if there were two. */
const WEB_ADDRESS = /^https?:\/\/[^/]/i

/** What browsers would repair, each address into another one than was registered. */
function isRepaired(uri: string, url: URL): boolean {
  return !URI_CHARACTERS.test(uri) || (/^https?:$/.test(url.protocol) && !WEB_ADDRESS.test(uri))
}

/** RFC 9700 section 4.1.3: registered exactly, compared exactly. */
export function redirectProblem(uri: string, development: boolean): string | undefined {
  const url = URL.parse(uri)
  if (url === null) return 'is not a URI.'
  if (uri.includes('*')) return 'has a wildcard; list each URI.'
  if (uri.includes('#')) return 'has a fragment, which OAuth forbids.'
  if (url.username !== '' || url.password !== '') return 'has user information.'
  if (isRepaired(uri, url)) return NOT_AS_IT_STANDS
  if (isPrivateUri(url)) return undefined
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return NO_SCHEME_OF_AN_APP
  if (!HOST.test(url.hostname)) return 'has a host with other characters than letters, digits, "-" and ".".'
  if (!isSafe(url, development)) return 'must be https (plain http only on a loopback address).'
  return undefined
}

function isSafe(url: URL, development: boolean): boolean {
  if (url.protocol === 'https:') return true
  return isLoopbackUri(url.href) || (development && (url.hostname === 'localhost' || url.hostname.endsWith('.localhost')))
}

const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost'])

export function isLoopbackUri(uri: string): boolean {
  const url = URL.parse(uri)
  return url?.protocol === 'http:' && LOOPBACK_HOSTS.has(url.hostname)
}

function isPrivateUri(url: URL | null): boolean {
  return url !== null && PRIVATE_SCHEME.test(url.protocol)
}

export function isLoopbackOverTls(uri: string): boolean {
  const url = URL.parse(uri)
  return url?.protocol === 'https:' && (LOOPBACK_HOSTS.has(url.hostname) || url.hostname.startsWith('127.'))
}

/** An app on the person's own machine: it is reached on a loopback address or by a scheme of its own, beside https addresses that it claims. */
export function isNative(redirectUris: readonly string[]): boolean {
  const isOwn = (uri: string): boolean => isLoopbackUri(uri) || isPrivateUri(URL.parse(uri))
  return redirectUris.some(isOwn) && redirectUris.every((uri) => isOwn(uri) || uri.startsWith('https:'))
}
