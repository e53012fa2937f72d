// Everything as it was at one moment, on a connection of its own, while writes go on.
import type { CollectionLayout } from '../../layout.ts'
import type { Snapshot, WholeRow } from '../../ports.ts'
import { consumerOf, eventOf, type Ledger } from './ledger.ts'
import type { Command, Outcome, Session } from './session.ts'
import type { Value } from './statement.ts'
import type { Table } from './table.ts'

interface SnapshotParts {
  readonly session: Session
  readonly ledger: Ledger
  readonly tableOf: (collection: CollectionLayout) => Table
  /** Every event up to this number is in the snapshot. */
  readonly head: number
}

/** The first statement fixes the moment; so the head, which was settled before, is not past it. */
export async function openSnapshot({ session, ledger, tableOf, head }: SnapshotParts): Promise<Snapshot> {
  await session.script('begin isolation level repeatable read read only')
  await session.script('select 1')
  const read = async (command: Command): Promise<Outcome['rows']> => {
    const [outcome] = await session.execute([command])
    return outcome?.rows ?? []
  }
  return {
    async rows(collection, { after = '', limit }) {
      const table = tableOf(collection)
      const rows = await read({ statement: table.wholeRows, values: [after, String(limit)] })
      return rows.map((row) => wholeRowOf(row, table))
    },
    events: async (page) => (await read(ledger.page(page))).map(eventOf),
    consumers: async () => (await read(ledger.consumers)).map(consumerOf),
    head: () => head,
    async close() {
      if (session.isOpen) await session.end()
    },
  }
}

function wholeRowOf(row: readonly Value[], table: Table): WholeRow {
  const [version, shape, expiresAt, id] = row
  return {
    id: id ?? '',
    version: Number(version),
    shape: Number(shape),
    expiresAt: typeof expiresAt === 'string' ? Number(expiresAt) : null,
    document: table.decode(row, 3),
  }
}
