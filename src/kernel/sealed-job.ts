// What some jobs are asked with is for nobody who reads the database, a copy of it or its log: a mail carries links and codes that lead into accounts. So it
// is sealed before it is stored, in the event of the write that asks for it as in the job, and opened when the job runs.
import type { EventDraft } from './collection.ts'
import { randomToken } from './ids.ts'
import { JOB_REQUESTED, type JobRequest } from './job.ts'
import type { Json } from './json.ts'
import type { KeyRing } from './keyring.ts'
import { z } from './schema.ts'

export const MAIL_JOB = 'mail.send'
/** Sends one, when another system has been asked whose the address is. */
export const STRANGER_MAIL_JOB = 'auth.stranger_mail'

const PURPOSE = 'jobs.input'
const ID_BYTES = 16
const SEALED_JOBS: ReadonlySet<unknown> = new Set([MAIL_JOB, STRANGER_MAIL_JOB])

/** What is stored in place of the input. */
const sealedInput = z.strictObject({ id: z.string().min(1).max(100), sealed: z.string().min(1) })
const content = z.object({ at: z.number(), input: z.json() })

export interface OpenedInput {
  readonly input: unknown
  /** When it was asked for; absent for what a release that sealed nothing has stored. */
  readonly at?: number
}

export interface JobSeal {
  /** The request as it is stored. */
  request<Request extends JobRequest>(this: void, request: Request, now: number): Request
  /** The event as it is stored. */
  event(this: void, draft: EventDraft, now: number): EventDraft
  /** `undefined` when it was sealed under a master key that is not here, for another request, or was changed. */
  open(this: void, stored: unknown): OpenedInput | undefined
}

const bindingOf = (id: string): string => `jobs/${id}/input`

export function createJobSeal(keyRing: KeyRing): JobSeal {
  const sealed = (input: Json | undefined, now: number): Json => {
    // Of its own, so that the sealed text of one request does not open in another.
    const id = randomToken(ID_BYTES)
    return { id, sealed: keyRing.seal(PURPOSE, bindingOf(id), JSON.stringify({ at: now, input })) }
  }
  return {
    request: (request, now) => (SEALED_JOBS.has(request.name) ? { ...request, input: sealed(request.input, now) } : request),
    event(draft, now) {
      const { topic, data } = draft
      if (topic !== JOB_REQUESTED || typeof data !== 'object' || data === null || !('name' in data)) return draft
      return SEALED_JOBS.has(data.name) ? { ...draft, data: { ...data, input: sealed(data['input'], now) } } : draft
    },
    open(stored) {
      const found = sealedInput.safeParse(stored)
      if (!found.success) return { input: stored }
      const text = keyRing.open(PURPOSE, bindingOf(found.data.id), found.data.sealed)
      return text === undefined ? undefined : content.parse(JSON.parse(text))
    },
  }
}
