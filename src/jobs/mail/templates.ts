// What every mail needs: a request that lacks some data is refused, never sent half empty. The words are in texts/, in one file for each language.
import { mailAddress, mailLine as line } from '#kernel/mail-fields.ts'
import { type Schema, z } from '#kernel/schema.ts'
import type { MailLook, MailRequest, OwnMails } from '../contract.ts'
import type { MailContent } from './content.ts'
import { layOut, type RenderedMail } from './layout.ts'
import { frameOf, ownFrame, ownWords, saidAs } from './own-words.ts'
import { de } from './texts/de.ts'
import { en, type MailTexts } from './texts/en.ts'

const LANGUAGES: Readonly<Record<string, MailTexts>> = { en, de }

const link = z.url({ protocol: /^https?$/ }).max(2000)
const minutes = z.string().regex(/^\d{1,4}$/)

const happened = z.strictObject({ name: line, when: line })

type Words<Data> = (texts: MailTexts) => (data: Data, productName: string) => MailContent

interface Template {
  /** What the mail is about; words of an app's own may name these. */
  readonly fields: readonly string[]
  read(input: unknown, locale: string): Readonly<Record<string, string>>
  content(texts: MailTexts, input: unknown, productName: string): MailContent
}

/** `when` is a moment as `Date` reads it, and is said as the language says moments. */
function template<Data extends Readonly<Record<string, string>>>(
  data: Schema<Data> & { readonly shape: object },
  words: Words<Data>,
): Template {
  const read = (input: unknown, locale: string): Data => {
    const given = data.parse(input)
    return given['when'] === undefined ? given : { ...given, when: momentWords(locale, given['when']) }
  }
  return {
    fields: Object.keys(data.shape),
    read,
    content: (texts, input, productName) => words(texts)(read(input, texts.locale), productName),
  }
}

const templates: Readonly<Record<string, Template>> = {
  'confirm-address': template(z.strictObject({ link, minutes }), (texts) => texts.confirmAddress),
  'already-registered': template(z.strictObject({ name: line, link }), (texts) => texts.alreadyRegistered),
  'reset-password': template(z.strictObject({ name: line, link, minutes }), (texts) => texts.resetPassword),
  'new-passkey': template(z.strictObject({ name: line, link, minutes }), (texts) => texts.newPasskey),
  'ask-for-passkey': template(z.strictObject({ name: line }), (texts) => texts.askForPasskey),
  'no-account': template(z.strictObject({ link }), (texts) => texts.noAccount),
  'sign-in-code': template(z.strictObject({ name: line, code: line, minutes }), (texts) => texts.signInCode),
  'sign-in-link': template(z.strictObject({ name: line, link, minutes }), (texts) => texts.signInLink),
  'sign-in-code-or-link': template(z.strictObject({ name: line, code: line, link, minutes }), (texts) => texts.signInCodeOrLink),
  'account-blocked': template(z.strictObject({ name: line }), (texts) => texts.accountBlocked),
  'confirm-new-address': template(z.strictObject({ link, minutes }), (texts) => texts.confirmNewAddress),
  'address-changed': template(z.strictObject({ name: line, address: mailAddress, link, days: minutes }), (texts) => texts.addressChanged),
  'address-restored': template(happened, (texts) => texts.addressRestored),
  'address-offered': template(z.strictObject({ link, days: minutes }), (texts) => texts.addressOffered),
  'address-given': template(happened, (texts) => texts.addressGiven),
  'deletion-requested': template(z.strictObject({ name: line, link, days: minutes }), (texts) => texts.deletionRequested),
  'deletion-while-blocked': template(z.strictObject({ name: line, days: minutes }), (texts) => texts.deletionWhileBlocked),
  'deletion-called-off': template(happened, (texts) => texts.deletionCalledOff),
  'account-deleted': template(z.strictObject({ name: line }), (texts) => texts.accountDeleted),
  'deletion-cancelled': template(happened, (texts) => texts.deletionCancelled),
  invitation: template(z.strictObject({ link, days: minutes }), (texts) => texts.invitation),
  'organisation-invitation': template(
    z.strictObject({ organisation: line, inviter: line, link, days: minutes }),
    (texts) => texts.organisationInvitation,
  ),
  'organisation-ended': template(z.strictObject({ name: line, organisation: line, when: line }), (texts) => texts.organisationEnded),
  'sign-up-closed': template(z.strictObject({}), (texts) => texts.signUpClosed),
  'password-changed': template(happened, (texts) => texts.passwordChanged),
  'passkey-added': template(happened, (texts) => texts.passkeyAdded),
  'passkey-removed': template(happened, (texts) => texts.passkeyRemoved),
  'token-reused': template(z.strictObject({ name: line, app: line, when: line }), (texts) => texts.tokenReused),
  'identity-linked': template(z.strictObject({ name: line, provider: line, when: line }), (texts) => texts.identityLinked),
  'identity-unlinked': template(z.strictObject({ name: line, provider: line, when: line }), (texts) => texts.identityUnlinked),
  'totp-enabled': template(happened, (texts) => texts.totpEnabled),
  'totp-disabled': template(happened, (texts) => texts.totpDisabled),
  'totp-lost': template(happened, (texts) => texts.totpLost),
  'second-step-reset': template(happened, (texts) => texts.secondStepReset),
  'recovery-codes-created': template(happened, (texts) => texts.recoveryCodesCreated),
  'recovery-code-used': template(happened, (texts) => texts.recoveryCodeUsed),
}

/** Whose time zone it is we do not know. */
function momentWords(locale: string, when: string): string {
  const at = Date.parse(when)
  if (Number.isNaN(at)) return when
  return `${new Date(at).toLocaleString(locale, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' })} UTC`
}

/** Of `de-AT` we know `de`; who reads none of ours gets English. */
function languageOf(tag: string | undefined): { readonly language: string; readonly texts: MailTexts } {
  const language = tag?.split('-')[0] ?? 'en'
  const texts = Object.hasOwn(LANGUAGES, language) ? LANGUAGES[language] : undefined
  return texts === undefined ? { language: 'en', texts: en } : { language, texts }
}

/** The placeholders that words of an app's own may use in each mail; there is always `product` as well. */
export const MAIL_FIELDS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(templates).map(([name, { fields }]) => [name, fields]),
)

/** What an app has of its own. */
export interface MailStyle {
  readonly ownMails?: OwnMails | undefined
  readonly look?: MailLook | undefined
}

/** Throws when there is no such template or the data does not fit it: a mistake of ours, which no second try mends. */
export function renderMail(request: Omit<MailRequest, 'to'>, productName: string, { ownMails = {}, look }: MailStyle = {}): RenderedMail {
  const found = Object.hasOwn(templates, request.template) ? templates[request.template] : undefined
  if (found === undefined) throw new Error(`There is no mail template "${request.template}".`)
  const { language, texts } = languageOf(request.language)
  const content = found.content(texts, request.data, productName)
  const theirs = ownWords(ownMails, request)
  const said = theirs?.language ?? language
  // Of `de-AT` the frame of `de-AT` too, but not the French one around a mail that there is in English alone.
  const wanted = request.language?.split('-')[0] === said.split('-')[0] ? request.language : undefined
  const frame = { productName, language: said, texts: frameOf(ownFrame(ownMails, wanted ?? said), texts), look }
  if (theirs === undefined) return layOut(content, frame)
  const values = { ...found.read(request.data, said), product: productName }
  return layOut(saidAs(content, theirs.words, values), frame)
}
