// The job `mail.send`: renders a template and hands the mail over.
import { type JobDefinition, job } from '#kernel/job.ts'
import { jobErrors } from '../errors.ts'
import { reasonOf } from '../record.ts'
import type { Outbox } from './outbox.ts'
import { mailRequest } from './schemas.ts'
import { type MailStyle, renderMail } from './templates.ts'

// With the back-off of jobs this goes on for hours: mail servers are away for that long.
const MAX_ATTEMPTS = 20

export function mailJob(outbox: Outbox, productName: string, style: MailStyle): JobDefinition {
  return job({
    name: 'mail.send',
    input: mailRequest,
    maxAttempts: MAX_ATTEMPTS,
    async handle({ call, jobId }, { to, ...request }) {
      const mail = rendered(() => renderMail(request, productName, style))
      await outbox.send(call, { key: jobId, to, ...mail })
    },
  })
}

function rendered<T>(render: () => T): T {
  try {
    return render()
  } catch (error) {
    throw jobErrors.hopeless({ detail: `The mail cannot be written: ${reasonOf(error)}`, cause: error })
  }
}
