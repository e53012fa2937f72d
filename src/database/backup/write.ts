// Makes a backup while the platform runs: the data as of one moment, every file that it names, and the master key, each sealed by a key of its own.
import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createZstdCompress } from 'node:zlib'
import { newId } from '#kernel/ids.ts'
import type { Secret } from '#kernel/secret.ts'
import type { Declared } from '../layout.ts'
import type { Mark, Snapshot } from '../ports.ts'
import { linesOf } from './lines.ts'
import { type Contents, type Manifest, printsOf, signedManifest } from './manifest.ts'
import { createPool } from './pool.ts'
import type { Shelf } from './ports.ts'
import { sealed } from './sealing.ts'
import { clearDrafts, type Keys, keysOf, manifestIn, namesIn, saltOf, wrappingKey } from './store.ts'

/** Everything as of one moment, opened when all else is ready. */
export interface Moment {
  readonly snapshot: Snapshot
  readonly marks: readonly Mark[]
  readonly engine: string
}

export interface WriteParts {
  readonly folder: string
  readonly app: string
  readonly secrets: { readonly key: Secret; readonly keysKey: Secret | undefined; readonly masterKey: Secret }
  readonly declared: readonly Declared[]
  readonly shelf: Shelf
  /** Closes it when the work is done. */
  readonly during: <T>(work: (moment: Moment) => Promise<T>) => Promise<T>
  readonly now: () => number
  readonly report: (progress: { readonly phase: 'files' | 'data'; readonly done: number }) => void
}

export interface Written {
  readonly path: string
  readonly manifest: Manifest
}

export async function writeBackup(parts: WriteParts): Promise<Written> {
  const { folder, secrets, shelf, during, now } = parts
  const keys = await keysOf(secrets.key, await saltOf(folder))
  await requireOurs(folder, keys)
  await clearDrafts(folder)
  const at = now()
  // With milliseconds: names are sorted by time, and two backups of one second must not change places.
  const name = `${new Date(at).toISOString().slice(0, 23).replaceAll(/[-:.]/g, '').toLowerCase()}z-${newId(at).slice(-6)}`
  const path = join(folder, name)
  const draft = `${path}.draft`
  await mkdir(draft, { mode: 0o700 })
  try {
    const files = new FileKeeping(parts, keys)
    // Most files before the data, so that one which is deleted in the meantime is still there; those that came in between after its moment.
    await files.keepAll(shelf)
    const data = await during(async (moment) => {
      await files.keepAll(shelf)
      return await writeData(parts, { moment, keys, file: join(draft, 'data.nfb') })
    })
    await writeSealed(join(draft, 'files.nfb'), files.index(), { key: keys.data, binding: 'files' })
    if (secrets.keysKey !== undefined) {
      const key = await wrappingKey(secrets.keysKey, keys.salt)
      await writeSealed(join(draft, 'keys.nfb'), [secrets.masterKey.reveal()], { key, binding: 'keys' })
    }
    const manifest: Manifest = {
      format: 1,
      id: name,
      at: data.at,
      app: parts.app,
      engine: data.engine,
      node: process.version,
      salt: keys.salt.toString('base64url'),
      shapes: Object.fromEntries(parts.declared.map(({ layout }) => [layout.name, layout.shape])),
      contents: data.contents,
      files: files.totals(),
      masterKey: printsOf(secrets.masterKey.reveal(), keys.manifest).join(' '),
      keys: secrets.keysKey !== undefined,
    }
    await writeFile(join(draft, 'manifest.json'), signedManifest(manifest, keys.manifest), { mode: 0o600, flush: true })
    await rename(draft, path)
    return { path, manifest }
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    throw error
  }
}

/** All backups of a folder share files, so one key has to open all of them. */
async function requireOurs(folder: string, keys: Keys): Promise<void> {
  const newest = (await namesIn(folder)).at(-1)
  if (newest === undefined) {
    // What is left of those that were removed may be sealed with another key.
    await createPool(join(folder, 'files'), keys.files).prune(new Set())
    return
  }
  await manifestIn(join(folder, newest), keys).catch((cause: unknown) => {
    throw new Error(
      `The backups in ${folder} were made with another backup key, or were changed. Name another folder for those of this key, with --to or NINEFOLD_BACKUP_FOLDER; nothing was changed.`,
      { cause },
    )
  })
}

async function writeData(
  { declared, now, report }: WriteParts,
  { moment, keys, file }: { readonly moment: Moment; readonly keys: Keys; readonly file: string },
): Promise<{ contents: Contents; at: number; engine: string }> {
  let contents: Contents | undefined
  let done = 0
  const at = now()
  const written = (rows: number): void => {
    done += rows
    report({ phase: 'data', done })
  }
  const { snapshot, marks, engine } = moment
  const lines = linesOf({ snapshot, declared, marks, now: at, written }, (found) => {
    contents = found
  })
  await writeSealed(file, lines, { key: keys.data, binding: 'data', compress: true })
  if (contents === undefined) throw new Error('The data has no end.')
  return { contents, at, engine }
}

async function writeSealed(
  file: string,
  source: Iterable<string> | AsyncIterable<string>,
  { key, binding, compress = false }: { readonly key: Buffer; readonly binding: string; readonly compress?: boolean },
): Promise<void> {
  const output = createWriteStream(file, { mode: 0o600, flags: 'wx', flush: true })
  const seal = (bytes: AsyncIterable<Uint8Array>): AsyncIterable<Buffer> => sealed(bytes, key, binding)
  const bytes = Readable.from(buffers(source), { objectMode: false })
  if (compress) await pipeline(bytes, createZstdCompress(), seal, output)
  else await pipeline(bytes, seal, output)
}

async function* buffers(source: Iterable<string> | AsyncIterable<string>): AsyncGenerator<Buffer> {
  for await (const text of source) if (text !== '') yield Buffer.from(text)
}

/** The files of this backup, found in two rounds. */
class FileKeeping {
  readonly #parts: WriteParts
  readonly #keys: Keys
  readonly #kept = new Map<string, { readonly bytes: number; readonly isNew: boolean }>()

  constructor(parts: WriteParts, keys: Keys) {
    this.#parts = parts
    this.#keys = keys
  }

  async keepAll(shelf: Shelf): Promise<void> {
    const pool = createPool(join(this.#parts.folder, 'files'), this.#keys.files)
    for await (const { key } of shelf.list()) {
      if (this.#kept.has(key)) continue
      const kept = await pool.keep(shelf, key)
      // Deleted between being listed and being read.
      if (kept === undefined) continue
      this.#kept.set(key, kept)
      this.#parts.report({ phase: 'files', done: this.#kept.size })
    }
  }

  *index(): Generator<string> {
    for (const key of this.#kept.keys()) yield `${key}\n`
  }

  totals(): Manifest['files'] {
    const all = [...this.#kept.values()]
    return { count: all.length, bytes: all.reduce((sum, { bytes }) => sum + bytes, 0), new: all.filter(({ isNew }) => isNew).length }
  }
}
