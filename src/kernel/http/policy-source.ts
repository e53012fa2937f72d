// Sources of a Content Security Policy (CSP Level 3 section 2.3.1): what may stand in one, and how the target of a form is named.

const SOURCE = /^(?:(?:https?|wss?):\/\/[a-z0-9.*-]+(?::\d+)?(?:\/[\w./-]*)?|blob:|data:)$/

/** A source of a policy may not carry anything that begins another directive or opens everything. */
export function isPolicySource(source: string): boolean {
  return SOURCE.test(source) && !source.startsWith('*') && !/^\w+:\/\/\*(?:$|[:/])/.test(source)
}

/** A scheme of an app that people install: a domain name in reverse order (RFC 8252 section 7.1). */
export const PRIVATE_SCHEME = /^[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+:$/
/** The grammar of sources knows no IPv6 address: one is named by its port alone. */
const ANY_HOST_ON_A_PORT = /^http:\/\/\*:\d+$/

/** Browsers check the redirects that follow a form post against `form-action` too. `undefined` where no source names the address. */
export function formTargetOf(address: URL): string | undefined {
  const { protocol, hostname, port, origin } = address
  if (PRIVATE_SCHEME.test(protocol)) return protocol
  if (hostname.startsWith('[') && protocol === 'http:') return `http://*:${port === '' ? '80' : port}`
  return isPolicySource(origin) ? origin : undefined
}

/** As `formTargetOf` gives it. */
export function isFormTarget(source: string): boolean {
  return isPolicySource(source) || PRIVATE_SCHEME.test(source) || ANY_HOST_ON_A_PORT.test(source)
}
