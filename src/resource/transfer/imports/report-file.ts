// The report as a download.
import { Readable } from 'node:stream'
import type { Report } from '../contract.ts'
import type { ImportRecord } from '../schemas.ts'
import { reportAsCsv, reportAsNdjson } from './report.ts'
import type { Spool } from './spool.ts'

export function reportStream(spool: Spool, record: ImportRecord, format: 'csv' | 'ndjson'): Report {
  // What is behind the checkpoint's length belongs to a batch that is not stored.
  const content = record.reportBytes === 0 ? Readable.from([]) : spool.readReport(record.id, record.reportBytes)
  const lines = format === 'csv' ? reportAsCsv(content, record.columns) : reportAsNdjson(content)
  return {
    type: format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson',
    fileName: `${record.resource}-rejects.${format}`,
    content: Readable.from(lines, { objectMode: false }),
  }
}
