// `ninefold import <resource> <file or address> --as <email>`: in this process, beside a running platform or without one.
import { createReadStream, statSync } from 'node:fs'
import { basename, extname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type Call, systemCall } from '../kernel/call.ts'
import { fieldProblems } from '../kernel/schema.ts'
import type { ImportOptions, ImportView, OwnTransfers } from '../resource/transfer/contract.ts'
import { importOptions } from '../resource/transfer/schemas.ts'
import { besidePlatform } from './beside.ts'
import { CommandError, type CommandLine } from './command-line.ts'
import { intoFile, requireWritable } from './files.ts'
import type { Loaded } from './load.ts'
import { progressBar } from './progress.ts'

/** Of a program that has done its work, though not all of the work could be done. */
const SOME_REJECTED = 2
const TYPES: Readonly<Record<string, string>> = {
  '.csv': 'text/csv',
  '.tsv': 'text/csv',
  '.xml': 'application/xml',
  '.json': 'application/json',
  '.ndjson': 'application/x-ndjson',
  '.jsonl': 'application/x-ndjson',
}

export async function importCommand(line: CommandLine): Promise<number> {
  const [resource, source, extra] = line.words
  const { as, output } = line.transfer
  if (resource === undefined || source === undefined || extra !== undefined || as === undefined)
    throw new CommandError('Say what and whose: ninefold import notes notes.csv --as ada@example.org')
  const options = optionsOf(line)
  return await besidePlatform(line, async (loaded) => {
    const { transfers } = loaded.platform
    if (transfers === undefined) throw new CommandError('This app has no imports.')
    const call = await callAsPerson(loaded, as)
    const file = output ?? `${resource}-rejects.csv`
    await requireWritable(file, { reads: [source] })
    const begun = await begin(transfers, call, { resource, source, options })
    const ended = await runToEnd(transfers, call, begun)
    return await tell({ transfers, call, ended, file })
  })
}

/** On the authority that the person would have in the app's own frontend. */
export async function callAsPerson({ platform, app }: Loaded, email: string): Promise<Call> {
  const found = await platform.auth.changeMembership(systemCall('command'), { email })
  if (found === undefined) throw new CommandError(`Nobody has the address ${JSON.stringify(email)}.`)
  const { accountId, roles, groups } = found
  const own = { sessionId: 'command-line', clientId: app.frontends[0]?.name ?? '', firstParty: true, scopes: Object.keys(app.scopes) }
  return { ...systemCall('command'), principal: { kind: 'user', accountId, roles, groups, ...own } }
}

function optionsOf({ transfer }: CommandLine): ImportOptions {
  const map = Object.fromEntries(transfer.map.map((text) => pairOf('--map', text)))
  const constants = Object.fromEntries(
    transfer.constants.map((text) => pairOf('--constant', text)).map(([field, value]) => [field, valueOf(value)]),
  )
  const parsed = importOptions.safeParse({
    ...transfer.options,
    ...(transfer.map.length === 0 ? {} : { map }),
    ...(transfer.constants.length === 0 ? {} : { constants }),
  })
  if (parsed.success) return parsed.data
  throw new CommandError(
    fieldProblems(parsed.error)
      .map(({ field, message }) => `${field}: ${message}`)
      .join('\n'),
  )
}

export function pairOf(option: string, text: string): readonly [string, string] {
  const at = text.indexOf('=')
  if (at < 1) throw new CommandError(`${option} wants name=value, not ${JSON.stringify(text)}.`)
  return [text.slice(0, at), text.slice(at + 1)]
}

/** A number, a list or the like is written as JSON; all else is text. */
function valueOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

interface Begin {
  readonly resource: string
  readonly source: string
  readonly options: ImportOptions
}

async function begin(transfers: OwnTransfers, call: Call, { resource, source, options }: Begin): Promise<ImportView> {
  if (/^https?:\/\//.test(source)) return await transfers.beginFrom(call, resource, { ...options, url: source })
  if (source === '-') return await transfers.beginFile(call, resource, { options, contentType: '', content: process.stdin })
  const found = statSync(source, { throwIfNoEntry: false })
  if (found?.isFile() !== true) throw new CommandError(`There is no file ${source}.`)
  const extension = extname(source).toLowerCase()
  const contentType = TYPES[extension] ?? ''
  if (contentType === '' && options.format === undefined)
    throw new CommandError(`${basename(source)} does not say what it is; add --format.`)
  const tabs: ImportOptions = extension === '.tsv' ? { delimiter: '\t', ...options } : options
  return await transfers.beginFile(call, resource, { options: tabs, contentType, content: createReadStream(source) })
}

async function runToEnd(transfers: OwnTransfers, call: Call, begun: ImportView): Promise<ImportView> {
  const bar = progressBar(process.stderr)
  // Whoever interrupts it does not want the rest of it; what a crash interrupts, a running platform goes on with.
  const stop = (): void => void transfers.remove(call, begun.resource, begun.id).catch(() => {})
  process.once('SIGINT', stop).once('SIGTERM', stop)
  try {
    return await transfers.run(systemCall('command'), begun.id, (view) => bar.show(view))
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
    bar.end()
  }
}

interface Tell {
  readonly transfers: OwnTransfers
  readonly call: Call
  readonly ended: ImportView
  readonly file: string
}

async function tell({ transfers, call, ended, file }: Tell): Promise<number> {
  const { rows, stored, rejected } = ended.progress
  const verb = ended.dryRun ? 'would be stored' : 'stored'
  process.stdout.write(`${ended.state}: ${rows} rows, ${stored} ${verb}, ${rejected} rejected\n`)
  if (ended.problem !== undefined) process.stderr.write(`${ended.problem}\n`)
  if (rejected > 0) {
    const report = await transfers.report(call, ended.resource, { id: ended.id, format: file.endsWith('.ndjson') ? 'ndjson' : 'csv' })
    await intoFile(file, {}, (output) => pipeline(report.content, output.createWriteStream()))
    process.stdout.write(`The rejected rows are in ${file}, each with its reason; corrected, that file can be imported.\n`)
  }
  if (ended.state !== 'done') return 1
  return rejected > 0 ? SOME_REJECTED : 0
}
