// Figures per declared route. The number of rows is bounded by the routes that exist: nothing that a client sends makes a new one.
import type { RequestRecord } from '../contract.ts'
import { BUCKETS, bucketOf, percentile } from './histogram.ts'

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
const MOST_ROUTES = 2000
const WINDOW_MINUTES = 15
const MINUTE_MS = 60_000
// Of each minute: requests, milliseconds, errors of the client, errors of ours.
const FIELDS = 4

export interface RouteKey {
  readonly method: string
  readonly site: string
  readonly route: string
}

export interface RouteTotals extends RouteKey {
  readonly requests: number
  readonly totalMs: number
  readonly errors4xx: number
  readonly errors5xx: number
  readonly bytesOut: number
  /** Requests per bucket of latency. */
  readonly latencies: Float64Array
}

export interface RecentRoute extends RouteKey {
  readonly requests: number
  readonly totalMs: number
  readonly errors4xx: number
  readonly errors5xx: number
  /** Since the start of this process. */
  readonly p95: number
}

class RouteRow {
  readonly key: RouteKey
  readonly latencies = new Float64Array(BUCKETS)
  readonly totals = new Float64Array(FIELDS)
  readonly #minutes = new Float64Array(WINDOW_MINUTES * FIELDS)
  readonly #minuteOf = new Float64Array(WINDOW_MINUTES)
  bytesOut = 0

  constructor(key: RouteKey) {
    this.key = key
  }

  add(minute: number, record: RequestRecord): void {
    const slot = minute % WINDOW_MINUTES
    if (this.#minuteOf[slot] !== minute) {
      this.#minuteOf[slot] = minute
      this.#minutes.fill(0, slot * FIELDS, (slot + 1) * FIELDS)
    }
    count(this.#minutes, slot * FIELDS, record)
    count(this.totals, 0, record)
    this.bytesOut += record.bytesOut
    const bucket = bucketOf(record.durationMs)
    this.latencies[bucket] = (this.latencies[bucket] ?? 0) + 1
  }

  recent(minute: number): RecentRoute {
    const sum = new Float64Array(FIELDS)
    for (let slot = 0; slot < WINDOW_MINUTES; slot += 1) {
      if ((this.#minuteOf[slot] ?? 0) <= minute - WINDOW_MINUTES) continue
      for (let field = 0; field < FIELDS; field += 1) sum[field] = (sum[field] ?? 0) + (this.#minutes[slot * FIELDS + field] ?? 0)
    }
    const [requests = 0, totalMs = 0, errors4xx = 0, errors5xx = 0] = sum
    return { ...this.key, requests, totalMs, errors4xx, errors5xx, p95: percentile(this.latencies, 0.95) ?? 0 }
  }
}

function count(figures: Float64Array, at: number, { status, durationMs }: RequestRecord): void {
  figures[at] = (figures[at] ?? 0) + 1
  figures[at + 1] = (figures[at + 1] ?? 0) + durationMs
  const field = status >= 500 ? 3 : status >= 400 ? 2 : -1
  if (field > 0) figures[at + field] = (figures[at + field] ?? 0) + 1
}

export interface RouteFigures {
  add(now: number, record: RequestRecord): void
  /** Of the last 15 minutes. */
  recent(now: number): readonly RecentRoute[]
  /** Since the start of this process. */
  totals(): readonly RouteTotals[]
}

export function createRouteFigures(): RouteFigures {
  // Three lookups with strings that exist already are cheaper than one with a string that is made for it.
  const rows = new Map<string, Map<string, Map<string, RouteRow>>>()
  const all: RouteRow[] = []

  const rowOf = (record: RequestRecord): RouteRow => {
    const known = rows.get(record.site)?.get(record.route)?.get(record.method)
    if (known !== undefined) return known
    const method = METHODS.has(record.method) ? record.method : 'OTHER'
    const full = all.length >= MOST_ROUTES
    const key = { method, site: full ? '*' : record.site, route: full ? 'other' : record.route }
    const ofSite = entry(rows, key.site, () => new Map<string, Map<string, RouteRow>>())
    return entry(
      entry(ofSite, key.route, () => new Map<string, RouteRow>()),
      method,
      () => {
        const row = new RouteRow(key)
        all.push(row)
        return row
      },
    )
  }

  return {
    add: (now, record) => rowOf(record).add(Math.floor(now / MINUTE_MS), record),
    recent(now) {
      const minute = Math.floor(now / MINUTE_MS)
      return all.map((row) => row.recent(minute)).filter((row) => row.requests > 0)
    },
    totals: () =>
      all.map(({ key, totals, latencies, bytesOut }) => {
        const [requests = 0, totalMs = 0, errors4xx = 0, errors5xx = 0] = totals
        return { ...key, requests, totalMs, errors4xx, errors5xx, bytesOut, latencies }
      }),
  }
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
