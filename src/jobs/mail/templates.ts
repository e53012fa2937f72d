// What every mail needs: a request that lacks some data is refused, never sent half empty. The words are in texts/, in one file for each language.
import { type Schema, z } from '#kernel/schema.ts'
import type { MailRequest } from '../contract.ts'
import type { MailContent } from './content.ts'
import { layOut, type RenderedMail } from './layout.ts'
import { de } from './texts/de.ts'
import { en, type MailTexts } from './texts/en.ts'

const LANGUAGES: Readonly<Record<string, MailTexts>> = { en, de }

const line = z
  .string()
  .min(1)
  .max(200)
  // A line break in a subject or a name would start a new header or a new paragraph.
  .regex(/^\P{Cc}*$/u)
const link = z.url({ protocol: /^https?$/ }).max(2000)
const minutes = z.string().regex(/^\d{1,4}$/)

type Words<Data> = (texts: MailTexts) => (data: Data, productName: string) => MailContent

type Template = (texts: MailTexts, input: unknown, productName: string) => MailContent

function template<Data>(data: Schema<Data>, words: Words<Data>): Template {
  return (texts, input, productName) => words(texts)(data.parse(input), productName)
}

/** Something that was done at a moment, `when`: as `Date` reads it. */
function happened(words: Words<{ readonly name: string; readonly when: string }>): Template {
  const data = z.strictObject({ name: line, when: line })
  return (texts, input, productName) => {
    const { name, when } = data.parse(input)
    return words(texts)({ name, when: momentWords(texts, when) }, productName)
  }
}

/** The same, of a provider whose account opens this one. */
function happenedWith(words: Words<{ readonly name: string; readonly provider: string; readonly when: string }>): Template {
  const data = z.strictObject({ name: line, provider: line, when: line })
  return (texts, input, productName) => {
    const { when, ...rest } = data.parse(input)
    return words(texts)({ ...rest, when: momentWords(texts, when) }, productName)
  }
}

/** The same, of an app that the person has let in. */
function happenedIn(words: Words<{ readonly name: string; readonly app: string; readonly when: string }>): Template {
  const data = z.strictObject({ name: line, app: line, when: line })
  return (texts, input, productName) => {
    const { when, ...rest } = data.parse(input)
    return words(texts)({ ...rest, when: momentWords(texts, when) }, productName)
  }
}

/** The same, of an organisation that the person belonged to. */
function happenedTo(words: Words<{ readonly name: string; readonly organisation: string; readonly when: string }>): Template {
  const data = z.strictObject({ name: line, organisation: line, when: line })
  return (texts, input, productName) => {
    const { when, ...rest } = data.parse(input)
    return words(texts)({ ...rest, when: momentWords(texts, when) }, productName)
  }
}

const templates: Readonly<Record<string, Template>> = {
  'confirm-address': template(z.strictObject({ link, minutes }), (texts) => texts.confirmAddress),
  'already-registered': template(z.strictObject({ name: line, link }), (texts) => texts.alreadyRegistered),
  'reset-password': template(z.strictObject({ name: line, link, minutes }), (texts) => texts.resetPassword),
  'no-account': template(z.strictObject({ link }), (texts) => texts.noAccount),
  'sign-in-code': template(z.strictObject({ name: line, code: line, minutes }), (texts) => texts.signInCode),
  'sign-in-link': template(z.strictObject({ name: line, link, minutes }), (texts) => texts.signInLink),
  'sign-in-code-or-link': template(z.strictObject({ name: line, code: line, link, minutes }), (texts) => texts.signInCodeOrLink),
  'account-blocked': template(z.strictObject({ name: line }), (texts) => texts.accountBlocked),
  'confirm-new-address': template(z.strictObject({ link, minutes }), (texts) => texts.confirmNewAddress),
  'address-changed': template(z.strictObject({ name: line, address: line, link, days: minutes }), (texts) => texts.addressChanged),
  'address-restored': happened((texts) => texts.addressRestored),
  'deletion-requested': template(z.strictObject({ name: line, link, days: minutes }), (texts) => texts.deletionRequested),
  'deletion-cancelled': happened((texts) => texts.deletionCancelled),
  invitation: template(z.strictObject({ link, days: minutes }), (texts) => texts.invitation),
  'organisation-invitation': template(
    z.strictObject({ organisation: line, inviter: line, link, days: minutes }),
    (texts) => texts.organisationInvitation,
  ),
  'organisation-ended': happenedTo((texts) => texts.organisationEnded),
  'sign-up-closed': template(z.strictObject({}), (texts) => texts.signUpClosed),
  'password-changed': happened((texts) => texts.passwordChanged),
  'passkey-added': happened((texts) => texts.passkeyAdded),
  'passkey-removed': happened((texts) => texts.passkeyRemoved),
  'token-reused': happenedIn((texts) => texts.tokenReused),
  'identity-linked': happenedWith((texts) => texts.identityLinked),
  'identity-unlinked': happenedWith((texts) => texts.identityUnlinked),
  'totp-enabled': happened((texts) => texts.totpEnabled),
  'totp-disabled': happened((texts) => texts.totpDisabled),
  'second-step-reset': happened((texts) => texts.secondStepReset),
  'recovery-codes-created': happened((texts) => texts.recoveryCodesCreated),
  'recovery-code-used': happened((texts) => texts.recoveryCodeUsed),
}

/** Whose time zone it is we do not know. */
function momentWords({ locale }: MailTexts, when: string): string {
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

/** Throws when there is no such template or the data does not fit it: a mistake of ours, which no second try mends. */
export function renderMail(request: Omit<MailRequest, 'to'>, productName: string): RenderedMail {
  const found = Object.hasOwn(templates, request.template) ? templates[request.template] : undefined
  if (found === undefined) throw new Error(`There is no mail template "${request.template}".`)
  const { language, texts } = languageOf(request.language)
  return layOut(found(texts, request.data, productName), { productName, language, texts })
}
