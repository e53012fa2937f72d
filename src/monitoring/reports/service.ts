// Policy reports: anybody can send them, so they are shortened, counted together and bounded before they are kept.
import { type Call, systemCall } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { newId } from '#kernel/ids.ts'
import type { Logger } from '#kernel/log.ts'
import type { Monitoring } from '../contract.ts'
import type { ReportRepository } from './repository.ts'
import type { PolicyReportList } from './schemas.ts'

type Report = Parameters<Monitoring['recordPolicyReport']>[0]

const FLUSH_MS = 2000
/** Different reports per flush; more are counted and dropped. */
const MOST_PENDING = 50
const MOST_SHOWN = 100
const DAY_MS = 24 * 60 * 60 * 1000

export interface PolicyReports {
  add(report: Report): void
  newest(call: Call): Promise<PolicyReportList>
  start(): void
  stop(): Promise<void>
  dropped(): number
}

export interface PolicyReportParts {
  readonly repository: ReportRepository
  readonly clock: Clock
  readonly logger: Logger
  readonly retentionDays: number
}

export function createPolicyReports({ repository, clock, logger, retentionDays }: PolicyReportParts): PolicyReports {
  const pending = new Map<string, { readonly report: Report; count: number }>()
  let dropped = 0
  let timer: NodeJS.Timeout | undefined

  const flush = async (): Promise<void> => {
    const at = clock.now()
    const batch = [...pending.values()].map(({ report, count }) => ({
      ...report,
      count,
      id: newId(at),
      at,
      expiresAt: at + retentionDays * DAY_MS,
    }))
    pending.clear()
    if (batch.length === 0) return
    try {
      await repository.insertAll(systemCall('monitoring'), batch)
    } catch (error) {
      dropped += batch.length
      logger.warn({ err: error }, 'policy reports cannot be written')
    }
  }

  return {
    add(report) {
      const short = {
        documentUri: bare(report.documentUri),
        directive: report.directive.slice(0, 100),
        blockedUri: bare(report.blockedUri),
      }
      const key = Object.values(short).join('\n')
      const known = pending.get(key)
      if (known !== undefined) known.count += 1
      else if (pending.size < MOST_PENDING) pending.set(key, { report: short, count: 1 })
      else dropped += 1
    },
    async newest(call) {
      const rows = await repository.newest(call, MOST_SHOWN)
      return { items: rows.map(({ expiresAt: _expiry, at, ...row }) => ({ ...row, at: new Date(at).toISOString() })) }
    },
    start() {
      timer = setInterval(() => void flush(), FLUSH_MS)
      timer.unref()
    },
    async stop() {
      clearInterval(timer)
      await flush()
    },
    dropped: () => dropped,
  }
}

function bare(uri: string): string {
  return (uri.split(/[?#]/, 1)[0] ?? '').slice(0, 300).toWellFormed()
}
