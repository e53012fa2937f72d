// Figures: percentiles, seconds, routes and their text for Prometheus.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RequestRecord } from '../contract.ts'
import { BUCKETS, bucketEndMs, bucketOf, percentile } from './histogram.ts'
import { prometheusText } from './prometheus.ts'
import { createRouteFigures } from './by-route.ts'
import { createSeconds } from './seconds.ts'
import { seriesOf, summaryOf, topRoutes } from './status.ts'

const record = (change: Partial<RequestRecord>): RequestRecord => ({
  requestId: 'r',
  at: 0,
  durationMs: 1,
  method: 'GET',
  site: 'app',
  route: '/a',
  status: 200,
  bytesOut: 5,
  client: 'c',
  principal: 'user',
  ...change,
})

test('every latency falls into the bucket that ends at or above it', () => {
  for (const ms of [0, 0.01, 0.05, 0.0500001, 0.1, 1, 3.7, 250, 59_000]) {
    const bucket = bucketOf(ms)
    assert.ok(ms <= bucketEndMs(bucket) * 1.000001, `${ms}`)
    assert.ok(bucket === 0 || ms > bucketEndMs(bucket - 1) * 0.999999, `${ms}`)
  }
  assert.equal(bucketOf(1e9), BUCKETS - 1)
  assert.equal(bucketOf(Number.NaN), 0)
})

test('percentiles are within ten per cent', () => {
  const counts = new Float64Array(BUCKETS)
  for (let ms = 1; ms <= 1000; ms += 1) counts[bucketOf(ms)] = (counts[bucketOf(ms)] ?? 0) + 1
  for (const share of [0.5, 0.95, 0.99]) assert.ok(Math.abs((percentile(counts, share) ?? 0) - share * 1000) < share * 100, `${share}`)
  assert.equal(percentile(new Float64Array(BUCKETS), 0.5), undefined)
})

test('a second is forgotten when its place in the ring is taken', () => {
  const seconds = createSeconds()
  seconds.add(1000, 200, 5)
  seconds.add(1000, 404, 5)
  seconds.add(1001, 503, 500)
  assert.deepEqual(
    { ...seconds.over(1000, 1000), p50: 0, p95: 0, p99: 0 },
    { requests: 2, errors4xx: 1, errors5xx: 0, p50: 0, p95: 0, p99: 0 },
  )
  assert.equal(seconds.over(1000, 1001).requests, 3)
  seconds.add(1000 + 1024, 200, 5)
  assert.equal(seconds.over(1000, 1000).requests, 0)
  assert.equal(seconds.over(2024, 2024).requests, 1)
})

test('the series ends with the last whole second and begins after the one asked for', () => {
  const seconds = createSeconds()
  for (let second = 5000; second < 5010; second += 1) seconds.add(second, second === 5004 ? 500 : 200, 10)
  const series = seriesOf(seconds, 5010, 5003)
  assert.deepEqual(series.second, [5004, 5005, 5006, 5007, 5008, 5009])
  assert.deepEqual(series.errors5xx, [1, 0, 0, 0, 0, 0])
  assert.equal(seriesOf(seconds, 5010).second.length, 900)
  assert.equal(seriesOf(seconds, 5010).p99[0], null)
  const summary = summaryOf(seconds, 5010, 10)
  assert.deepEqual([summary.requestsPerSecond, summary.errorRatio, summary.serverErrorRatio], [1, 0.1, 0.1])
})

test('routes are ranked by time and by errors, of the last 15 minutes', () => {
  const routes = createRouteFigures()
  const minute = 60_000
  routes.add(0, record({ route: '/early', durationMs: 1e6 }))
  for (let index = 0; index < 10; index += 1) routes.add(16 * minute, record({ durationMs: 2 }))
  routes.add(16 * minute, record({ route: '/slow', durationMs: 100 }))
  routes.add(16 * minute, record({ route: '/broken', status: 500 }))
  for (let index = 0; index < 3; index += 1) routes.add(16 * minute, record({ route: '/refused', status: 403 }))
  const { byTime, byErrors } = topRoutes(routes.recent(17 * minute))
  assert.deepEqual(
    byTime.map((row) => row.route),
    ['/slow', '/a', '/refused', '/broken'],
  )
  assert.deepEqual(
    byErrors.map((row) => row.route),
    ['/broken', '/refused'],
  )
  assert.equal(byTime[1]?.requests, 10)
})

test('nothing that a client sends makes more rows than there are routes', () => {
  const routes = createRouteFigures()
  for (let index = 0; index < 100; index += 1) routes.add(0, record({ method: `X${index}`, route: 'unmatched' }))
  assert.deepEqual(
    routes.totals().map((row) => [row.method, row.route, row.requests]),
    [['OTHER', 'unmatched', 100]],
  )
  for (let index = 0; index < 5000; index += 1) routes.add(0, record({ route: `/${index}` }))
  assert.ok(routes.totals().length <= 2001)
})

test('the text for Prometheus has cumulative buckets and escaped labels', () => {
  const routes = createRouteFigures()
  routes.add(0, record({ durationMs: 1 }))
  routes.add(0, record({ durationMs: 30, status: 500 }))
  routes.add(0, record({ durationMs: 1e6, route: '/"odd"\\' }))
  const process = { uptimeSeconds: 1, cpu: 0.5, loopBusy: 0.1, loopDelayP99Ms: 2, rssBytes: 100, heapUsedBytes: 50 }
  const text = prometheusText({ routes: routes.totals(), process, counters: { ninefold_x_total: { help: 'X.', value: 3 } } })
  const mine = 'method="GET",site="app",route="/a"'
  assert.ok(text.includes(`ninefold_http_requests_total{${mine},class="ok"} 1\n`))
  assert.ok(text.includes(`ninefold_http_requests_total{${mine},class="5xx"} 1\n`))
  assert.ok(text.includes(`_bucket{${mine},le="0.0008"} 0\n`))
  assert.ok(text.includes(`_bucket{${mine},le="0.0016"} 1\n`))
  assert.ok(text.includes(`_bucket{${mine},le="0.0512"} 2\n`))
  assert.ok(text.includes(`_bucket{${mine},le="+Inf"} 2\n`))
  assert.ok(text.includes(`_sum{${mine}} 0.031\n`))
  assert.ok(text.includes('route="/\\"odd\\"\\\\"'))
  assert.ok(text.includes('ninefold_event_loop_delay_p99_seconds 0.002\n'))
  assert.ok(text.includes('# TYPE ninefold_x_total counter\nninefold_x_total 3\n'))
  assert.ok(text.endsWith('\n'))
})
