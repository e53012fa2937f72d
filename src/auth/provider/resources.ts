// The resource servers that tokens are made for (RFC 8707): the app's own API, and what the app definition has beside it.
import { createPublicKey, type KeyObject } from 'node:crypto'
import { endpointAudience, type ProtectedEndpoint } from '#kernel/protected-endpoint.ts'
import { apiAudience, type Sites } from '#kernel/sites.ts'
import type { ProtectedResourceDefinition, PublicKeyDefinition } from '../clients/contract.ts'
import { MEMBERSHIP_SCOPES, ORGANISATIONS_SCOPE, PERMISSIONS_SCOPE, ROLES_SCOPE } from '../roles/membership.ts'
import type { ClientSettings } from './client-rules.ts'

export const ACCESS_TOKEN_SECONDS = 300
/** RFC 9700 section 2.2.1; revocations are kept for as long. */
const MOST_SECONDS = 600

const ENCRYPTION_ALGORITHMS = ['RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A256KW'] as const

export interface TokenEncryption {
  readonly alg: (typeof ENCRYPTION_ALGORITHMS)[number]
  readonly enc: 'A256GCM'
  readonly key: KeyObject
  readonly kid?: string
}

export interface KnownResource {
  readonly audience: string
  /** With those of membership, where its tokens tell of that. */
  readonly scopes: ReadonlySet<string>
  /** Without those. */
  readonly ownScopes: ReadonlySet<string>
  readonly format: 'jwt' | 'opaque' | 'jwe'
  readonly lifetimeSeconds: number
  /** The clients that are this resource server. */
  readonly servers: ReadonlySet<string>
  readonly encryption?: TokenEncryption
  /** The audience of the resource that this one is an address of: what its scopes open there, they open here. */
  readonly partOf?: string
}

export interface ResourceRegistry {
  /** The app's own API: what is usually meant when a request names no resource. */
  readonly api: KnownResource
  find(audience: string): KnownResource | undefined
  /** The resource that all of them are for, never one of its addresses; the API when they are for several, or for one that nobody knows. */
  placeOf(scopes: readonly string[]): KnownResource
  /** The audiences of the API and of its addresses, for the metadata. */
  readonly own: readonly string[]
  /** Scopes of all of them, for the metadata. */
  readonly scopes: readonly string[]
}

export function createResourceRegistry(settings: ClientSettings): ResourceRegistry {
  const { sites, scopes, definition, development } = settings
  const others = definition?.resources ?? []
  const endpoints = (settings.endpoints ?? []).map((endpoint) => endpointOf(endpoint, sites))
  const problems = resourceProblems(others, {
    audiences: [apiAudience(sites), ...endpoints.map(({ audience }) => audience)],
    scopes,
    development,
  })
  if (problems.length > 0) throw new Error(`The resources cannot be used:\n${problems.map((problem) => `- ${problem}`).join('\n')}`)
  const api: KnownResource = {
    audience: apiAudience(sites),
    ...scopesOf(Object.keys(scopes), true),
    format: 'jwt',
    lifetimeSeconds: ACCESS_TOKEN_SECONDS,
    servers: new Set(),
  }
  const owning = [api, ...others.map(resourceOf)]
  const known = new Map([...owning, ...endpoints].map((resource) => [resource.audience, resource]))
  const owners = new Map(owning.flatMap((resource) => [...resource.ownScopes].map((scope) => [scope, resource] as const)))
  return {
    api,
    placeOf(asked) {
      // What somebody is may be told at several, so it says nothing of which one is meant.
      const places = new Set(asked.filter((scope) => !isOfMembership(scope)).map((scope) => owners.get(scope) ?? api))
      const [place = api, ...more] = places
      return more.length === 0 && asked.every((scope) => place.scopes.has(scope)) ? place : api
    },
    find: (audience) => known.get(audience),
    own: [api, ...endpoints].map(({ audience }) => audience),
    scopes: [...Object.keys(scopes), ...membershipScopes(definition), ...others.flatMap((resource) => Object.keys(resource.scopes))],
  }
}

/** Roles and organisations are told of there as in the rest of the API, which its handler asks. */
function endpointOf(endpoint: ProtectedEndpoint, sites: Sites): KnownResource {
  return {
    audience: endpointAudience(sites, endpoint),
    ...scopesOf(endpoint.scopes, true),
    format: 'jwt',
    lifetimeSeconds: ACCESS_TOKEN_SECONDS,
    servers: new Set(),
    partOf: apiAudience(sites),
  }
}

const isOfMembership = (scope: string): boolean => MEMBERSHIP_SCOPES.includes(scope)

function scopesOf(own: readonly string[], tellsMembership: boolean): Pick<KnownResource, 'scopes' | 'ownScopes'> {
  return { ownScopes: new Set(own), scopes: new Set(tellsMembership ? [...own, ...MEMBERSHIP_SCOPES] : own) }
}

/** Those of them that say something in this app. */
function membershipScopes({ roles, organisations }: NonNullable<ClientSettings['definition']> = {}): string[] {
  return [ROLES_SCOPE, ...(organisations === undefined ? [] : [ORGANISATIONS_SCOPE]), ...(roles === undefined ? [] : [PERMISSIONS_SCOPE])]
}

function resourceOf(resource: ProtectedResourceDefinition): KnownResource {
  const { audience, scopes, format = 'jwt', lifetimeSeconds = ACCESS_TOKEN_SECONDS, servers = [], encryptionKey } = resource
  return {
    audience,
    ...scopesOf(Object.keys(scopes), resource.membership === true),
    format,
    lifetimeSeconds,
    servers: new Set(servers),
    ...(encryptionKey === undefined ? {} : { encryption: encryptionOf(encryptionKey) }),
  }
}

function encryptionOf(key: PublicKeyDefinition): TokenEncryption {
  const wanted = key.alg ?? (key.kty === 'RSA' ? 'RSA-OAEP-256' : 'ECDH-ES+A256KW')
  const alg = ENCRYPTION_ALGORITHMS.find((known) => known === wanted)
  if (alg === undefined) throw new TypeError(`${wanted} is not offered.`)
  return { alg, enc: 'A256GCM', key: createPublicKey({ key, format: 'jwk' }), ...(key.kid === undefined ? {} : { kid: key.kid }) }
}

interface Surroundings {
  readonly audiences: readonly string[]
  readonly scopes: Readonly<Record<string, string>>
  readonly development: boolean
}

function resourceProblems(resources: readonly ProtectedResourceDefinition[], around: Surroundings): string[] {
  const audiences = new Set(around.audiences)
  const scopes = new Set([...Object.keys(around.scopes), 'openid', 'offline_access', 'profile', 'email'])
  return resources.flatMap((resource) => {
    const taken = Object.keys(resource.scopes).filter((scope) => scopes.has(scope))
    const problems = [
      audiences.has(resource.audience) ? 'another resource has this audience.' : undefined,
      ...taken.map((scope) => `scope ${JSON.stringify(scope)} belongs to another resource: a scope has one.`),
      ...ownProblems(resource, around.development),
    ]
    audiences.add(resource.audience)
    for (const scope of Object.keys(resource.scopes)) scopes.add(scope)
    return problems.filter((problem) => problem !== undefined).map((problem) => `Resource ${JSON.stringify(resource.audience)}: ${problem}`)
  })
}

function ownProblems(resource: ProtectedResourceDefinition, development: boolean): (string | undefined)[] {
  const { audience, lifetimeSeconds = ACCESS_TOKEN_SECONDS, scopes } = resource
  const ofMembership = Object.keys(scopes).filter(isOfMembership)
  return [
    ...ofMembership.map((scope) => `scope ${JSON.stringify(scope)} is there in every app: leave it out here, and say membership: true.`),
    isAudience(audience, development) ? undefined : 'its audience must be an https address without a fragment.',
    Object.keys(scopes).every((scope) => SCOPE.test(scope)) ? undefined : 'a scope has a character that no scope may have.',
    lifetimeSeconds <= MOST_SECONDS ? undefined : `its tokens may live ${MOST_SECONDS} seconds at most.`,
    encryptionProblem(resource),
  ]
}

/** RFC 6749 section 3.3. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/

function isAudience(audience: string, development: boolean): boolean {
  const protocol = URL.parse(audience)?.protocol
  return !audience.includes('#') && (protocol === 'https:' || (development && protocol === 'http:'))
}

function encryptionProblem({ format, encryptionKey }: ProtectedResourceDefinition): string | undefined {
  if ((format === 'jwe') !== (encryptionKey !== undefined)) return 'the format "jwe" and an encryption key need each other.'
  if (encryptionKey === undefined || isEncryptionKey(encryptionKey)) return undefined
  return 'its encryption key is no public key for encryption.'
}

function isEncryptionKey(key: PublicKeyDefinition): boolean {
  if ('d' in key || 'k' in key) return false
  try {
    return encryptionOf(key).key.type === 'public'
  } catch {
    return false
  }
}
