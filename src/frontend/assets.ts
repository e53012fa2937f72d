// The answer for one built file: negotiated encoding, strong entity tag, conditional requests (RFC 9110 sections 8.8.3 and 13.1.2).
import type { IncomingHttpHeaders } from 'node:http'
import { noneMatchHits } from '#kernel/http/etag.ts'
import type { Answer } from '#kernel/http/route.ts'
import { acceptedEncodings, type Compressor } from './compression.ts'
import type { BuiltFile } from './folder.ts'

export function answerFile(file: BuiltFile, requested: IncomingHttpHeaders, compressor: Compressor): Answer {
  const accepted = acceptedEncodings(requested['accept-encoding']?.toString())
  if (accepted.length > 0) compressor.want(file)
  const encoding = accepted.find((candidate) => file[candidate] !== undefined)
  const bytes = (encoding === undefined ? undefined : file[encoding]) ?? file.plain
  // Each encoding is a representation of its own, so it has a strong tag of its own.
  const etag = `"${file.tag}${encoding === undefined ? '' : `-${encoding}`}"`
  const headers = { etag, 'cache-control': file.cacheControl, vary: 'Accept-Encoding' }
  if (isCurrent(requested['if-none-match'], file.tag)) return { status: 304, headers }
  return {
    status: 200,
    headers: encoding === undefined ? headers : { ...headers, 'content-encoding': encoding },
    body: { bytes, type: file.type },
  }
}

/** A client that has any encoding of this content has what it needs. */
function isCurrent(header: string | undefined, tag: string): boolean {
  return [`"${tag}"`, `"${tag}-br"`, `"${tag}-gzip"`].some((etag) => noneMatchHits(header, etag))
}
