// The status page in numbers, put together from the figures.
import type { PlatformStatus } from '../schemas.ts'
import type { RecentRoute } from './by-route.ts'
import { type SecondFigures, type Seconds, SHOWN_SECONDS } from './seconds.ts'

const SUMMARY_SECONDS = 60
const MOST_ROUTES = 12

export function summaryOf(seconds: Seconds, second: number, uptimeSeconds: number): PlatformStatus['now'] {
  const { requests, errors4xx, errors5xx, p50, p95, p99 } = seconds.over(second - SUMMARY_SECONDS, second - 1)
  const span = Math.max(1, Math.min(SUMMARY_SECONDS, Math.floor(uptimeSeconds)))
  return {
    requestsPerSecond: requests / span,
    errorRatio: requests === 0 ? 0 : (errors4xx + errors5xx) / requests,
    serverErrorRatio: requests === 0 ? 0 : errors5xx / requests,
    p50: p50 ?? null,
    p95: p95 ?? null,
    p99: p99 ?? null,
  }
}

/** The seconds that are over, after `since`. The present one is still being counted. */
export function seriesOf(seconds: Seconds, second: number, since = 0): PlatformStatus['series'] {
  const first = Math.max(second - SHOWN_SECONDS, since + 1)
  const at = Array.from({ length: Math.max(0, second - first) }, (_, index) => first + index)
  const figures = at.map((one) => seconds.over(one, one))
  const column = <Field extends keyof SecondFigures>(field: Field): SecondFigures[Field][] => figures.map((one) => one[field])
  const latency = (field: 'p50' | 'p95' | 'p99'): (number | null)[] => column(field).map((value) => value ?? null)
  return {
    second: at,
    requests: column('requests'),
    errors4xx: column('errors4xx'),
    errors5xx: column('errors5xx'),
    p50: latency('p50'),
    p95: latency('p95'),
    p99: latency('p99'),
  }
}

export function topRoutes(rows: readonly RecentRoute[]): PlatformStatus['routes'] {
  const totalMs = rows.reduce((sum, row) => sum + row.totalMs, 0)
  const shown = (row: RecentRoute): PlatformStatus['routes']['byTime'][number] => ({
    method: row.method,
    site: row.site,
    route: row.route,
    requests: row.requests,
    meanMs: row.totalMs / row.requests,
    p95Ms: row.p95,
    share: totalMs === 0 ? 0 : row.totalMs / totalMs,
    errors4xx: row.errors4xx,
    errors5xx: row.errors5xx,
  })
  const weight = (row: RecentRoute): number => row.errors5xx * 1e6 + row.errors4xx
  return {
    byTime: rows
      .toSorted((a, b) => b.totalMs - a.totalMs)
      .slice(0, MOST_ROUTES)
      .map(shown),
    byErrors: rows
      .filter((row) => weight(row) > 0)
      .toSorted((a, b) => weight(b) - weight(a))
      .slice(0, MOST_ROUTES)
      .map(shown),
  }
}
