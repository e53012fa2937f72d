// One record of each request, at its end.
import type { Monitoring } from '../monitoring/contract.ts'
import type { GatewayExchange } from './exchange.ts'

export type Recorder = (exchange: GatewayExchange, status: number, bytesOut: number) => void

/** What the client got is known; a client that went away before is told apart, as others do, by 499. */
export const CLIENT_GONE = 499

/** `now` is the monotonic clock. */
export function createRecorder(monitoring: Monitoring, now: () => number): Recorder {
  return (exchange, status, bytesOut) => {
    const { principal, match, host } = exchange
    const site = match === undefined || match.route.site === '*' ? host?.name : match.route.site
    monitoring.recordRequest({
      requestId: exchange.requestId,
      at: exchange.startedAt,
      durationMs: now() - exchange.startedMark,
      method: exchange.method,
      site: site ?? 'unknown',
      route: match?.route.path ?? 'unmatched',
      status,
      bytesOut,
      client: exchange.client,
      principal: principal.kind,
      ...(principal.kind === 'user' ? { accountId: principal.accountId, clientId: principal.clientId } : undefined),
      ...(exchange.errorCode === undefined ? undefined : { errorCode: exchange.errorCode }),
    })
  }
}
