// The imports of one person with the rows that could not be taken: for the download of their data. Not the address that one fetches from, which may hold a key.
import { Readable } from 'node:stream'
import type { OwnedImports } from '../contract.ts'
import type { ImportsRepository } from './repository.ts'
import { reportAsNdjson } from './report.ts'
import type { Spool } from './spool.ts'
import { viewOf } from './view.ts'

export interface OwnedImportsParts {
  readonly imports: Pick<ImportsRepository, 'pageByOwner' | 'find'>
  readonly spool: Pick<Spool, 'readReport'>
}

export function ownedImports({ imports, spool }: OwnedImportsParts): OwnedImports {
  return {
    async page(call, ownerId, after) {
      if (call.principal.kind !== 'system') return { items: [] }
      const { items, next } = await imports.pageByOwner(call, ownerId, after)
      const shown = items.map(({ value }) => {
        const { options, columns, principal, createdAt, reportBytes } = value
        const { links: _links, ...view } = viewOf(value)
        const said = { ...view, clientId: principal.clientId, options, ...(columns === undefined ? {} : { columns }) }
        return { shown: said, id: value.id, createdAt, hasRejects: reportBytes > 0 }
      })
      return { items: shown, ...(next === undefined ? {} : { next }) }
    },
    async rejects(call, id) {
      if (call.principal.kind !== 'system') return undefined
      const record = (await imports.find(call, id))?.value
      if (record === undefined || record.reportBytes === 0) return undefined
      return Readable.from(reportAsNdjson(spool.readReport(id, record.reportBytes)), { objectMode: false })
    },
  }
}
