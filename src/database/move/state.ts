// What has to be known about a move before any database is open: a file in the data folder, replaced as a whole. Addresses hold passwords and are sealed.
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { KeyRing } from '#kernel/keyring.ts'
import { z } from '#kernel/schema.ts'
import { placeOf } from './place.ts'

const address = z.strictObject({ place: z.string(), sealed: z.string() })
const stored = z.strictObject({
  format: z.literal(1),
  /** `copying`: the data is in `from`. `moved`: it is in `to`, and `from` follows until the move is finished. */
  phase: z.enum(['copying', 'moved']),
  from: address,
  to: address,
  at: z.number(),
})

export interface MoveState {
  readonly phase: 'copying' | 'moved'
  /** Whole URLs. */
  readonly from: string
  readonly to: string
  readonly at: number
}

export interface StateFile {
  /** `undefined` when there is no move. */
  read(): MoveState | undefined
  /** Where the data is, when the file is there and its addresses do not open: its master key is lost. */
  lost(): string | undefined
  /** Durable once it returns. */
  write(state: MoveState): void
  clear(): void
}

const PURPOSE = 'database.move'

export function createStateFile(file: string, keyRing: KeyRing): StateFile {
  const open = (sealed: string, place: string): string => {
    const url = keyRing.open(PURPOSE, place, sealed)
    if (url !== undefined) return url
    throw new Error(
      `${file} was written under another master key: it names ${place}, and the address cannot be opened. ` +
        'Start with that key. Only if it is lost for good: "ninefold keys begin-anew".',
    )
  }
  const parsed = (): z.infer<typeof stored> | undefined => {
    if (!existsSync(file)) return undefined
    const found = stored.safeParse(jsonOf(readFileSync(file, 'utf8')))
    if (found.success) return found.data
    throw new Error(`${file} says where the data is, and cannot be read. Put back the one of a backup, or ask for help; do not delete it.`)
  }
  const seal = (url: string): { place: string; sealed: string } => {
    const place = placeOf(url)
    return { place, sealed: keyRing.seal(PURPOSE, place, url) }
  }
  return {
    read() {
      const found = parsed()
      if (found === undefined) return undefined
      const { phase, from, to, at } = found
      return { phase, from: open(from.sealed, from.place), to: open(to.sealed, to.place), at }
    },
    lost() {
      const found = parsed()
      if (found === undefined) return undefined
      const opens = [found.from, found.to].every(({ place, sealed }) => keyRing.open(PURPOSE, place, sealed) !== undefined)
      return opens ? undefined : (found.phase === 'moved' ? found.to : found.from).place
    },
    write({ phase, from, to, at }) {
      const draft = `${file}.draft`
      writeFileSync(draft, `${JSON.stringify({ format: 1, phase, from: seal(from), to: seal(to), at })}\n`, { mode: 0o600, flush: true })
      renameSync(draft, file)
      syncFolder(dirname(file))
    },
    clear() {
      rmSync(file, { force: true })
      syncFolder(dirname(file))
    },
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function syncFolder(path: string): void {
  // Windows opens no folders; its renames are on disk when they return.
  if (process.platform === 'win32') return
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
