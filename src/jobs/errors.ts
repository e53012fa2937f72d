// The error table of jobs.
import { defineErrors } from '#kernel/errors.ts'

export const jobErrors = defineErrors('jobs', {
  bad_request: { status: 400, title: 'The job request is malformed' },
  not_found: { status: 404, title: 'No such job' },
  mail_not_found: { status: 404, title: 'No such mail; the mailbox forgets after a day' },
  not_failed: { status: 409, title: 'Only a failed job can be tried again' },
  not_yours: { status: 403, title: 'You may not do this' },
  webhook_not_found: { status: 404, title: 'No such webhook' },
  webhook_changed: { status: 409, title: 'The webhook was changed meanwhile' },
  /** A handler throws it when another try cannot help: the job fails at once. */
  hopeless: { status: 500, title: 'Another try cannot help' },
})
