// Imports and exports as routes and commands ask for them. Types only.
import type { Readable } from 'node:stream'
import type { Call } from '#kernel/call.ts'
import type { ImportFormat, ImportFromUrl, ImportOptions, ImportView } from './schemas.ts'

export type { ImportFormat, ImportFromUrl, ImportOptions, ImportView } from './schemas.ts'

export interface FileImport {
  readonly options: ImportOptions
  /** What the sender says it is, as in Content-Type; the options say more. */
  readonly contentType: string
  readonly content: AsyncIterable<Uint8Array>
}

export interface ExportRequest {
  readonly format: ImportFormat
  /** The filters and the order of a list, as text. */
  readonly query: Readonly<Record<string, string>>
  /** Text that a spreadsheet would run is written so that it does not, unless it is to be kept as it is. */
  readonly formulas: 'guarded' | 'keep'
}

export interface Exported {
  readonly type: string
  readonly fileName: string
  readonly content: Readable
}

export interface Report {
  readonly type: string
  readonly fileName: string
  readonly content: Readable
}

/** Whoever may create in a resource may import into it; what comes of it is theirs, and only they see the import. */
export interface Transfers {
  importFile(call: Call, resource: string, file: FileImport): Promise<ImportView>
  importFrom(call: Call, resource: string, source: ImportFromUrl): Promise<ImportView>
  /** Newest first, at most 100. */
  list(call: Call, resource: string): Promise<readonly ImportView[]>
  get(call: Call, resource: string, id: string): Promise<ImportView>
  report(call: Call, resource: string, request: { readonly id: string; readonly format: 'csv' | 'ndjson' }): Promise<Report>
  /** Ends one that is under way, keeping what it has stored; forgets one that has ended. */
  remove(call: Call, resource: string, id: string): Promise<void>
  /** What a list would show, from its first page to its last. */
  export(call: Call, resource: string, request: ExportRequest): Promise<Exported>
}

/** For a command that imports in its own process, beside a running platform or without one. */
export interface OwnTransfers extends Transfers {
  /** As the other two, but no job is asked for: the caller runs it. If it does not end it, a running platform does. */
  beginFile(call: Call, resource: string, file: FileImport): Promise<ImportView>
  beginFrom(call: Call, resource: string, source: ImportFromUrl): Promise<ImportView>
  /** To the end, with what it has done so far after each batch. */
  run(call: Call, id: string, onProgress: (view: ImportView) => void): Promise<ImportView>
}

/** What a person has imported, whichever app it was by. For the system: the download of one's own data. */
export interface OwnedImports {
  page(call: Call, ownerId: string, after?: string): Promise<{ readonly items: readonly OwnedImport[]; readonly next?: string }>
  /** The rows that could not be taken, as NDJSON; `undefined` when there are none, or it is gone. */
  rejects(call: Call, id: string): Promise<Readable | undefined>
}

export interface OwnedImport {
  readonly id: string
  /** Epoch milliseconds. */
  readonly createdAt: number
  readonly hasRejects: boolean
  readonly shown: Omit<ImportView, 'links'> & {
    readonly clientId: string
    readonly options: ImportOptions
    readonly columns?: readonly string[]
  }
}
