// What backups need from where files are kept. The blob stores of the files server fit.
import type { Readable } from 'node:stream'

export interface Shelf {
  list(): AsyncIterable<{ readonly key: string }>
  open(key: string): Promise<Readable | undefined>
  /** Keeps the bytes under a new key, durably. */
  put(key: string, body: AsyncIterable<Uint8Array>): Promise<void>
  /** Makes room to write. */
  start(): Promise<void>
}
