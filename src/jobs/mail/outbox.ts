// Where mails go: a port with two implementations, an SMTP server and the development mailbox.
import type { Call } from '#kernel/call.ts'

export interface OutgoingMail {
  /** Stays the same when the mail is tried again, so that receivers can tell a second copy. */
  readonly key: string
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html: string
}

export interface Outbox {
  send(call: Call, mail: OutgoingMail): Promise<void>
  close(): void
}
