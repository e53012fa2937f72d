// What a mail says, before it is laid out.

export interface MailContent {
  readonly subject: string
  /** The sentence that mail clients show beside the subject. */
  readonly preview: string
  readonly heading: string
  readonly paragraphs: readonly string[]
  readonly button?: { readonly words: string; readonly link: string }
  /** After the button, in smaller letters. */
  readonly small: readonly string[]
}
