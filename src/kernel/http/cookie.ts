// Cookies on the wire (RFC 6265bis): exact names, strict trimming, and only the attributes that we use.

/** Only SP and HTAB: `String.trim` would take U+00A0 away too, and so turn a planted name into ours. */
function trimmed(text: string, from: number, to: number): string {
  let start = from
  let end = to
  while (start < end && (text.charCodeAt(start) === 32 || text.charCodeAt(start) === 9)) start += 1
  while (end > start && (text.charCodeAt(end - 1) === 32 || text.charCodeAt(end - 1) === 9)) end -= 1
  return text.slice(start, end)
}

export interface ParsedCookies {
  /** The first value of each name, as it was sent. */
  readonly cookies: ReadonlyMap<string, string>
  /** Names that came more than once: somebody may have planted one. */
  readonly duplicates: readonly string[]
}

/** A request whose cookies may be parsed already; an error may come before that. */
export interface SentCookies {
  readonly cookies: ReadonlyMap<string, string>
  readonly request: { readonly headers: { readonly cookie?: string | undefined } }
}

export function cookieOf({ cookies, request }: SentCookies, name: string): string | undefined {
  return cookies.size > 0 ? cookies.get(name) : parseCookies(request.headers.cookie).cookies.get(name)
}

const none: ParsedCookies = { cookies: new Map(), duplicates: [] }

/** Parses a `Cookie` header. Pairs without a name are dropped: a browser sends `=name=value` for a cookie that a neighbour planted nameless. */
export function parseCookies(header: string | undefined): ParsedCookies {
  if (header === undefined || header === '') return none
  const cookies = new Map<string, string>()
  const duplicates: string[] = []
  let start = 0
  while (start < header.length) {
    let end = header.indexOf(';', start)
    if (end === -1) end = header.length
    const equals = header.indexOf('=', start)
    if (equals !== -1 && equals < end) {
      const name = trimmed(header, start, equals)
      if (cookies.has(name)) duplicates.push(name)
      else if (name !== '') cookies.set(name, trimmed(header, equals + 1, end))
    }
    start = end + 1
  }
  return { cookies, duplicates }
}

export interface CookieAttributes {
  readonly path?: string
  /** Absent for a cookie that ends with the browser session; 0 removes it. */
  readonly maxAgeSeconds?: number
  readonly sameSite: 'Strict' | 'Lax'
  /** True unless a script must read it. */
  readonly httpOnly?: boolean
}

const VALUE = /^[\w!#$%&'()*+\-./:<=>?@[\]^`{|}~]*$/

/** A `Set-Cookie` value, always `Secure` and without `Domain`. */
export function serialiseCookie(name: string, value: string, attributes: CookieAttributes): string {
  if (!VALUE.test(value)) throw new TypeError(`The value of cookie ${name} has characters that a cookie cannot carry`)
  const age = attributes.maxAgeSeconds === undefined ? '' : `; Max-Age=${Math.max(0, Math.floor(attributes.maxAgeSeconds))}`
  const script = attributes.httpOnly === false ? '' : '; HttpOnly'
  return `${name}=${value}; Path=${attributes.path ?? '/'}${age}; Secure${script}; SameSite=${attributes.sameSite}`
}
