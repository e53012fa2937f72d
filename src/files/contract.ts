// What the rest of the platform may know about files. Types only.
import type { Readable } from 'node:stream'
import type { Call } from '#kernel/call.ts'

/** A kind of file that the app keeps, with its limits and the scopes that third parties need. */
export interface BucketDefinition {
  readonly name: string
  readonly maxBytes: number
  /** Accepted media types, as found in the bytes, never as claimed. */
  readonly accept: readonly string[]
  readonly scopes: { readonly read: string; readonly write: string }
}

export interface FileMeta {
  readonly id: string
  readonly bucket: string
  readonly ownerId: string
  /** What the bytes are. */
  readonly mediaType: string
  readonly bytes: number
  /** SHA-256 in hex; also the strong entity tag. */
  readonly sha256: string
  /** The name that the sender gave, for people only. Never a path. */
  readonly name: string
  /** Epoch milliseconds. */
  readonly createdAt: number
}

export interface NewFile {
  readonly bucket: string
  readonly name: string
  readonly content: Readable
}

export interface ByteRange {
  readonly start: number
  /** Inclusive. */
  readonly end: number
}

export interface Files {
  /** Streams to disk, looks at the bytes, keeps or refuses. The owner is the caller. */
  upload(call: Call, file: NewFile): Promise<FileMeta>
  /** The caller must own the file, or be the system. `files.not_found` else. */
  stat(call: Call, id: string): Promise<FileMeta>
  open(call: Call, id: string, range?: ByteRange): Promise<{ readonly meta: FileMeta; readonly content: Readable }>
  /** An address on the files origin that shows the file to whoever has it, for some minutes, without cookies. The caller must have checked that it may be seen. */
  link(call: Call, id: string): Promise<string>
  remove(call: Call, id: string): Promise<void>
}

export type FilesErrorCode = 'files.not_found' | 'files.too_large' | 'files.unsupported_type' | 'files.unknown_bucket'
