// Blobs as files of one folder. Keys are checked ids, so no path ever comes from a person.
import { constants } from 'node:fs'
import { access, mkdir, open, opendir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Clock } from '#kernel/clock.ts'
import { DOCUMENT_ID } from '#kernel/ids.ts'
import { fileErrors } from '../errors.ts'
import type { BlobStore, StoredBlob } from '../ports.ts'

const FOLDER_MODE = 0o700
const FILE_MODE = 0o600
const READ_CHUNK_BYTES = 256 * 1024
/** Longer than any upload may take. Younger ones may belong to another process on the same folder. */
const STALE_MS = 60 * 60 * 1000

export function createDiskStore(deps: { readonly folder: string; readonly clock: Clock }): BlobStore {
  const blobs = join(deps.folder, 'blobs')
  const incoming = join(deps.folder, 'incoming')
  const tempOf = (key: string): string => join(incoming, `${checked(key)}.part`)
  // The end of an id is its random part, so 1024 folders fill evenly.
  const pathOf = (key: string): string => join(blobs, checked(key).slice(-2), key)

  // A new folder is itself an entry of its parent, which a power cut would lose: made sure of once for each.
  const durable = new Set<string>()
  const makeFolder = async (path: string): Promise<void> => {
    if (durable.has(path)) return
    await mkdir(path, { recursive: true, mode: FOLDER_MODE })
    await syncFolder(blobs)
    durable.add(path)
  }

  return {
    async start() {
      await mkdir(blobs, { recursive: true, mode: FOLDER_MODE })
      await mkdir(incoming, { recursive: true, mode: FOLDER_MODE })
      await clearStale(incoming, deps.clock.now() - STALE_MS)
    },

    async put(key, body) {
      const temp = tempOf(key)
      const path = pathOf(key)
      try {
        await writeTemp(temp, body)
        await makeFolder(dirname(path))
        await rename(temp, path)
        await syncFolder(dirname(path))
      } catch (error) {
        await rm(temp, { force: true })
        throw isFull(error) ? fileErrors.storage_full({ cause: error }) : error
      }
    },

    async open(key, range) {
      const file = await open(pathOf(key), 'r').catch(absent)
      return file?.createReadStream({
        highWaterMark: READ_CHUNK_BYTES,
        ...(range === undefined ? {} : { start: range.start, end: range.end }),
      })
    },

    async delete(key) {
      await rm(pathOf(key), { force: true })
    },

    list: () => walk(blobs),

    async health() {
      return await access(incoming, constants.W_OK).then(
        () => undefined,
        () => 'the files folder cannot be written',
      )
    },
  }
}

/** The last gate before a path: whatever the caller believed, only an id becomes a file name. */
function checked(key: string): string {
  if (!DOCUMENT_ID.test(key)) throw new Error('A storage key must be an id.')
  return key
}

async function writeTemp(path: string, body: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await open(path, 'wx', FILE_MODE)
  try {
    await file.writeFile(body)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

async function clearStale(folder: string, before: number): Promise<void> {
  for await (const entry of await opendir(folder)) {
    const path = join(folder, entry.name)
    const found = await stat(path).catch(absent)
    if (found !== undefined && found.mtimeMs < before) await rm(path, { force: true })
  }
}

async function* walk(folder: string): AsyncGenerator<StoredBlob> {
  // A command may come before the first start.
  const entries = await opendir(folder).catch(absent)
  for await (const entry of entries ?? []) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* walk(path)
    else if (DOCUMENT_ID.test(entry.name)) {
      const found = await stat(path).catch(absent)
      if (found !== undefined) yield { key: entry.name, writtenAt: found.mtimeMs }
    }
  }
}

function absent(error: unknown): undefined {
  if (codeOf(error) === 'ENOENT') return undefined
  throw error
}

function isFull(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'ENOSPC' || code === 'EDQUOT'
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
