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
  /** JPEG, PNG and WebP keep what a camera or a program wrote into them, places included. Unless told, only what is needed to show the picture is kept. */
  readonly keepCameraData?: boolean
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

/** An address that shows one file to whoever has it, until it expires. The same for some minutes, so that browsers can keep what they fetched. */
export interface FileLink {
  readonly url: string
  /** Epoch milliseconds, 5 to 10 minutes from now. */
  readonly expiresAt: number
}

/**
 * A file begins loose: uploaded, named by nothing, swept after a day. Whoever stores its id reserves it first, for one holder, and confirms after the
 * write; so a crash in between leaves nothing that nobody owns. One file has one holder in its life.
 */
export interface Files {
  /** Streams to disk, looks at the bytes, keeps or refuses. The owner is the caller. */
  upload(call: Call, file: NewFile): Promise<FileMeta>
  /** The caller must own the file, or be the system. `files.not_found` else. */
  stat(call: Call, id: string): Promise<FileMeta>
  open(call: Call, id: string, range?: ByteRange): Promise<{ readonly meta: FileMeta; readonly content: Readable }>
  /** An address on the files origin, without cookies. The caller must have checked that the file may be seen; nothing is looked up. */
  link(call: Call, bucket: string, id: string): Promise<FileLink>
  /** For the holder that is about to be written. The caller must own the file; `files.not_found` when it does not or the bucket differs, `files.in_use` when the file has or had a holder. */
  reserve(call: Call, id: string, purpose: { readonly bucket: string; readonly holder: string }): Promise<FileMeta>
  /** The holder was written: the file stays until it is removed. For the system; again and again is the same. */
  confirm(call: Call, id: string, holder: string): Promise<void>
  /** The holder was not written after all. Does nothing once it is confirmed. */
  release(call: Call, id: string, holder: string): Promise<void>
  /** Everything that a person has here, a page at a time. For the system. */
  owned(call: Call, ownerId: string, after?: string): Promise<{ readonly items: readonly FileMeta[]; readonly next?: string }>
  /** By its owner while nothing holds it (`files.in_use` else), by the system always; with a holder, only if that one holds it (`files.not_found` else). */
  remove(call: Call, id: string, holder?: string): Promise<void>
}

export type FilesErrorCode =
  | 'files.not_found'
  | 'files.too_large'
  | 'files.unsupported_type'
  | 'files.unknown_bucket'
  | 'files.empty'
  | 'files.damaged'
  | 'files.in_use'
  | 'files.link_expired'
  | 'files.bad_range'
  | 'files.storage_full'
