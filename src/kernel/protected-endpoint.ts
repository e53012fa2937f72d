// Addresses of the API that are protected resources by themselves (RFC 9728): each has a document and tokens of its own, beside those of the whole API.
import type { Sites } from './sites.ts'

export interface ProtectedEndpoint {
  /** Plain, without parameters: the resource is one address. */
  readonly path: string
  /** What its tokens may be good for; they are scopes of the API. */
  readonly scopes: readonly string[]
  /** For people; that of the product unless told. */
  readonly name?: string | undefined
}

/** RFC 8707 `resource` and RFC 9068 `aud`: the address itself, as clients know it. */
export function endpointAudience({ app }: Sites, { path }: Pick<ProtectedEndpoint, 'path'>): string {
  return `${app}${path}`
}

/** RFC 9728 section 3.1: between the host and the path of the resource. */
export function metadataPath(path: string): string {
  return `/.well-known/oauth-protected-resource${path}`
}
