// The figures as Prometheus reads them (text format 0.0.4).
import { BUCKETS, bucketEndMs } from './histogram.ts'
import type { ProcessFigures } from './process.ts'
import type { RouteKey, RouteTotals } from './by-route.ts'

// Every fourth bucket ends at a doubling: 0.05 ms, 0.1 ms, ... 52 s.
const ENDS = Array.from({ length: 21 }, (_, index) => index * 4)

export interface MetricsInput {
  readonly routes: readonly RouteTotals[]
  readonly process: ProcessFigures
  readonly counters: Readonly<Record<string, { readonly help: string; readonly value: number }>>
}

export function prometheusText({ routes, process, counters }: MetricsInput): string {
  const lines = [
    '# HELP ninefold_http_requests_total Requests answered, by route and class of status.',
    '# TYPE ninefold_http_requests_total counter',
    ...routes.flatMap(requestLines),
    '# HELP ninefold_http_request_duration_seconds Time from the first byte of a request to the end of its answer.',
    '# TYPE ninefold_http_request_duration_seconds histogram',
    ...routes.flatMap(durationLines),
    '# HELP ninefold_http_response_bytes_total Bytes of bodies sent.',
    '# TYPE ninefold_http_response_bytes_total counter',
    ...routes.map((route) => `ninefold_http_response_bytes_total{${labels(route)}} ${route.bytesOut}`),
    ...Object.entries(counters).flatMap(([name, { help, value }]) => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} counter`,
      `${name} ${value}`,
    ]),
    ...gauge('ninefold_event_loop_delay_p99_seconds', 'Lateness of the event loop in 99 of 100 turns.', process.loopDelayP99Ms / 1000),
    ...gauge('ninefold_event_loop_busy_ratio', 'Share of the time in which the main thread was not idle.', process.loopBusy),
    ...gauge('ninefold_cpu_ratio', 'CPU time used per second.', process.cpu),
    ...gauge('process_resident_memory_bytes', 'Resident memory.', process.rssBytes),
    ...gauge('ninefold_heap_used_bytes', 'JavaScript heap in use.', process.heapUsedBytes),
    ...gauge('ninefold_uptime_seconds', 'Time since the process started.', process.uptimeSeconds),
  ]
  return `${lines.join('\n')}\n`
}

function gauge(name: string, help: string, value: number): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, `${name} ${rounded(value)}`]
}

function requestLines(route: RouteTotals): string[] {
  const name = `ninefold_http_requests_total{${labels(route)}`
  const fine = route.requests - route.errors4xx - route.errors5xx
  return [`${name},class="ok"} ${fine}`, `${name},class="4xx"} ${route.errors4xx}`, `${name},class="5xx"} ${route.errors5xx}`]
}

function durationLines(route: RouteTotals): string[] {
  const name = 'ninefold_http_request_duration_seconds'
  const lines: string[] = []
  let below = 0
  let next = 0
  for (const end of ENDS) {
    for (; next <= Math.min(end, BUCKETS - 1); next += 1) below += route.latencies[next] ?? 0
    lines.push(`${name}_bucket{${labels(route)},le="${rounded(bucketEndMs(end) / 1000)}"} ${below}`)
  }
  return [
    ...lines,
    `${name}_bucket{${labels(route)},le="+Inf"} ${route.requests}`,
    `${name}_sum{${labels(route)}} ${rounded(route.totalMs / 1000)}`,
    `${name}_count{${labels(route)}} ${route.requests}`,
  ]
}

function labels({ method, site, route }: RouteKey): string {
  return `method="${escaped(method)}",site="${escaped(site)}",route="${escaped(route)}"`
}

function escaped(text: string): string {
  return text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')
}

function rounded(value: number): number {
  return Number(value.toPrecision(6))
}
