// The first layer against forged requests: what the browser itself says about where the request comes from (Fetch Metadata, and
// `Origin` of RFC 6454). Independent of the token layer: either one alone must stop the attack.

export type Provenance = 'same-origin' | 'foreign' | 'unknown'

export interface ProvenanceHeaders {
  readonly 'sec-fetch-site'?: string | string[] | undefined
  readonly origin?: string | string[] | undefined
}

/**
 * `unknown` when the browser says nothing, as programs do. A sibling host (`same-site`) is foreign; so is `none`, since nobody types
 * a state-changing request into the address bar.
 */
export function provenanceOf(headers: ProvenanceHeaders, ownOrigin: string): Provenance {
  const site = headers['sec-fetch-site']
  const origin = headers.origin
  if (origin !== undefined && origin !== ownOrigin) return 'foreign'
  if (site !== undefined) return site === 'same-origin' ? 'same-origin' : 'foreign'
  return origin === undefined ? 'unknown' : 'same-origin'
}
