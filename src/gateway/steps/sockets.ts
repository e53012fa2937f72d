// Requests for a WebSocket. Browsers let any page open one to any server, cookies included, and ask for no permission first: so the origin decides.
import { httpErrors } from '#kernel/http/problem.ts'
import type { Route } from '#kernel/http/route.ts'
import type { GatewayExchange } from '../exchange.ts'
import { checkHandshake } from '../websocket/upgrade.ts'
import type { PipelineParts, Step } from './step.ts'

/** RFC 6455 section 10.2. A page of ours has its session; a page of a registered client has the token that it will show; all others have nothing. */
export function checkSocket({ origins }: PipelineParts): Step['run'] {
  return (exchange) => {
    if (!exchange.isUpgrade) return
    checkHandshake(exchange)
    const { origin } = exchange.request.headers
    if (origin === exchange.origin) return
    if (origin === undefined) {
      // A program has a token of its own. Browsers always say where a page is from.
      if (exchange.cookies.size > 0) throw httpErrors.csrf({ detail: 'A session opens a WebSocket from a page of this site only.' })
      return
    }
    if (!origins.has(origin)) throw httpErrors.forbidden({ detail: 'Pages of this origin may not connect here.' })
    // Hosts of one site send each other even Strict cookies.
    exchange.cookies = new Map()
    exchange.isSocketFromElsewhere = true
  }
}

/** The end of the pipeline for what becomes a socket: it has a place, and the listener opens it. */
export function takeUpgrade({ lasting }: PipelineParts, exchange: GatewayExchange, route: Route): void {
  if (route.kind !== 'handled' || route.upgrade === undefined) throw httpErrors.bad_request({ detail: 'This address speaks no WebSocket.' })
  if (exchange.search !== '') throw httpErrors.bad_request({ detail: 'This takes no query.' })
  exchange.place = lasting.take(exchange.client, exchange.authority)
}
