// Probes for whoever runs the platform, figures and the request log for its operators.
import { ok, type Route, route } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { policyReportList } from './reports/schemas.ts'
import { requestFilter, requestPage } from './requests/schemas.ts'
import { platformStatus, statusQuery } from './schemas.ts'
import type { MonitoringService } from './service.ts'

const probe = { method: 'GET', site: '*', allow: { who: 'anyone' }, rate: 'probe' } as const
const operators = { method: 'GET', site: 'console', allow: { who: 'operator' }, rate: 'api' } as const
const fresh = { 'cache-control': 'no-store' }

const alive = z.strictObject({ status: z.literal('ok') })
const readiness = z.strictObject({ status: z.enum(['ok', 'unavailable']), failing: z.array(z.string()) })

export function monitoringRoutes(monitoring: MonitoringService): readonly Route[] {
  return [
    route({
      ...probe,
      path: '/healthz',
      summary: 'Whether the process answers',
      answers: { 200: alive },
      handle: async () => ok({ status: 'ok' }, fresh),
    }),
    route({
      ...probe,
      path: '/readyz',
      summary: 'Whether everything that requests need is there',
      answers: { 200: readiness, 503: readiness },
      async handle() {
        const failing = await monitoring.notReady()
        if (failing.length === 0) return ok({ status: 'ok', failing }, fresh)
        return { status: 503, headers: { ...fresh, 'retry-after': '1' }, body: { json: { status: 'unavailable', failing } } }
      },
    }),
    route({
      ...operators,
      path: '/metrics',
      summary: 'Figures in the text format of Prometheus',
      answers: { 200: 'text' },
      handle: async () => ({
        status: 200,
        headers: fresh,
        body: { text: monitoring.metrics(), type: 'text/plain; version=0.0.4; charset=utf-8' },
      }),
    }),
    route({
      ...operators,
      path: '/api/status',
      summary: 'Rates, errors, latencies, top routes and saturation',
      input: { query: statusQuery },
      answers: { 200: platformStatus },
      handle: async (call, { query }) => ok(await monitoring.status(call, query.since), fresh),
    }),
    route({
      ...operators,
      path: '/api/requests',
      summary: 'The request log, newest first',
      input: { query: requestFilter },
      answers: { 200: requestPage },
      handle: async (call, { query }) => ok(await monitoring.requests(call, query), fresh),
    }),
    route({
      ...operators,
      path: '/api/policy-reports',
      summary: 'Content security policy reports, newest first',
      answers: { 200: policyReportList },
      handle: async (call) => ok(await monitoring.policyReports(call), fresh),
    }),
  ]
}
