// `ninefold users import <file>`: moves in who is in the files, and says what was not taken of them.
import { readFileSync } from 'node:fs'
import { type FileHandle, stat } from 'node:fs/promises'
import { extname } from 'node:path'
import type { Moving, RowOutcome } from '../auth/moving/contract.ts'
import { converters, sourceSystems } from '../auth/moving/converters.ts'
import type { FileFormat } from '../auth/moving/reader.ts'
import { isVouchedFor } from '../auth/moving/systems/auth0.ts'
import { hashConfigIn } from '../auth/moving/systems/firebase.ts'
import type { ConverterOptions } from '../auth/moving/systems/shared.ts'
import { isMembershipWord } from '../auth/roles/membership.ts'
import { besidePlatform } from './beside.ts'
import { commandCall } from './command-call.ts'
import { CommandError, type CommandLine } from './command-line.ts'
import { intoFile, openForReading } from './files.ts'
import { pairOf } from './import.ts'
import { idsFileOf, type NoteIds, withOtherIds } from './users-ids.ts'
import { type Found, joinedByAddress, oncePerAddress, type PersonFound, type Place, type Source } from './users-rows.ts'

/** Of a program that has done its work, though not all of the work could be done. */
const SOME_REFUSED = 2
const BATCH = 100
const FORMATS: Readonly<Record<string, FileFormat>> = { '.ndjson': 'ndjson', '.jsonl': 'ndjson', '.json': 'json', '.csv': 'csv' }

const call = commandCall('users')

type System = keyof typeof converters

interface Counted {
  made: number
  completed: number
  present: number
  /** Of these, those of whom something was not taken. */
  inPart: number
  /** Rows that went to a person of another row. */
  joined: number
  refused: number
}

export async function importUsers(line: CommandLine, files: readonly [string, ...string[]]): Promise<number> {
  const { output, options } = line.transfer
  const system = sourceSystems.safeParse(line.users.from ?? 'ninefold')
  if (!system.success) throw new CommandError(`--from knows ${sourceSystems.options.join(', ')}.`)
  const from = system.data
  const converting = converterOptions(line)
  const source: Source = { files, format: formatOf(files, options['format']), convert: (value) => converters[from](value, converting) }
  const report = output ?? `${files[0]}.rejects.ndjson`
  const dryRun = options['dryRun'] === true
  return await besidePlatform(line, async ({ platform }) => {
    await requireReadable(files, from)
    const counted: Counted = { made: 0, completed: 0, present: 0, inPart: 0, joined: 0, refused: 0 }
    const idsFile = await idsFileOf(files[0], output)
    const rows = from === 'auth0' ? joinedByAddress(source, (written) => isVouchedFor(written, converting)) : oncePerAddress(source)
    let otherIds: number
    try {
      otherIds = await intoFile(report, { reads: files }, (rejects) =>
        withOtherIds(idsFile, [...files, report], (noteIds) =>
          moveAll(platform.auth.moving, counted, { rows, from, dryRun, rejects, noteIds }),
        ),
      )
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      throw new CommandError(`${error.message} Until then: ${countedWords(counted, dryRun)}.`, { cause: error })
    }
    process.stdout.write(summary(counted, { dryRun, report, ids: otherIds === 0 ? '' : idsWords(otherIds, { dryRun, idsFile }) }))
    return counted.refused + counted.inPart > 0 ? SOME_REFUSED : 0
  })
}

function formatOf(files: readonly string[], given: unknown): FileFormat {
  const formats = new Set(files.map((file) => FORMATS[typeof given === 'string' ? `.${given}` : extname(file).toLowerCase()]))
  const [format] = formats
  if (format === undefined || formats.size > 1) throw new CommandError('Give --format ndjson, json or csv.')
  return format
}

async function requireReadable(files: readonly string[], from: System): Promise<void> {
  if (files.length > 1 && from !== 'auth0')
    throw new CommandError('Give one file: only of Auth0 there are several, that of the people and that of their password hashes.')
  for (const file of files) {
    // A pipe would take a first reader for its only one.
    if (from !== 'auth0' && (await stat(file).catch(() => undefined))?.isFIFO() === true) continue
    const input = await openForReading(file)
    const { isFile } = await input.stat().then((found) => ({ isFile: found.isFile() }))
    await input.close()
    if (!isFile && from === 'auth0') throw new CommandError(`${file} cannot be used: it is read twice, so it must be a file.`)
  }
}

function countedWords({ made, completed, present, inPart, joined, refused }: Counted, dryRun: boolean): string {
  const would = dryRun ? 'would be ' : ''
  return [
    `${made} ${would}moved in`,
    ...(completed > 0 ? [`${completed} ${would}completed`] : []),
    ...(present > 0 ? [`${present} already here`] : []),
    ...(joined > 0 ? [`${joined} further rows of the same people`] : []),
    ...(inPart > 0 ? [`${inPart} not taken whole`] : []),
    `${refused} refused`,
  ].join(', ')
}

/** Said though nothing is missing of them: whoever keys records by the old id would lose them. */
function idsWords(count: number, { dryRun, idsFile }: { dryRun: boolean; idsFile: string }): string {
  return ` Of these people ${count} ${dryRun ? 'would have' : 'have'} another id here than there, which is the sub of tokens: ${idsFile} names both.`
}

function summary(counted: Counted, { dryRun, report, ids }: { dryRun: boolean; report: string; ids: string }): string {
  const why = counted.refused + counted.inPart > 0 ? `: ${report} says which rows, and why` : ''
  return `${countedWords(counted, dryRun)}${why}.${ids}${dryRun ? ' Nothing was written.' : ''}\n`
}

function converterOptions({ users }: CommandLine): ConverterOptions {
  const issuers = Object.fromEntries(users.issuers.map((pair) => pairOf('--issuer', pair)))
  const named = { issuers, roles: namesOf('--map-role', users.roles), groups: namesOf('--map-group', users.groups) }
  if (users.hashConfig === undefined) return named
  try {
    return { ...named, hashConfig: hashConfigIn(readFileSync(users.hashConfig, 'utf8')) }
  } catch (cause) {
    throw new CommandError(
      '--hash-config must name a file with base64_signer_key, base64_salt_separator, rounds and mem_cost: as the console of Firebase shows them (hash_config { ... }), or as JSON.',
      {
        cause,
      },
    )
  }
}

/** What they have here for each name there; nothing behind the sign leaves it out. */
function namesOf(option: string, pairs: readonly string[]): ReadonlyMap<string, string> {
  const names = new Map(pairs.map((pair) => pairOf(option, pair)))
  for (const name of names.values())
    if (name !== '' && !isMembershipWord(name))
      throw new CommandError(
        `${option}: ${JSON.stringify(name)} cannot be a role or a group: use up to 63 lower-case letters, digits, "_", "." and "-", beginning with a letter or a digit.`,
      )
  return names
}

interface Moved {
  readonly rows: AsyncIterable<Found>
  readonly from: System
  readonly dryRun: boolean
  readonly rejects: FileHandle
  readonly noteIds: NoteIds
}

/** Stopped in the middle, it is run again: whoever is in stays as they are. */
async function moveAll(moving: Moving, counted: Counted, { rows, from, dryRun, rejects, noteIds }: Moved): Promise<void> {
  const tell = async (place: Place, outcome: RowOutcome['outcome'], reason: string): Promise<void> => {
    await rejects.appendFile(`${JSON.stringify({ ...place, outcome, reason })}\n`)
  }
  const refuse = async (place: Place, reason: string): Promise<void> => {
    counted.refused += 1
    await tell(place, 'refused', reason)
  }
  let batch: PersonFound[] = []
  const flush = async (): Promise<void> => {
    const outcomes = await moving.moveIn(
      call,
      batch.map(({ value }) => value),
      { from, dryRun },
    )
    for (const [index, found] of batch.entries()) await take(outcomes[index], found)
    batch = []
  }
  const take = async (outcome: RowOutcome | undefined, { place, ids, left, others = 0 }: PersonFound): Promise<void> => {
    if (outcome === undefined) return refuse(place, 'there was no answer for it')
    if (outcome.outcome === 'refused') return refuse(place, outcome.reason)
    counted[outcome.outcome] += 1
    counted.joined += others
    await noteIds(outcome.accountId, ids)
    const reasons = [...left, ...(outcome.left === undefined ? [] : [outcome.left])]
    if (reasons.length === 0) return undefined
    counted.inPart += 1
    return tell(place, outcome.outcome, reasons.join('; '))
  }
  for await (const row of rows) {
    if ('problem' in row) await refuse(row.place, row.problem)
    else batch.push(row)
    if (batch.length >= BATCH) await flush()
  }
  if (batch.length > 0) await flush()
}
