// Asking for a mail, as part of the write that it tells of.
import type { EventDraft } from '#kernel/collection.ts'
import { jobRequested } from '#kernel/job.ts'
import type { MailRequest } from '../../jobs/contract.ts'

export function mail(request: MailRequest): EventDraft {
  return jobRequested({ name: 'mail.send', input: { ...request } })
}
