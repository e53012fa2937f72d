// Asking for a mail, as part of the write that it tells of.
import type { Call } from '#kernel/call.ts'
import type { EventDraft } from '#kernel/collection.ts'
import { jobRequested } from '#kernel/job.ts'
import { MAIL_JOB } from '#kernel/sealed-job.ts'
import type { MailRequest } from '../../jobs/contract.ts'

/** What the owner of an account has chosen: whoever asks for a mail to them may read something else. Where nothing of it is known, as was asked. */
export function languageFor(
  owner: { readonly language?: string | undefined } | undefined,
  { language }: Pick<Call, 'language'>,
): string | undefined {
  return owner?.language ?? language
}

/** In clear here: it is sealed before it is stored (`#kernel/sealed-job.ts`). */
export function mail({ language, ...request }: MailRequest): EventDraft {
  return jobRequested({ name: MAIL_JOB, input: language === undefined ? request : { ...request, language } })
}

/** For whoever has no account: how to get one, where that is possible. */
export function strangerMail(
  { isOff }: { readonly isOff: boolean },
  { email, origin }: { readonly email: string; readonly origin: string },
): MailRequest {
  if (isOff) return { to: email, template: 'sign-up-closed', data: {} }
  return { to: email, template: 'no-account', data: { link: `${origin}/sign-up` } }
}
