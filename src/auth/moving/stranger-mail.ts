// A mail to an address that nobody here has. Where the app asks another system, that is asked first, and by a job: so whoever asked for the mail waits no longer
// than for an address that somebody has, a system that is down takes nothing from people who are here, and the mail comes when it is back.
import type { EventDraft } from '#kernel/collection.ts'
import { jobRequested } from '#kernel/job.ts'
import { STRANGER_MAIL_JOB } from '#kernel/sealed-job.ts'
import { z } from '#kernel/schema.ts'
import type { MailRequest } from '../../jobs/contract.ts'
import { mail } from '../accounts/mail.ts'

/** What is stored already, for whoever the other system may know. Sealed with the mail, since the token opens what the mail leads to. */
export const waitingRecord = z.strictObject({
  kind: z.enum(['reset', 'passkey', 'sign-in', 'sign-up']),
  id: z.string(),
  token: z.string(),
  interaction: z.string().optional(),
  expiresAt: z.int(),
})

export type WaitingRecord = z.infer<typeof waitingRecord>

export interface Mailing {
  readonly request: MailRequest
  /** Whether the address is of somebody here. */
  readonly isKnown: boolean
  readonly waiting: WaitingRecord
}

/** Asks for the mail, as part of the write that it tells of. */
export type AskForMail = (mailing: Mailing) => EventDraft

export function createAskForMail({ asksElsewhere }: { readonly asksElsewhere: boolean }): AskForMail {
  return ({ request, isKnown, waiting }) => {
    if (isKnown || !asksElsewhere) return mail(request)
    const { to, template, data, language } = request
    const { interaction, ...record } = waiting
    return jobRequested({
      name: STRANGER_MAIL_JOB,
      input: {
        request: { to, template, data, ...(language === undefined ? {} : { language }) },
        waiting: { ...record, ...(interaction === undefined ? {} : { interaction }) },
      },
    })
  }
}
