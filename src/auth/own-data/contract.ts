// What a download of one's own data has from outside of auth: of the other servers, and of the app. Types only.
import type { Readable } from 'node:stream'
import type { Call } from '#kernel/call.ts'
import type { AuthHookContext } from '../hooks/contract.ts'

/** Something that another server keeps of people: what a person's download has of it, a page at a time. */
export type Holding = HoldingKind & {
  page(this: void, call: Call, ownerId: string, after?: string): Promise<HeldPage>
}

/** Objects have the name of their resource, in a folder of their own. */
export type HoldingKind =
  | { readonly kind: 'objects'; readonly resource: string }
  | { readonly kind: 'files' | 'sharedByMe' | 'sharedWithMe' | 'imports' }

export interface HeldPage {
  readonly items: readonly unknown[]
  /** The bytes of each of these that has any, in the same order. */
  readonly files?: readonly (HeldFile | undefined)[]
  readonly next?: string | undefined
}

export interface HeldFile {
  /** Parts of a path; what is not good in the name of a file is made so. */
  readonly path: readonly string[]
  /** Epoch milliseconds. */
  readonly createdAt: number
  /** It is text, and so worth compressing. */
  readonly isText?: boolean
  /** `undefined` when it is gone meanwhile. */
  open(this: void, call: Call): Promise<Readable | undefined>
}

/** A file of the download, in its folder `app`. */
export interface OwnDataEntry {
  /** Names joined by "/". What is not good in the name of a file is made so. */
  readonly path: string
  /** Text is compressed and in UTF-8, all else stored as it comes. 1 GiB at most. */
  readonly content: string | Uint8Array | AsyncIterable<string | Uint8Array>
}

/**
 * What the app keeps of a person elsewhere, one entry after the other, each asked for when the one before it has been sent. When it throws, lets anybody wait
 * for 30 seconds, gives two entries of one path or more than 10,000, the download breaks off, and a line with `auth.hook_failed` in the log says why.
 */
export type OwnDataHook = (context: AuthHookContext, accountId: string) => AsyncIterable<OwnDataEntry>
