// What deciding and storing writes needs beside what reading needs.
import type { Stored } from '../../database/contract.ts'
import type { Operation, EventDraft } from '#kernel/collection.ts'
import type { Logger } from '#kernel/log.ts'
import type { NamedFile } from '../attachments.ts'
import type { Permission } from '../access.ts'
import type { Resource } from '../compile.ts'
import type { Resources } from '../contract.ts'
import type { ResourceParts } from '../reading.ts'
import type { Inbound } from '../relations/inbound.ts'
import type { ResourceDocument } from '../schemas.ts'

export interface WriteParts extends ResourceParts {
  readonly inbound: ReadonlyMap<string, readonly Inbound[]>
  /** The whole contract, for hooks. */
  readonly service: Resources
  readonly logger: Logger
}

/** A write that is decided and not yet done. */
export interface PlannedWrite {
  readonly kind: 'created' | 'updated' | 'deleted'
  readonly resource: Resource
  readonly id: string
  /** Absent when nothing changes. */
  readonly stored?: { readonly operation: Operation; readonly event: EventDraft; readonly attached: readonly NamedFile[] }
  /** On other objects, in the same commit. */
  readonly touched: readonly Operation[]
  /** As it will be; for a deletion as it was. */
  readonly result: Stored<ResourceDocument>
  /** What of it the writer is shown. */
  readonly permission: Permission
}

/** Decides anew each time it is asked, on what is stored then. */
export type Planner = (parts: WriteParts) => Promise<PlannedWrite>
