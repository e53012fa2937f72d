// The settings of jobs and mail.
import { z } from '#kernel/schema.ts'
import { type Setting, setting } from '#kernel/setting.ts'

/** RFC 5322 section 3.4, as far as anybody writes it by hand: an address, or a name and the address in angle brackets. */
const MAILBOX = /^(?:[^<>\r\n]*<[^\s<>@,]+@[^\s<>@,]+>|[^\s<>@,]+@[^\s<>@,]+)$/

const sender: Setting<string | undefined> = {
  ...setting.optionalText(
    'Sender of every mail, as The Shop <no-reply@shop.example>; unless given, the name of the app and no-reply at NINEFOLD_DOMAIN',
  ),
  parse: z.string().regex(MAILBOX, 'must be one mailbox, as no-reply@shop.example or The Shop <no-reply@shop.example>').optional(),
}

export const jobsConfig = {
  smtpUrl: setting.secret('Mail server, as smtp://user:password@host:port; needed in production'),
  webhooksAnywhere: setting.flag({ default: false, about: 'Webhooks may lead to addresses of private networks too, by HTTPS' }),
  mailFrom: sender,
}
