// What a mail is: as it is asked for, and as the development mailbox keeps it.
import { mailAddress } from '#kernel/mail-fields.ts'
import { type Schema, z } from '#kernel/schema.ts'
import type { MailRequest } from '../contract.ts'

export const mailRequest = z.strictObject({
  to: mailAddress,
  template: z.string().min(1).max(100),
  data: z.record(z.string(), z.string()),
  language: z.string().max(35).optional(),
}) satisfies Schema<MailRequest>

export const keptMail = z.object({
  id: z.string(),
  to: z.string(),
  from: z.string(),
  subject: z.string(),
  text: z.string(),
  html: z.string(),
  /** Epoch milliseconds. */
  at: z.number(),
  expiresAt: z.number(),
})
export type KeptMail = z.infer<typeof keptMail>

export const mailboxList = z.strictObject({
  items: z.array(
    z.strictObject({ id: z.string(), to: z.string(), from: z.string(), subject: z.string(), text: z.string(), at: z.iso.datetime() }),
  ),
})
