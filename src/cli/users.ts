// `ninefold users import <file>` and `ninefold users export`: people with their passwords and linked identities, in from another system, or out.
import { readFileSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { extname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Moving, RowOutcome } from '../auth/moving/contract.ts'
import { type ConverterOptions, converters, firebaseHashConfig, sourceSystems } from '../auth/moving/converters.ts'
import { type FileFormat, type ReadRow, readRows } from '../auth/moving/reader.ts'
import { besidePlatform } from './beside.ts'
import { commandCall } from './command-call.ts'
import { CommandError, type CommandLine } from './command-line.ts'
import { intoFile, openForReading } from './files.ts'
import { pairOf } from './import.ts'

/** Of a program that has done its work, though not all of the work could be done. */
const SOME_REFUSED = 2
const BATCH = 100
const FORMATS: Readonly<Record<string, FileFormat>> = { '.ndjson': 'ndjson', '.jsonl': 'ndjson', '.json': 'json', '.csv': 'csv' }

const call = commandCall('users')

export async function usersCommand(line: CommandLine): Promise<number> {
  const [way, file, extra] = line.words
  if (way === 'import' && file !== undefined && extra === undefined) return importUsers(line, file)
  if (way === 'export' && file === undefined) return exportUsers(line)
  throw new CommandError('Say which: ninefold users import people.ndjson, or ninefold users export --output people.ndjson')
}

interface Counted {
  made: number
  present: number
  refused: number
}

async function importUsers(line: CommandLine, file: string): Promise<number> {
  const { output, options } = line.transfer
  const format = FORMATS[typeof options['format'] === 'string' ? `.${options['format']}` : extname(file).toLowerCase()]
  if (format === undefined) throw new CommandError('Give --format ndjson, json or csv.')
  const from = sourceSystems.safeParse(line.users.from ?? 'ninefold')
  if (!from.success) throw new CommandError(`--from knows ${sourceSystems.options.join(', ')}.`)
  const converting = converterOptions(line)
  const report = output ?? `${file}.rejects.ndjson`
  const dryRun = options['dryRun'] === true
  return await besidePlatform(line, async ({ platform }) => {
    const input = await openForReading(file)
    const counted: Counted = { made: 0, present: 0, refused: 0 }
    try {
      await intoFile(report, { reads: file }, async (rejects) => {
        const rows = readRows(input.createReadStream({ autoClose: false }), format)
        await moveAll(platform.auth.moving, counted, { rows, converting, from: from.data, dryRun, rejects })
      })
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      throw new CommandError(`${error.message} Until then: ${countedWords(counted, dryRun)}.`, { cause: error })
    } finally {
      await input.close()
    }
    process.stdout.write(summary(counted, { dryRun, report }))
    return counted.refused > 0 ? SOME_REFUSED : 0
  })
}

function countedWords({ made, present, refused }: Counted, dryRun: boolean): string {
  const would = dryRun ? 'would be ' : ''
  return [`${made} ${would}moved in`, ...(present > 0 ? [`${present} already here`] : []), `${refused} refused`].join(', ')
}

function summary(counted: Counted, { dryRun, report }: { dryRun: boolean; report: string }): string {
  return `${countedWords(counted, dryRun)}${counted.refused > 0 ? `: ${report} says which lines, and why` : ''}.${dryRun ? ' Nothing was written.' : ''}\n`
}

function converterOptions({ users }: CommandLine): ConverterOptions {
  const issuers = Object.fromEntries(users.issuers.map((pair) => pairOf('--issuer', pair)))
  if (users.hashConfig === undefined) return { issuers }
  try {
    return { issuers, hashConfig: firebaseHashConfig.parse(JSON.parse(readFileSync(users.hashConfig, 'utf8'))) }
  } catch (cause) {
    throw new CommandError('--hash-config must name a JSON file with base64_signer_key, base64_salt_separator, rounds and mem_cost.', {
      cause,
    })
  }
}

interface Moved {
  readonly rows: AsyncIterable<ReadRow>
  readonly converting: ConverterOptions
  readonly from: keyof typeof converters
  readonly dryRun: boolean
  readonly rejects: FileHandle
}

/** Stopped in the middle, it is run again: whoever is in stays as they are. */
async function moveAll(moving: Moving, counted: Counted, { rows, converting, from, dryRun, rejects }: Moved): Promise<void> {
  // A dry run writes nothing that a second row for one person could be found by.
  const seen = new Map<string, number>()
  const refuse = async (line: number, reason: string): Promise<void> => {
    counted.refused += 1
    await rejects.appendFile(`${JSON.stringify({ line, reason })}\n`)
  }
  let batch: { readonly line: number; readonly value: unknown }[] = []
  const flush = async (): Promise<void> => {
    const outcomes = await moving.moveIn(
      call,
      batch.map(({ value }) => value),
      { from, dryRun },
    )
    for (const [index, { line }] of batch.entries()) await take(outcomes[index], line)
    batch = []
  }
  const take = async (outcome: RowOutcome | undefined, line: number): Promise<void> => {
    if (outcome === undefined) await refuse(line, 'there was no answer for it')
    else if (outcome.outcome === 'refused') await refuse(line, outcome.reason)
    else counted[outcome.outcome] += 1
  }
  for await (const row of rows) {
    const value = 'problem' in row ? row.problem : converters[from](row.value, converting)
    if (typeof value === 'string') {
      await refuse(row.line, value)
      continue
    }
    const email = 'email' in value ? String(value.email).trim().toLowerCase() : ''
    const earlier = email === '' ? undefined : seen.get(email)
    if (earlier !== undefined) await refuse(row.line, `the address is on line ${earlier}, too`)
    else {
      seen.set(email, row.line)
      batch.push({ line: row.line, value })
    }
    if (batch.length >= BATCH) await flush()
  }
  if (batch.length > 0) await flush()
}

async function exportUsers(line: CommandLine): Promise<number> {
  const { output } = line.transfer
  const { withoutPasswords } = line.users
  if (output === undefined) throw new CommandError('Name a file: ninefold users export --output people.ndjson')
  await besidePlatform(line, ({ platform }) =>
    intoFile(output, { mustBeNew: true }, (file) =>
      pipeline(exportedLines(platform.auth.moving, !withoutPasswords), file.createWriteStream()),
    ),
  )
  const warning = withoutPasswords
    ? ''
    : ' It has password hashes in it: keep it like the passwords themselves, and delete it when it has served.'
  process.stdout.write(`${output} has the people of this platform.${warning}\n`)
  return 0
}

async function* exportedLines(moving: Moving, withPasswords: boolean): AsyncGenerator<string> {
  let after: string | undefined
  do {
    const page = await moving.moveOut(call, { withPasswords, ...(after === undefined ? {} : { after }) })
    for (const person of page.items) yield `${JSON.stringify(person)}\n`
    after = page.next
  } while (after !== undefined)
}
