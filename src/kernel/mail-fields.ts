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

const VERSION = /^\p{P}*v?\d+(?:\.\d+){1,2}\p{P}*$/iu
/** The dots and at signs of every script: mail programs and browsers read them as ours (UTS 46). */
const JOINING = /(?<=[^\s.])[.\u2024\u3002\uff0e\uff61@\uff20](?=[\p{L}\p{N}])/gu
const AFTER_SCHEME = /[:\uff1a](?=\S)/gu

/**
 * What a stranger has named, so that no mail program makes a link of it: with a space where an address would go on ("evil .example"). The words stay what
 * they are, for many an honest name has a dot ("ASP .NET"), and its reader is to know it again; a mark that is shown as nothing would be read aloud, copied
 * and searched for with the name, and some programs link across it.
 */
export function unlinked(name: string): string {
  const apart = (word: string): string => word.replace(JOINING, ' $&').replace(AFTER_SCHEME, '$& ')
  return name
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .split(' ')
    .map((word) => (VERSION.test(word) ? word : apart(word)))
    .join(' ')
}
