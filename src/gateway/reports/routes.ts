// Reports that browsers send about the content security policy (CSP3 `report-uri`, Reporting API `report-to`).
import { parseJson, readBytes, requireContentType } from '#kernel/http/body.ts'
import { httpErrors } from '#kernel/http/problem.ts'
import { type Route, route } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import type { Monitoring } from '../../monitoring/contract.ts'
import { REPORT_PATH } from '../headers.ts'

const MAX_BYTES = 16 * 1024
const MAX_REPORTS = 20
const TYPES = new Set(['application/reports+json', 'application/csp-report', 'application/json'])

const text = z.string().max(4096).default('')
const oldReport = z.object({
  'csp-report': z.object({ 'document-uri': text, 'violated-directive': text, 'effective-directive': text, 'blocked-uri': text }),
})
const newReports = z
  .array(z.object({ type: z.string(), body: z.object({ documentURL: text, effectiveDirective: text, blockedURL: text }) }))
  .max(MAX_REPORTS)

type Report = Parameters<Monitoring['recordPolicyReport']>[0]

/** Queries and fragments may carry what no log should. */
function withoutQuery(address: string): string {
  return address.replace(/[?#].*$/s, '').slice(0, 512)
}

function reportsOf(value: unknown): Report[] {
  const single = oldReport.safeParse(value)
  if (single.success) {
    const report = single.data['csp-report']
    const directive = report['effective-directive'] || report['violated-directive']
    return [{ documentUri: withoutQuery(report['document-uri']), directive, blockedUri: withoutQuery(report['blocked-uri']) }]
  }
  const several = newReports.safeParse(value)
  if (!several.success) throw httpErrors.invalid()
  return several.data
    .filter(({ type }) => type === 'csp-violation')
    .map(({ body }) => ({
      documentUri: withoutQuery(body.documentURL),
      directive: body.effectiveDirective,
      blockedUri: withoutQuery(body.blockedURL),
    }))
}

export function reportRoutes(monitoring: Monitoring): Route[] {
  return [
    route({
      method: 'POST',
      path: REPORT_PATH,
      site: '*',
      allow: { who: 'anyone' },
      rate: 'probe',
      body: 'stream',
      maxBodyBytes: MAX_BYTES,
      csrfExempt: 'browsers send reports without a token; a report changes nothing but a counter and a log',
      answers: { 204: 'empty' },
      summary: 'Collects content security policy reports',
      async handle(_call, _input, exchange) {
        requireContentType(exchange.request, TYPES)
        for (const report of reportsOf(parseJson(await readBytes(exchange.request, MAX_BYTES)))) monitoring.recordPolicyReport(report)
        return { status: 204 }
      },
    }),
  ]
}
