// Background work as data: what can be asked for, and how a write asks for it atomically.
import type { Call } from './call.ts'
import type { EventDraft } from './collection.ts'
import type { Json } from './json.ts'
import type { Schema } from './schema.ts'

export interface JobContext {
  readonly call: Call
  readonly jobId: string
  /** 1 for the first try. */
  readonly attempt: number
}

/** What a handler answers when it could not even begin: the job waits again, with growing pauses, and the try does not count. */
export interface Postponed {
  readonly reason: string
  /** This long after the job was asked for it counts as a failed try, so that nothing waits for ever. */
  readonly withinMs: number
}

export interface JobDefinition<Input = unknown> {
  /** `server.verb`, for example `mail.send`. */
  readonly name: string
  readonly input: Schema<Input>
  /** Tries in all, 10 unless told. */
  readonly maxAttempts?: number
  /** A try that runs longer is aborted and counted as failed; 60,000 unless told. */
  readonly timeoutMs?: number
  /** Runs again and again, this long after the last tick, with an empty object as input. */
  readonly everyMs?: number
  handle(context: JobContext, input: Input): Promise<Postponed | void>
}

/** Declares a job. Handlers run at least once: write them so that a second run changes nothing. */
export function job<Input>(definition: JobDefinition<Input>): JobDefinition {
  return definition
}

export interface JobRequest {
  readonly name: string
  readonly input: Json
  /** Not before this long from now. */
  readonly delayMs?: number
  /** While a job with this key waits or runs, a second one is not added. */
  readonly uniqueKey?: string
}

export const JOB_REQUESTED = 'jobs.requested'

/** The event to put into a write, so that the job exists exactly if the write does. */
export function jobRequested(request: JobRequest): EventDraft {
  return { topic: JOB_REQUESTED, key: request.uniqueKey ?? request.name, data: { ...request } }
}
