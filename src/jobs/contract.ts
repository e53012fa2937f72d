// What the rest of the platform may know about jobs. Types only. To ask for work atomically with a write, use `jobRequested` of the kernel.
import type { Call } from '#kernel/call.ts'
import type { JobRequest } from '#kernel/job.ts'

export interface MailRequest {
  readonly to: string
  /** A template of `jobs/mail/templates.ts`. */
  readonly template: string
  readonly data: Readonly<Record<string, string>>
}

export interface Jobs {
  /** Durable once it returns. */
  enqueue(call: Call, request: JobRequest): Promise<void>
}
