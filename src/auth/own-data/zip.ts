// A zip file that is written while it is read: one entry at a time, none of it kept. Whoever stops reading stops all of it.
import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import yazl from 'yazl'

export interface ZipEntry {
  /** Of names that are safe (see `safePath`). */
  readonly path: string
  /** Epoch milliseconds. */
  readonly at: number
  /** Pictures and the like have been made small already. */
  readonly compress: boolean
  /** Asked for when it is its turn. */
  open(): Promise<Readable>
}

export function zipOf(entries: AsyncIterable<ZipEntry>): Readable {
  const zip = new yazl.ZipFile()
  const { outputStream: out } = zip
  if (!(out instanceof Readable)) throw new TypeError('The zip is no stream of Node.')
  let content: Readable | undefined
  out.once('close', () => content?.destroy())
  zip.on('error', (error: Error) => out.destroy(error))
  const fill = async (): Promise<void> => {
    for await (const { path, at, compress, open } of entries) {
      content = await open()
      if (out.destroyed) {
        content.destroy()
        return
      }
      const read = finished(content, { writable: false })
      zip.addReadStream(content, path, { mtime: new Date(at), mode: 0o100644, compress })
      await read
    }
    zip.end()
  }
  fill().catch((error: unknown) => out.destroy(error instanceof Error ? error : new Error(String(error))))
  return out
}

const MAX_NAME = 100

/** A path that no program unpacks to anywhere else, or stumbles over: letters, numbers, spaces, dots, hyphens. */
export function safePath(parts: readonly string[]): string {
  return parts.map(safeName).join('/')
}

function safeName(name: string): string {
  const plain = name.normalize('NFC').replaceAll(/[^\p{L}\p{M}\p{N} ._-]/gu, '_')
  const dot = plain.lastIndexOf('.')
  const ending = dot > 0 && plain.length - dot <= 10 ? plain.slice(dot) : ''
  const short = `${Array.from(plain.slice(0, plain.length - ending.length))
    .slice(0, MAX_NAME - ending.length)
    .join('')}${ending}`
  // Windows takes neither dots nor spaces at the end, and dots at the start hide a file elsewhere.
  const tidy = short.replace(/^[. ]+/, '').replace(/[. ]+$/, '')
  return tidy === '' ? '_' : tidy
}
