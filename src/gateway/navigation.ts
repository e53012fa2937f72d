// Whether a person's browser is going to a page, as opposed to a script or a program calling (Fetch Metadata).
import type { GatewayExchange } from './exchange.ts'

export function isNavigation({ method, request }: GatewayExchange): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false
  const mode = request.headers['sec-fetch-mode']
  if (mode !== undefined) return mode === 'navigate'
  return request.headers.accept?.startsWith('text/html') === true
}

/** Led here by another origin, so that Strict cookies are missing. A person who types the address is no stranger (`none`). */
export function isForeignNavigation(exchange: GatewayExchange): boolean {
  const site = exchange.request.headers['sec-fetch-site']
  return (site === 'cross-site' || site === 'same-site') && isNavigation(exchange)
}

/** Whoever sent this will look at the answer as a page: also after a form post. */
export function wantsPage(exchange: GatewayExchange): boolean {
  const mode = exchange.request.headers['sec-fetch-mode']
  return mode === undefined ? exchange.request.headers.accept?.startsWith('text/html') === true : mode === 'navigate'
}

/** Sent by a page of another site while nobody goes anywhere: images, frames, calls of scripts. */
export function isSentFromElsewhere({ request }: GatewayExchange): boolean {
  const { 'sec-fetch-site': site, 'sec-fetch-dest': destination } = request.headers
  return (site === 'cross-site' || site === 'same-site') && destination !== 'document'
}
