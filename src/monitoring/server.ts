// The wiring of monitoring.
import type { Clock } from '#kernel/clock.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import { defineServer, type Running } from '#kernel/lifecycle.ts'
import type { Logger } from '#kernel/log.ts'
import type { Database } from '../database/contract.ts'
import type { Monitoring } from './contract.ts'
import { createProcessWatch } from './figures/process.ts'
import { createDayKeys } from './pseudonym/repository.ts'
import { createPseudonyms, unstoredKeys } from './pseudonym/service.ts'
import { purgeJob } from './purge.ts'
import { createReadiness } from './readiness.ts'
import { createReportRepository } from './reports/repository.ts'
import { createPolicyReports } from './reports/service.ts'
import { createRequestLog } from './requests/log.ts'
import { createRequestRepository } from './requests/repository.ts'
import { monitoringRoutes } from './routes.ts'
import { createMonitoringService } from './service.ts'

export interface MonitoringOptions {
  /** A database of its own: a flood of log lines must not slow the data. */
  readonly database: Database
  /** Keys of days are stored sealed. */
  readonly keyRing: KeyRing
  readonly clock: Clock
  readonly logger: Logger
  readonly settings: { readonly retentionDays: number; readonly pseudonymise: boolean }
  /** Name to problem, for every server. */
  readonly readiness: () => Promise<Record<string, string | undefined>>
}

const UPKEEP_MS = 60_000

export const monitoringServer = defineServer<MonitoringOptions, Monitoring>({
  name: 'monitoring',
  needs: ['database'],
  create({ database, keyRing, clock, logger, settings, readiness }): Running<Monitoring> {
    const { retentionDays, pseudonymise } = settings
    const requestRepository = createRequestRepository(database)
    const requestLog = createRequestLog({ repository: requestRepository, clock, logger, retentionDays })
    const reports = createPolicyReports({ repository: createReportRepository(database), clock, logger, retentionDays })
    const dayKeys = createDayKeys(database, keyRing)
    const pseudonyms = createPseudonyms({ keys: pseudonymise ? dayKeys : unstoredKeys, clock, logger })
    const process = createProcessWatch()
    const service = createMonitoringService({
      requestLog,
      requestRepository,
      reports,
      pseudonyms,
      process,
      readiness: createReadiness({ ask: readiness, clock, logger }),
      clock,
      logger,
      settings,
    })
    let upkeep: NodeJS.Timeout | undefined
    return {
      contract: service,
      routes: monitoringRoutes(service),
      jobs: [purgeJob(requestRepository, clock, retentionDays)],
      async start() {
        await pseudonyms.upkeep()
        upkeep = setInterval(() => void pseudonyms.upkeep(), UPKEEP_MS)
        upkeep.unref()
        requestLog.start()
        reports.start()
        process.start()
      },
      async stop() {
        clearInterval(upkeep)
        process.stop()
        await requestLog.stop()
        await reports.stop()
        pseudonyms.forget()
      },
      // Losing the log slows nobody: what is not written is counted as dropped.
      health: async () => undefined,
    }
  },
})
