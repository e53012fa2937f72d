// Entity tags and their conditions (RFC 9110 sections 8.8.3 and 13.1).

const TAGS = /(?:W\/)?"[\x21\x23-\x7e]*"/g

function listed(header: string): readonly string[] {
  return header.match(TAGS) ?? []
}

/** `If-None-Match` holds a tag of this representation, compared weakly: answer 304. */
export function noneMatchHits(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  if (header.trim() === '*') return true
  return listed(header).some((tag) => (tag.startsWith('W/') ? tag.slice(2) : tag) === etag)
}

/** The strong tags that `If-Match` names: `'any'` for `*`, `undefined` without the header. */
export function matchTags(header: string | undefined): 'any' | readonly string[] | undefined {
  if (header === undefined) return undefined
  if (header.trim() === '*') return 'any'
  return listed(header).filter((tag) => !tag.startsWith('W/'))
}

/** `If-Range`: exactly one strong tag, this one. A date never matches, since no `Last-Modified` is sent. */
export function rangeStillHolds(header: string | undefined, etag: string): boolean {
  return header === undefined || header.trim() === etag
}
