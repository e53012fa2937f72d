// `ninefold export <resource>`: everything, or with --as what that person may see.
import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { systemCall } from '../kernel/call.ts'
import { importFormat } from '../resource/transfer/schemas.ts'
import { CommandError, type CommandLine } from './command-line.ts'
import { callAsPerson, pairOf, plainly } from './import.ts'
import { load } from './load.ts'

export async function exportCommand(line: CommandLine): Promise<number> {
  const [resource, extra] = line.words
  if (resource === undefined || extra !== undefined) throw new CommandError('Say what: ninefold export notes --output notes.csv')
  const { as, output, where, options } = line.transfer
  const format = importFormat.safeParse(options['format'] ?? output?.split('.').at(-1) ?? 'csv')
  if (!format.success) throw new CommandError('Give --format csv, xml, json or ndjson.')
  const loaded = await load(line, 'run')
  const { platform } = loaded
  if (platform.transfers === undefined) throw new CommandError('This app has no exports.')
  await platform.startOnly(['folders', 'database', 'cache', 'auth'])
  try {
    const call = as === undefined ? systemCall('command') : await callAsPerson(loaded, as)
    const query = Object.fromEntries(where.map((text) => pairOf('--where', text)))
    const formulas = options['formulas'] === 'keep' ? 'keep' : 'guarded'
    const { content } = await plainly(platform.transfers.export(call, resource, { format: format.data, query, formulas }))
    if (output === undefined) await pipeline(content, process.stdout, { end: false })
    else await pipeline(content, createWriteStream(output, { mode: 0o600 }))
  } finally {
    await platform.stop()
  }
  return 0
}
