// Asking for a mail, as part of the write that it tells of.
import type { EventDraft } from '#kernel/collection.ts'
import { jobRequested } from '#kernel/job.ts'
import type { MailRequest } from '../../jobs/contract.ts'

/** `language` is that of whoever asks (`call.language`), else what the account has kept. */
export function mail({ language, ...request }: MailRequest): EventDraft {
  return jobRequested({ name: 'mail.send', input: language === undefined ? request : { ...request, language } })
}

/** For whoever has no account: how to get one, where that is possible. */
export function strangerMail(
  { isOff }: { readonly isOff: boolean },
  { email, origin }: { readonly email: string; readonly origin: string },
): MailRequest {
  if (isOff) return { to: email, template: 'sign-up-closed', data: {} }
  return { to: email, template: 'no-account', data: { link: `${origin}/sign-up` } }
}
