// Which ids of clients are addresses of documents (OAuth Client ID Metadata Document, section 3). What a parser would put right is refused as it
// stands, so that one client has one id.

/** An id is the key of a record, and part of those of consents. */
const MAX_CHARACTERS = 400
const PRINTABLE = /^[\x21-\x5b\x5d-\x7e]+$/

export function isDocumentAddress(clientId: string, development: boolean): boolean {
  const url = clientId.length <= MAX_CHARACTERS && PRINTABLE.test(clientId) ? URL.parse(clientId) : null
  const [, scheme, authority, path] = /^(https?):\/\/([^/?#]+)(\/[^?#]+)(?:\?[^#]*)?$/.exec(clientId) ?? []
  if (url === null || authority === undefined || path === undefined) return false
  const isReachable = scheme === 'https' || (development && isHere(url))
  return isReachable && !authority.includes('@') && !path.split('/').some(isDotSegment)
}

function isDotSegment(segment: string): boolean {
  return /^(?:\.|%2e){1,2}$/i.test(segment)
}

/** In development, a document may be on this machine. */
export function isHere({ hostname }: URL): boolean {
  return hostname === '127.0.0.1' || hostname === '[::1]' || hostname === 'localhost'
}
