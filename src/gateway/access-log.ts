// One record of each request, at its end.
import type { Monitoring, RequestRecord } from '../monitoring/contract.ts'
import type { CloseRecord } from './exchange.ts'

/** Filled in here, field by field: spreading optional parts costs more than all the rest of the record. */
type Open<T> = { -readonly [Field in keyof T]: T[Field] }

export type Recorder = (exchange: CloseRecord, status: number, bytesOut: number) => void

/** What the client got is known; a client that went away before is told apart, as others do, by 499. */
export const CLIENT_GONE = 499

/** `now` is the monotonic clock. */
export function createRecorder(monitoring: Monitoring, now: () => number): Recorder {
  return (exchange, status, bytesOut) => {
    const { principal, match, host } = exchange
    const site = match === undefined || match.route.site === '*' ? host?.name : match.route.site
    const record: Open<RequestRecord> = {
      requestId: exchange.requestId,
      at: exchange.startedAt,
      // Microseconds are plenty, and fifteen digits make long lines.
      durationMs: Math.round((now() - exchange.startedMark) * 1000) / 1000,
      method: exchange.method,
      site: site ?? 'unknown',
      route: match?.route.path ?? 'unmatched',
      status,
      bytesOut,
      client: exchange.client,
      principal: principal.kind,
    }
    if (principal.kind === 'user') {
      record.accountId = principal.accountId
      record.clientId = principal.clientId
    }
    if (exchange.errorCode !== undefined) record.errorCode = exchange.errorCode
    monitoring.recordRequest(record)
  }
}
