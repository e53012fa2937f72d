// What files needs from storage. Drivers implement it and pass test/contract/blob-store.contract.ts.
import type { Readable } from 'node:stream'
import type { ByteRange } from './contract.ts'

export interface StoredBlob {
  readonly key: string
  /** Epoch milliseconds. */
  readonly writtenAt: number
}

export interface BlobStore {
  /** Makes room to write, and clears what interrupted writes have left. */
  start(): Promise<void>
  /**
   * Keeps the bytes under a new key. Durable once it returns: a power cut loses nothing. When the source or the store fails, nothing is left and the
   * error is thrown; `files.storage_full` when there is no room.
   */
  put(key: string, body: AsyncIterable<Uint8Array>): Promise<void>
  /** `undefined` when there is no such key. A range must lie within the blob. */
  open(key: string, range?: ByteRange): Promise<Readable | undefined>
  /** An absent key is as good as a deleted one. */
  delete(key: string): Promise<void>
  /** All complete blobs, in no order. */
  list(): AsyncIterable<StoredBlob>
  /** `undefined` when well, else one line that says what is wrong. */
  health(): Promise<string | undefined>
}
