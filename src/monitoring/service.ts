// Recording, and the views that operators have of it. Nothing in here may fail or slow a request.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { isOurFault } from '#kernel/errors.ts'
import { lineWriter, type Logger } from '#kernel/log.ts'
import type { Monitoring, RequestRecord } from './contract.ts'
import type { ProcessWatch } from './figures/process.ts'
import { prometheusText } from './figures/prometheus.ts'
import { createRouteFigures } from './figures/by-route.ts'
import { createSeconds } from './figures/seconds.ts'
import { seriesOf, summaryOf, topRoutes } from './figures/status.ts'
import type { Pseudonyms } from './pseudonym/service.ts'
import type { Readiness } from './readiness.ts'
import type { PolicyReports } from './reports/service.ts'
import type { PolicyReportList } from './reports/schemas.ts'
import type { RequestLog } from './requests/log.ts'
import type { RequestRepository } from './requests/repository.ts'
import type { RequestFilter, RequestPage } from './requests/schemas.ts'
import { searchRequests } from './requests/search.ts'
import type { PlatformStatus } from './schemas.ts'

export interface MonitoringService extends Monitoring {
  status(call: Call, since: number | undefined): Promise<PlatformStatus>
  requests(call: Call, filter: RequestFilter): Promise<RequestPage>
  policyReports(call: Call): Promise<PolicyReportList>
  /** Rendered at most once a second. */
  metrics(): string
  notReady(): Promise<readonly string[]>
}

export interface MonitoringParts {
  readonly requestLog: RequestLog
  readonly requestRepository: RequestRepository
  readonly reports: PolicyReports
  readonly pseudonyms: Pseudonyms
  readonly process: ProcessWatch
  readonly readiness: Readiness
  readonly clock: Clock
  readonly logger: Logger
  readonly settings: { readonly retentionDays: number; readonly pseudonymise: boolean }
}

export function createMonitoringService(parts: MonitoringParts): MonitoringService {
  const { requestLog, reports, pseudonyms, clock, logger, settings } = parts
  const seconds = createSeconds()
  const routes = createRouteFigures()
  const writeLine = lineWriter<RequestRecord>(logger, 'request')
  let rendered = { second: -1, text: '' }

  return {
    recordRequest(given) {
      try {
        // Without the switch nothing that is kept tells two clients apart.
        const record = settings.pseudonymise ? given : { ...given, client: 'off' }
        const now = clock.now()
        seconds.add(Math.floor(now / 1000), record.status, record.durationMs)
        routes.add(now, record)
        requestLog.add(record)
        writeLine(isOurFault(record.status) ? 'error' : 'info', record)
      } catch {
        // There is nobody to tell: the log itself may be what failed, and the answer has been sent.
      }
    },
    pseudonym: (address) => pseudonyms.of(address),
    recordPolicyReport: (report) => reports.add(report),

    async status(_call, since) {
      const now = clock.now()
      const second = Math.floor(now / 1000)
      const process = parts.process.latest()
      return {
        at: new Date(now).toISOString(),
        now: summaryOf(seconds, second, process.uptimeSeconds),
        series: seriesOf(seconds, second, since),
        routes: topRoutes(routes.recent(now)),
        process,
        requestLog: {
          queued: requestLog.queued(),
          dropped: requestLog.dropped(),
          retentionDays: settings.retentionDays,
          pseudonyms: settings.pseudonymise,
        },
        notReady: [...(await parts.readiness.failing())],
      }
    },
    requests: (call, filter) => searchRequests(parts.requestRepository, call, filter),
    policyReports: (call) => reports.newest(call),
    metrics() {
      const second = Math.floor(clock.now() / 1000)
      if (rendered.second !== second) {
        const counters = {
          ninefold_request_log_dropped_total: { help: 'Requests that the request log could not keep.', value: requestLog.dropped() },
          ninefold_policy_reports_dropped_total: { help: 'Policy reports that were not kept.', value: reports.dropped() },
        }
        rendered = { second, text: prometheusText({ routes: routes.totals(), process: parts.process.latest(), counters }) }
      }
      return rendered.text
    },
    notReady: () => parts.readiness.failing(),
  }
}
