// A write of the engine's storage as data, so that it can wait (see pending.ts). Types only.
import type { EventDraft, Operation } from '#kernel/collection.ts'

export interface Write {
  readonly operations: readonly Operation[]
  readonly events?: readonly EventDraft[]
}

export interface PatientWrite extends Write {
  /** The same by itself, with whatever is to be done when somebody was faster. */
  alone(): Promise<unknown>
  /** What is to be looked at when it is stored, either way. */
  after?(): Promise<void>
}
