// The files of all backups of one folder: a blob never changes, so each is kept once, sealed, for as long as a backup names it.
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, opendir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Shelf } from './ports.ts'
import { Damaged, opened, sealed } from './sealing.ts'

const KEY = /^[0-9a-z_-]{1,64}$/i

export interface Pool {
  /** Keeps the blob unless it is there. `undefined` when the shelf has none of this key. */
  keep(shelf: Shelf, key: string): Promise<{ readonly bytes: number; readonly isNew: boolean } | undefined>
  open(key: string): AsyncIterable<Buffer>
  /** Removes what is in none of these. */
  prune(named: ReadonlySet<string>): Promise<number>
}

export function createPool(folder: string, key: Buffer): Pool {
  const pathOf = (blob: string): string => {
    if (!KEY.test(blob)) throw new Damaged('A file of the backup has a name that is none.')
    return join(folder, blob.slice(-2), `${blob}.nfb`)
  }
  return {
    async keep(shelf, blob) {
      const path = pathOf(blob)
      const known = await stat(path).catch(() => undefined)
      if (known !== undefined) return { bytes: known.size, isNew: false }
      const source = await shelf.open(blob)
      if (source === undefined) return undefined
      await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      const draft = `${path}.draft`
      await pipeline(Readable.from(sealed(source, key, `file ${blob}`)), createWriteStream(draft, { mode: 0o600, flush: true }))
      await rename(draft, path)
      return { bytes: (await stat(path)).size, isNew: true }
    },
    open: (blob) => opened(createReadStream(pathOf(blob)), key, `file ${blob}`),
    async prune(named) {
      let removed = 0
      const shelves = await opendir(folder).catch(() => undefined)
      if (shelves === undefined) return 0
      for await (const shelf of shelves) {
        for await (const entry of await opendir(join(folder, shelf.name))) {
          if (named.has(entry.name.replace(/\.nfb$/, ''))) continue
          await rm(join(folder, shelf.name, entry.name), { force: true })
          removed += 1
        }
      }
      return removed
    },
  }
}
