// Mails in the words of the app: what they say in place of ours, filled in. Everything is laid out as ours are, and escaped there.
import { directionOf, isolated } from '#kernel/text-direction.ts'
import type { OwnMail, OwnMailFrame, OwnMails } from '../contract.ts'
import type { MailContent } from './content.ts'
import type { MailTexts } from './texts/en.ts'

const PLACEHOLDER = /\{(\w+)\}/g
/** A paragraph of its own: it is the button. */
export const LINK = '{link}'

type Values = Readonly<Record<string, string>>

/** One pass: what is filled in is never looked at again, whatever people call themselves. */
function filled(text: string, values: Values): string {
  return text.replaceAll(PLACEHOLDER, (whole, name: string) => values[name] ?? whole)
}

export function placeholdersIn(text: string): readonly string[] {
  return [...text.matchAll(PLACEHOLDER)].map(([, name]) => name ?? '')
}

interface OwnWords {
  readonly language: string
  readonly words: OwnMail
}

/** For `fr-CA` what there is for it, else for `fr`. */
export function ownWords(
  own: OwnMails,
  { template, language }: { readonly template: string; readonly language: string },
): OwnWords | undefined {
  for (const tag of tagsOf(language)) {
    const { mails = {} } = inLanguage(own, tag) ?? {}
    const words = Object.hasOwn(mails, template) ? mails[template] : undefined
    if (words !== undefined) return { language: tag, words }
  }
  return undefined
}

const tagsOf = (language: string): ReadonlySet<string> => new Set([language, language.split('-')[0] ?? language])

const inLanguage = (own: OwnMails, tag: string): OwnMails[string] | undefined => (Object.hasOwn(own, tag) ? own[tag] : undefined)

/** What stands around every mail of a language, whoever says the mail itself. */
export function ownFrame(own: OwnMails, language: string): OwnMailFrame | undefined {
  for (const tag of tagsOf(language)) {
    const frame = inLanguage(own, tag)?.frame
    if (frame !== undefined) return frame
  }
  return undefined
}

export function saidAs(ours: MailContent, own: OwnMail, values: Values): MailContent {
  const said = (text: string | undefined): string | undefined => (text === undefined ? undefined : filled(text, values))
  const { preview, paragraphs, small } = own.body === undefined ? ours : inParts(own.body, values)
  const { button } = ours
  return {
    subject: said(own.subject) ?? ours.subject,
    preview: said(own.preview) ?? preview,
    heading: said(own.heading ?? own.subject) ?? ours.heading,
    paragraphs,
    small,
    ...(button === undefined ? {} : { button: { link: button.link, words: said(own.button) ?? button.words } }),
  }
}

/** What comes after the button is in smaller letters. */
function inParts(body: readonly string[], values: Values): Pick<MailContent, 'preview' | 'paragraphs' | 'small'> {
  const at = body.indexOf(LINK)
  const [before, after] = at === -1 ? [body, []] : [body.slice(0, at), body.slice(at + 1)]
  // A paragraph about what there may be none of.
  const isAboutNothing = (paragraph: string): boolean => placeholdersIn(paragraph).some((name) => values[name] === '')
  const said = (part: readonly string[]): string[] =>
    part.filter((paragraph) => !isAboutNothing(paragraph)).map((paragraph) => filled(paragraph, values))
  return { preview: said(before)[0] ?? '', paragraphs: said(before), small: said(after) }
}

/** Around a mail in `language`. */
export function frameOf(own: OwnMailFrame | undefined, ours: MailTexts, language: string): Pick<MailTexts, 'copyLink' | 'reason'> {
  const around = directionOf(language)
  const ourWords = (words: string): string => (around === 'rtl' ? apart(words) : words)
  const { copyLink = ourWords(ours.copyLink), reason } = own ?? {}
  return {
    copyLink,
    reason: (product) =>
      reason === undefined ? ourWords(ours.reason(isolated(product, 'ltr'))) : filled(reason, { product: isolated(product, around) }),
  }
}

/** Ours go from left to right: in a mail that goes the other way each stands for itself. A code alone is copied as it is. */
const apart = (words: string): string => (/\p{L}/u.test(words) ? `\u2066${words}\u2069` : words)

export function setApart({ subject, preview, heading, paragraphs, button, small }: MailContent): MailContent {
  return {
    subject: apart(subject),
    preview: apart(preview),
    heading: apart(heading),
    paragraphs: paragraphs.map(apart),
    small: small.map(apart),
    ...(button === undefined ? {} : { button: { link: button.link, words: apart(button.words) } }),
  }
}
