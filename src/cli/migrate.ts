// `ninefold migrate`: brings the database to what the app declares without serving anybody; with `--plan` it says what that would be.
import { systemCall } from '../kernel/call.ts'
import type { DatabasePlan } from '../database/contract.ts'
import type { CommandLine } from './command-line.ts'
import { load } from './load.ts'
import { table } from './table.ts'

export async function migrateCommand(line: CommandLine): Promise<number> {
  const call = systemCall('migrate')
  const { platform } = await load(line, line.plan ? 'look' : 'run')
  const plan = await platform.database.plan(call)
  process.stdout.write(described(plan))
  if (line.plan) return 0
  await platform.startOnly(['folders', 'database'])
  try {
    await platform.database.settled(call)
  } finally {
    await platform.stop()
  }
  process.stdout.write('The database is what the app declares.\n')
  return 0
}

function described({ statements, rewrites }: DatabasePlan): string {
  if (statements.length === 0 && rewrites.length === 0) return 'Nothing has to be changed.\n'
  const rows = rewrites.map(({ collection, from, to, documents, beforeStart }) => [
    collection,
    `${from} to ${to}`,
    String(documents),
    beforeStart ? 'before the start ends' : 'while it is in use',
  ])
  return [
    ...(statements.length === 0
      ? []
      : [`Statements (${statements.length}):\n\n${statements.map((statement) => `${statement};\n`).join('')}\n`]),
    ...(rows.length === 0 ? [] : [`${table([['collection', 'shape', 'documents to rewrite', 'when'], ...rows])}\n`]),
  ].join('')
}
