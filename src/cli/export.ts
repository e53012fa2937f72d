// `ninefold export <resource>`: everything, or with --as what that person may see.
import { pipeline } from 'node:stream/promises'
import { systemCall } from '../kernel/call.ts'
import { importFormat } from '../resource/transfer/schemas.ts'
import { besidePlatform } from './beside.ts'
import { CommandError, type CommandLine } from './command-line.ts'
import { intoFile } from './files.ts'
import { callAsPerson, pairOf } from './import.ts'

export async function exportCommand(line: CommandLine): Promise<number> {
  const [resource, extra] = line.words
  if (resource === undefined || extra !== undefined) throw new CommandError('Say what: ninefold export notes --output notes.csv')
  const { as, output, where, options } = line.transfer
  const format = importFormat.safeParse(options['format'] ?? output?.split('.').at(-1) ?? 'csv')
  if (!format.success) throw new CommandError('Give --format csv, xml, json or ndjson.')
  return await besidePlatform(line, async (loaded) => {
    const { transfers } = loaded.platform
    if (transfers === undefined) throw new CommandError('This app has no exports.')
    const call = as === undefined ? systemCall('command') : await callAsPerson(loaded, as)
    const query = Object.fromEntries(where.map((text) => pairOf('--where', text)))
    const formulas = options['formulas'] === 'keep' ? 'keep' : 'guarded'
    const { content } = await transfers.export(call, resource, { format: format.data, query, formulas })
    if (output === undefined) await pipeline(content, process.stdout, { end: false })
    else await intoFile(output, {}, (file) => pipeline(content, file.createWriteStream()))
    return 0
  })
}
