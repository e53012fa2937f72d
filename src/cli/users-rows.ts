// The people in the files of `users import`: each row with its place, as what it makes of a person or as what is wrong with it.
import { normaliseEmail } from '../auth/accounts/email.ts'
import { type FileFormat, type ReadRow, readRows } from '../auth/moving/reader.ts'
import { personRow } from '../auth/moving/schemas.ts'
import { type Auth0Row, joined } from '../auth/moving/systems/auth0-accounts.ts'
import type { Converted } from '../auth/moving/systems/shared.ts'
import { openForReading } from './files.ts'

/** What somebody finds the row by. */
export interface Place {
  /** Where there are several. */
  readonly file?: string
  readonly line: number
  readonly entry?: number
  readonly id?: string
  readonly email?: string
}

export interface PersonFound {
  readonly place: Place
  readonly value: object
  /** Those that it has there: of several rows, each its own. */
  readonly ids: readonly string[]
  /** What it has there and does not bring along. */
  readonly left: readonly string[]
  /** What the system has written, of which it is. */
  readonly written?: unknown
  /** How many further rows are this person, too. */
  readonly others?: number
}

export type Found = PersonFound | { readonly place: Place; readonly problem: string }

export interface Source {
  readonly files: readonly string[]
  readonly format: FileFormat
  convert(this: void, value: unknown): Converted | string
}

async function* rowsOf({ files, format, convert }: Source): AsyncGenerator<Found> {
  for (const file of files) {
    const input = await openForReading(file)
    try {
      for await (const row of readRows(input.createReadStream({ autoClose: false }), format)) yield found(row, { file, files, convert })
    } finally {
      await input.close()
    }
  }
}

function found(row: ReadRow, { file, files, convert }: Pick<Source, 'files' | 'convert'> & { readonly file: string }): Found {
  const { line, entry } = row
  const at = { ...(files.length > 1 ? { file } : {}), line, ...(entry === undefined ? {} : { entry }) }
  if ('problem' in row) return { place: at, problem: row.problem }
  const place = { ...at, ...nameOf(row.value) }
  const converted = convert(row.value)
  if (typeof converted === 'string') return { place, problem: converted }
  const { row: value, left } = converted
  return { place, value, ids: 'id' in value && typeof value.id === 'string' ? [value.id] : [], left, written: row.value }
}

/** As the system has written it. */
function nameOf(value: unknown): Pick<Place, 'id' | 'email'> {
  const fields = new Map(typeof value === 'object' && value !== null ? Object.entries(value) : [])
  const first = (...names: readonly string[]): string | undefined => {
    const text = names.map((name): unknown => fields.get(name)).find((one) => typeof one === 'string' && one !== '')
    return typeof text === 'string' ? text.slice(0, 320) : undefined
  }
  const [id, email] = [first('id', 'user_id', 'localId', 'username'), first('email')]
  return { ...(id === undefined ? {} : { id }), ...(email === undefined ? {} : { email }) }
}

/** In the one spelling that it has; what is no address is nobody's. */
function addressOf(value: object): string {
  const written = 'email' in value ? String(value.email).trim() : ''
  return normaliseEmail(written) ?? written
}

/** Each address once. A dry run writes nothing that a second row for one person could be found by. */
export async function* oncePerAddress(source: Source): AsyncGenerator<Found> {
  const seen = new Map<string, string>()
  for await (const row of rowsOf(source)) {
    const email = 'value' in row ? addressOf(row.value) : ''
    const earlier = seen.get(email)
    if (earlier !== undefined) yield { place: row.place, problem: `the address is on ${earlier}, too` }
    else {
      if (email !== '') seen.set(email, wordsOf(row.place))
      yield row
    }
  }
}

function wordsOf({ file, line, entry }: Place): string {
  return `line ${line}${entry === undefined ? '' : ` (entry ${entry})`}${file === undefined ? '' : ` of ${file}`}`
}

/**
 * All rows of an address as one person, as far as they are one. The files are read twice: the first time says how many rows each address has, so that only
 * the rows of somebody who has several wait for the others.
 */
export async function* joinedByAddress(source: Source, isVouchedFor: (written: unknown) => boolean): AsyncGenerator<Found> {
  const counts = new Map<string, number>()
  for await (const row of rowsOf(source)) if ('value' in row) counts.set(addressOf(row.value), (counts.get(addressOf(row.value)) ?? 0) + 1)
  const waiting = new Map<string, Waiting[]>()
  for await (const row of rowsOf(source)) {
    const parsed = 'value' in row ? personRow.safeParse(row.value) : undefined
    if ('problem' in row || parsed?.success !== true) {
      if ('value' in row) yield* one(addressOf(row.value))
      yield row
      continue
    }
    yield* one(addressOf(row.value), { place: row.place, row: parsed.data, lost: row.left, isVouchedFor: isVouchedFor(row.written) })
  }

  /** When it was the last of its address, the person is whole. */
  function* one(email: string, read?: Waiting): Generator<Found> {
    const rows = [...(waiting.get(email) ?? []), ...(read === undefined ? [] : [read])]
    const toCome = (counts.get(email) ?? 1) - 1
    counts.set(email, toCome)
    waiting.set(email, rows)
    if (toCome > 0) return
    waiting.delete(email)
    counts.delete(email)
    if (rows.length > 0) yield* personOf(rows)
  }
}

interface Waiting extends Auth0Row {
  readonly place: Place
  readonly lost: readonly string[]
}

function* personOf(rows: readonly Waiting[]): Generator<Found> {
  const { row: value, taken, left } = joined(rows)
  // Two files may have the same account.
  const lost = [...new Set(taken.flatMap((one) => one.lost))]
  const ids = [...new Set(taken.flatMap(({ row: { id } }) => (id === undefined ? [] : [id])))]
  for (const { place } of taken.slice(0, 1)) yield { place, value, ids, left: lost, others: taken.length - 1 }
  for (const { of, reason } of left) yield { place: of.place, problem: reason }
}
