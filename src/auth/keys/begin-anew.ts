// Beginning anew on the data of a master key that is lost. Whatever no version of the present one opens goes, or is marked as lost where its absence would
// open a door; all that is not sealed stays. docs/decisions/0034 says what that is, and why.
import type { Call } from '#kernel/call.ts'
import type { EventDraft, Operation } from '#kernel/collection.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import type { Database } from '../../database/contract.ts'
import type { Auth, BeginAnew, LostSeals } from '../contract.ts'
import { actorOf, securityEventOf } from '../security-events/security-event.ts'
import type { SealedField, SealedRow, SealedRows } from './sealed-field.ts'
import { requireOperator } from '../operators-only.ts'

export interface Loss {
  readonly operations: readonly Operation[]
  readonly events: readonly EventDraft[]
  /** The address of somebody who cannot come in any more without an operator. */
  readonly stranded?: string | undefined
}

/** What to do about a row that does not open, where removing it is not right. */
export type Losing = (call: Call, row: SealedRow) => Promise<Loss>

export interface BeginningDependencies {
  readonly database: Database
  readonly keyRing: KeyRing
  /** By collection. */
  readonly losing: Readonly<Record<string, Losing>>
}

export interface GivenUp {
  /** The signing keys are the first. */
  readonly all: readonly SealedField[]
  readonly refresh: readonly SealedField[]
}

/** What of a collection goes. */
interface Going {
  readonly rows: SealedRows
  pages(call: Call): AsyncIterable<readonly SealedRow[]>
}

export function createBeginAnew({ database, keyRing, losing }: BeginningDependencies, { all, refresh }: GivenUp): Auth['beginAnew'] {
  const open = (fields: readonly SealedField[]): SealedRows[] => fields.map((field) => field.open(database, keyRing))
  const going: Readonly<Record<BeginAnew['what'], readonly Going[]>> = {
    unreadable: open(all).map((rows) => ({ rows, pages: (call) => unreadableIn(rows, call) })),
    'refresh-tokens': open(refresh).map((rows) => ({ rows, pages: (call) => rows.pages(call) })),
  }
  return async (call, { what, confirmed }) => {
    requireOperator(call)
    const lost: LostSeals[] = []
    for (const { rows, pages } of going[what]) {
      let count = 0
      for await (const page of pages(call)) count += page.length
      if (count > 0) lost.push({ what: rows.what, count })
    }
    if (!confirmed || lost.length === 0) return { lost, marked: 0, stranded: [] }
    await database.commit(call, [], [securityEventOf({ type: 'keys.begun_anew', about: wordsFor(lost), ...actorOf(call) })])
    let marked = 0
    const stranded: string[] = []
    // Until the signing keys have gone, no platform starts on it: they are the last.
    for (const { rows, pages } of going[what].toReversed()) {
      const mark = losing[rows.collection]
      for await (const page of pages(call)) {
        const losses = await lossesOf(call, page, mark ?? removed)
        const operations = losses.flatMap((loss) => loss.operations)
        const events = losses.flatMap((loss) => loss.events)
        await database.commit(call, operations, events)
        stranded.push(...losses.flatMap((loss) => loss.stranded ?? []))
        if (mark !== undefined) marked += losses.length
      }
    }
    return { lost, marked, stranded: stranded.toSorted() }
  }
}

async function* unreadableIn(rows: SealedRows, call: Call): AsyncGenerator<readonly SealedRow[]> {
  for await (const page of rows.pages(call)) {
    const unreadable = page.filter((row) => row.text() === undefined)
    if (unreadable.length > 0) yield unreadable
  }
}

const removed: Losing = async (_call, { removal }) => ({ operations: [removal], events: [] })

async function lossesOf(call: Call, rows: readonly SealedRow[], losing: Losing): Promise<readonly Loss[]> {
  const losses: Loss[] = []
  for (const row of rows) losses.push(await losing(call, row))
  return losses
}

const MAX_WORDS = 200

const wordsFor = (lost: readonly LostSeals[]): string =>
  lost
    .map(({ what, count }) => `${what}: ${count}`)
    .join(', ')
    .slice(0, MAX_WORDS)
