// What a mail is: as it is asked for, and as the development mailbox keeps it.
import { type Schema, z } from '#kernel/schema.ts'
import type { MailRequest } from '../contract.ts'

// One plain address. No display name, no list, no quoting and nothing that could begin another header line.
const ADDRESS = /^[^\s@<>()[\],;:"\\\p{Cc}]{1,64}@[^\s@<>()[\],;:"\\\p{Cc}]{1,253}$/u

export const mailAddress = z.string().regex(ADDRESS, 'must be one plain address')

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
