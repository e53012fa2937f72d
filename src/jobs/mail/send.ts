// The job `mail.send`: opens what was asked for, renders a template and hands the mail over.
import type { Clock } from '#kernel/clock.ts'
import { type JobDefinition, job } from '#kernel/job.ts'
import { fieldProblems, z } from '#kernel/schema.ts'
import { type JobSeal, MAIL_JOB } from '#kernel/sealed-job.ts'
import type { MailRequest, MailStyle } from '../contract.ts'
import { jobErrors } from '../errors.ts'
import { reasonOf } from '../reasons.ts'
import { lifetimeMs } from './lifetime.ts'
import type { Outbox } from './outbox.ts'
import { mailRequest } from './schemas.ts'
import { renderMail } from './templates.ts'

// With the back-off of jobs this goes on for hours: mail servers are away for that long.
const MAX_ATTEMPTS = 20

export interface MailJobParts {
  readonly outbox: Outbox
  readonly seal: JobSeal
  readonly clock: Clock
  readonly productName: string
  readonly style: MailStyle
}

export function mailJob({ outbox, seal, clock, productName, style }: MailJobParts): JobDefinition {
  return job({
    name: MAIL_JOB,
    input: z.json(),
    maxAttempts: MAX_ATTEMPTS,
    async handle({ call, jobId }, stored) {
      const { request, askedAt } = opened(seal, stored)
      const lifetime = lifetimeMs(request)
      if (askedAt !== undefined && lifetime !== undefined && clock.now() >= askedAt + lifetime)
        throw jobErrors.hopeless({ detail: 'The mail was not sent in time: what it leads to is over.' })
      const mail = rendered(() => renderMail(request, productName, style))
      await outbox.send(call, { key: jobId, to: request.to, ...mail })
    },
  })
}

function opened(seal: JobSeal, stored: unknown): { readonly request: MailRequest; readonly askedAt: number | undefined } {
  const found = seal.open(stored)
  if (found === undefined)
    throw jobErrors.hopeless({ detail: 'The mail does not open: the master key that it was sealed with is not here, or it was changed.' })
  const request = mailRequest.safeParse(found.input)
  if (request.success) return { request: request.data, askedAt: found.at }
  const problem = fieldProblems(request.error)
    .map(({ field, message }) => `${field}: ${message}`)
    .join('; ')
  throw jobErrors.hopeless({ detail: `The mail cannot be read: ${problem}` })
}

function rendered<T>(render: () => T): T {
  try {
    return render()
  } catch (error) {
    throw jobErrors.hopeless({ detail: `The mail cannot be written: ${reasonOf(error)}`, cause: error })
  }
}
