// An import as its owner sees it.
import type { ImportRecord, ImportView } from '../schemas.ts'

export function viewOf(record: ImportRecord): ImportView {
  const self = `/api/${record.resource}/imports/${record.id}`
  return {
    id: record.id,
    resource: record.resource,
    state: record.state,
    ...(record.format === undefined ? {} : { format: record.format }),
    dryRun: record.options.dryRun === true,
    createdAt: new Date(record.createdAt).toISOString(),
    ...(record.endedAt === undefined ? {} : { endedAt: new Date(record.endedAt).toISOString() }),
    progress: {
      rows: record.rows,
      stored: record.stored,
      rejected: record.rejected,
      bytes: record.offset,
      totalBytes: record.bytes,
    },
    ...(record.problem === undefined ? {} : { problem: record.problem }),
    links: { self, rejects: `${self}/rejects` },
  }
}
