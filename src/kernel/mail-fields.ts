// What may stand in a mail. One rule for mails and for whatever they name: a mail that cannot be written because of a name or an address would not tell
// its reader of what was done to them, and that name may be a thief's choice.
import { z } from './schema.ts'

/** RFC 5321 section 4.5.3.1: 64 octets before the `@`; a path of 256 with its brackets. No display name, no quoting, nothing that could begin a header line. */
export const mailAddress = z
  .email('must be one plain address')
  .max(254, 'must be one plain address')
  .regex(/^[^@]{1,64}@/, 'must be one plain address')

const MAX_MAIL_LINE = 200

/** A line break in a subject or a name would start a new header or a new paragraph. */
export const mailLine = z
  .string()
  .min(1)
  .max(MAX_MAIL_LINE)
  .regex(/^\P{Cc}*$/u, 'must be one line')

/** Of what others have named, in no matter which way: the mail about them must be one that can be written. */
export function mailLineOf(name: string | undefined, otherwise: string): string {
  const line = name?.replace(/\p{Cc}+/gu, ' ').slice(0, MAX_MAIL_LINE)
  return line === undefined || line === '' ? otherwise : line
}
