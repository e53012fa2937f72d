// What the rest of the platform may know about jobs. Types only. To ask for work atomically with a write, use `jobRequested` of the kernel.
import type { Call } from '#kernel/call.ts'
import type { JobRequest } from '#kernel/job.ts'

export interface MailRequest {
  readonly to: string
  /** A template of `jobs/mail/templates.ts`. */
  readonly template: string
  readonly data: Readonly<Record<string, string>>
  /** A BCP 47 tag; the first language of the app unless told, and for one that neither the app nor a mail speaks. */
  readonly language?: string | undefined
}

/** A mail in the words of an app. `{name}` is filled in; what there is differs from mail to mail (docs/pages.md). What is not said is said in our words. */
export interface OwnMail {
  readonly subject?: string | undefined
  /** The sentence that mail programs show beside the subject; the first paragraph unless told. */
  readonly preview?: string | undefined
  /** The subject unless told. */
  readonly heading?: string | undefined
  /** Paragraphs. Where the mail has a link, one is `{link}` alone: it is the button, and what comes after it is in smaller letters. */
  readonly body?: readonly string[] | undefined
  /** What stands on the button. */
  readonly button?: string | undefined
}

/** What stands around every mail. */
export interface OwnMailFrame {
  readonly copyLink?: string | undefined
  /** Why somebody has got it; `{product}` is filled in. */
  readonly reason?: string | undefined
}

/** By language, and there by the name of the mail. */
export type OwnMails = Readonly<
  Record<string, { readonly mails: Readonly<Record<string, OwnMail>>; readonly frame?: OwnMailFrame | undefined }>
>

/** As `#rrggbb`. */
export interface MailColours {
  /** Behind everything, and behind what the mail says. */
  readonly ground: string
  readonly sheet: string
  readonly line: string
  readonly ink: string
  readonly soft: string
  /** The button, and what stands on it. */
  readonly accent: string
  readonly accentInk: string
  /** Of the mark beside the name of the product. */
  readonly tones: readonly [string, string, string, string, string]
  readonly glow: string
}

/** How mails look, where the app has a look of its own. */
export interface MailLook {
  readonly colours?: { readonly light: MailColours; readonly dark: MailColours } | undefined
  /** The product has a mark of its own: ours does not stand beside its name. */
  readonly ownMark: boolean
}

/** How people get into the app: a mail must not send them where there is nothing. */
export interface WaysIn {
  readonly password: boolean
  /** Passkeys are all there is. */
  readonly needsPasskey: boolean
}

/** How the mails of an app look and speak. */
export interface MailStyle {
  readonly ownMails?: OwnMails | undefined
  /** Ours unless told. */
  readonly look?: MailLook | undefined
  /** What the app offers; the first is for those of whom no language is known, and for those who read none of them. English unless told. */
  readonly languages?: readonly string[] | undefined
  /** With passwords unless told. */
  readonly ways?: WaysIn | undefined
}

export interface WebhookOverview {
  readonly name: string
  readonly url: string
  readonly waiting: number
  readonly failed: number
  readonly lastError?: string
}

/** For operators alone. */
export interface Webhooks {
  list(call: Call): Promise<readonly WebhookOverview[]>
  /** Those that sign now, newest first: two for a week after a rotation. */
  secrets(call: Call, name: string): Promise<readonly string[]>
  /** Makes a new secret, and gives what `secrets` does. */
  rotate(call: Call, name: string): Promise<readonly string[]>
  /** Failed deliveries wait again, with all their tries. The answer is their number. */
  retry(call: Call, name: string): Promise<number>
}

export interface Jobs {
  /** Durable once it returns. */
  enqueue(call: Call, request: JobRequest): Promise<void>
  readonly webhooks: Webhooks
}
