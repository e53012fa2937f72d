// What imports keep on disk until they are done: the file as it came in, and the report of rejected rows. Names are checked ids; no path comes from a person.
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, opendir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { DOCUMENT_ID } from '#kernel/ids.ts'
import { transferErrors } from '../errors.ts'

const FOLDER_MODE = 0o700
const FILE_MODE = 0o600
const PIECE_BYTES = 64 * 1024

export type SpoolPart = 'source' | 'report'

export interface Report {
  /** Writes behind what is good, over what a try that broke off has left. On disk once it returns. */
  write(at: number, lines: Buffer): Promise<void>
  close(): Promise<void>
}

export interface Spool {
  start(): Promise<void>
  /** Durable once it returns. Gives the number of bytes; when the source fails, nothing is left. */
  writeSource(id: string, body: AsyncIterable<Uint8Array>): Promise<number>
  readSource(id: string, from: number): Readable
  openReport(id: string): Promise<Report>
  /** Nothing is there before the first rejected row. */
  readReport(id: string, bytes: number): Readable
  remove(id: string, part: SpoolPart): Promise<void>
  /** Ids with the time of their last change. */
  list(): AsyncIterable<{ readonly id: string; readonly part: SpoolPart; readonly changedAt: number }>
}

export function createSpool(folder: string): Spool {
  const pathOf = (id: string, part: SpoolPart): string => {
    // The last gate before a path: whatever the caller believed, only an id becomes a file name.
    if (!DOCUMENT_ID.test(id)) throw new Error('The name of a spool file must be an id.')
    return join(folder, `${id}.${part}`)
  }
  return {
    async start() {
      await mkdir(folder, { recursive: true, mode: FOLDER_MODE })
    },

    async writeSource(id, body) {
      const path = pathOf(id, 'source')
      // Commands import without a server that was started.
      await mkdir(folder, { recursive: true, mode: FOLDER_MODE })
      try {
        const bytes = await written(path, body)
        await syncFolder(folder)
        return bytes
      } catch (error) {
        await rm(path, { force: true })
        throw isFull(error) ? transferErrors.storage_full({ cause: error }) : error
      }
    },

    readSource: (id, from) => createReadStream(pathOf(id, 'source'), { start: from, highWaterMark: PIECE_BYTES }),

    async openReport(id) {
      const file = await open(pathOf(id, 'report'), 'a+', FILE_MODE).then(async (made) => {
        await made.close()
        // Not for appending: that would ignore the place.
        return await open(pathOf(id, 'report'), 'r+')
      })
      return reportOn(file)
    },

    readReport: (id, bytes) =>
      createReadStream(pathOf(id, 'report'), { start: 0, end: Math.max(0, bytes - 1), highWaterMark: PIECE_BYTES }),

    async remove(id, part) {
      await rm(pathOf(id, part), { force: true })
    },

    async *list() {
      for await (const entry of await opendir(folder)) {
        const [id = '', part = ''] = entry.name.split('.')
        if (!DOCUMENT_ID.test(id) || (part !== 'source' && part !== 'report')) continue
        const found = await stat(join(folder, entry.name)).catch(() => undefined)
        if (found !== undefined) yield { id, part, changedAt: found.mtimeMs }
      }
    },
  }
}

function reportOn(file: FileHandle): Report {
  return {
    async write(at, lines) {
      try {
        await file.write(lines, 0, lines.length, at)
        await file.datasync()
      } catch (error) {
        throw isFull(error) ? transferErrors.storage_full({ cause: error }) : error
      }
    },
    close: () => file.close(),
  }
}

async function written(path: string, body: AsyncIterable<Uint8Array>): Promise<number> {
  const file = await open(path, 'w', FILE_MODE)
  try {
    let bytes = 0
    for await (const piece of body) {
      await file.writeFile(piece)
      bytes += piece.length
    }
    await file.sync()
    return bytes
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

function isFull(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ENOSPC' || code === 'EDQUOT'
}
