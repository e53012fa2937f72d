// What every mail needs: a request that lacks some data is refused, never sent half empty. The words are in texts/, in one file for each language.
import { lookUpLanguage } from '#kernel/http/accept-language.ts'
import { mailAddress, mailLine as line } from '#kernel/mail-fields.ts'
import { type Schema, z } from '#kernel/schema.ts'
import { directionOf, isolated } from '#kernel/text-direction.ts'
import type { MailRequest, MailStyle, WaysIn } from '../contract.ts'
import type { MailContent } from './content.ts'
import { layOut, type RenderedMail } from './layout.ts'
import { frameOf, ownFrame, ownWords, saidAs, setApart } from './own-words.ts'
import { de } from './texts/de.ts'
import { en, type MailTexts } from './texts/en.ts'

const LANGUAGES: Readonly<Record<string, MailTexts>> = { en, de }

const link = z.url({ protocol: /^https?$/ }).max(2000)
const minutes = z.string().regex(/^\d{1,4}$/)

const happened = z.strictObject({ name: line, when: line })
/** A line for each; none where there are none. As many as somebody can be in. */
const names = z
  .string()
  .max(20_100)
  .refine((text) => text === '' || text.split('\n').every((one) => line.safeParse(one).success), 'must be lines')
  .default('')
/** Empty when nobody knows it any more. */
const lostName = line.or(z.literal(''))
const lastDays = { days: minutes, ending: names, ownerless: names }

/** What a mail says that its data do not. */
interface Around {
  readonly productName: string
  readonly ways: WaysIn
}

type Words<Data> = (texts: MailTexts) => (data: Data, productName: string, ways: WaysIn) => MailContent

interface Template {
  /** What the mail is about; words of an app's own may name these. */
  readonly fields: readonly string[]
  read(input: unknown, locale: string): Readonly<Record<string, string>>
  content(texts: MailTexts, input: unknown, around: Around): MailContent
}

/** What people and apps are called. Codes and links are typed and followed as they are. */
const NAMES: ReadonlySet<string> = new Set(['name', 'organisation', 'inviter', 'app', 'provider', 'address'])

/** Several, as the language says several. */
const LISTS: ReadonlySet<string> = new Set(['ending', 'ownerless'])

/**
 * `when` is a moment as `Date` reads it, and is said as the language says moments. Names do not turn round the sentence in which they stand.
 */
function template<Data extends Readonly<Record<string, string>>>(
  data: Schema<Data> & { readonly shape: object },
  words: Words<Data>,
): Template {
  const read = (input: unknown, locale: string): Data => {
    const given = data.parse(input)
    const around = directionOf(locale)
    const said = (field: string, value: string): string => {
      if (field === 'when') return momentWords(locale, value)
      if (LISTS.has(field))
        return new Intl.ListFormat(locale).format(value === '' ? [] : value.split('\n').map((one) => isolated(one, around)))
      return NAMES.has(field) ? isolated(value, around) : value
    }
    return { ...given, ...Object.fromEntries(Object.entries(given).map(([field, value]) => [field, said(field, value)])) }
  }
  return {
    fields: Object.keys(data.shape),
    read,
    content: (texts, input, { productName, ways }) => words(texts)(read(input, texts.locale), productName, ways),
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
  'address-taken-back': template(happened, (texts) => texts.addressTakenBack),
  'address-while-blocked': template(happened, (texts) => texts.addressWhileBlocked),
  'address-offered': template(z.strictObject({ link, days: minutes }), (texts) => texts.addressOffered),
  'address-taken': template(happened, (texts) => texts.addressTaken),
  'address-given': template(happened, (texts) => texts.addressGiven),
  'deletion-requested': template(z.strictObject({ name: line, link, ...lastDays }), (texts) => texts.deletionRequested),
  'deletion-while-blocked': template(z.strictObject({ name: line, ...lastDays }), (texts) => texts.deletionWhileBlocked),
  'deletion-called-off': template(happened, (texts) => texts.deletionCalledOff),
  'account-deleted': template(z.strictObject({ name: line }), (texts) => texts.accountDeleted),
  'deletion-cancelled': template(happened, (texts) => texts.deletionCancelled),
  invitation: template(z.strictObject({ link, days: minutes }), (texts) => texts.invitation),
  'organisation-invitation': template(
    z.strictObject({ organisation: line, inviter: line, link, days: minutes }),
    (texts) => texts.organisationInvitation,
  ),
  'organisation-ended': template(z.strictObject({ name: line, organisation: line, when: line }), (texts) => texts.organisationEnded),
  'organisation-ownerless': template(z.strictObject({ name: line, organisation: line }), (texts) => texts.organisationOwnerless),
  'sign-up-closed': template(z.strictObject({}), (texts) => texts.signUpClosed),
  'password-changed': template(happened, (texts) => texts.passwordChanged),
  'passkey-added': template(happened, (texts) => texts.passkeyAdded),
  'passkeys-replaced': template(happened, (texts) => texts.passkeysReplaced),
  'passkey-removed': template(happened, (texts) => texts.passkeyRemoved),
  'token-reused': template(z.strictObject({ name: line, app: lostName, when: line }), (texts) => texts.tokenReused),
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

/** What a mail is said in: what its reader has, whatever the case of its letters, where the app or we speak it. Else as pages do, the first that the app offers. */
function spokenTo(reader: string | undefined, { languages = ['en'], ownMails = {} }: MailStyle): string {
  const [first = 'en'] = languages
  const tags = [...Object.keys(LANGUAGES), ...Object.keys(ownMails), ...languages]
  return (reader === undefined ? undefined : lookUpLanguage(new Map(tags.map((tag) => [tag.toLowerCase(), tag])), reader)) ?? first
}

/** Of `de-AT` we know `de`; what there is in no language of ours is said in English. */
function oursFor(tag: string): { readonly language: string; readonly texts: MailTexts } {
  const [language = 'en'] = tag.split('-')
  const texts = Object.hasOwn(LANGUAGES, language) ? LANGUAGES[language] : undefined
  return texts === undefined ? { language: 'en', texts: en } : { language, texts }
}

/** The placeholders that words of an app's own may use in each mail; there is always `product` as well. */
export const MAIL_FIELDS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(templates).map(([name, { fields }]) => [name, fields]),
)

const WITH_PASSWORDS: WaysIn = { password: true, needsPasskey: false }

/** Throws when there is no such template or the data does not fit it: a mistake of ours, which no second try mends. */
export function renderMail(request: Omit<MailRequest, 'to'>, productName: string, style: MailStyle = {}): RenderedMail {
  const { ownMails = {}, look, ways = WITH_PASSWORDS } = style
  const found = Object.hasOwn(templates, request.template) ? templates[request.template] : undefined
  if (found === undefined) throw new Error(`There is no mail template "${request.template}".`)
  const wanted = spokenTo(request.language, style)
  const { language, texts } = oursFor(wanted)
  const ours = found.content(texts, request.data, { productName: isolated(productName, 'ltr'), ways })
  const theirs = ownWords(ownMails, { template: request.template, language: wanted })
  const said = theirs?.language ?? language
  // Of `de-AT` the frame of `de-AT` too, but not the French one around a mail that there is in English alone.
  const around = wanted.split('-')[0] === said.split('-')[0] ? wanted : said
  const frame = { productName, language: said, texts: frameOf(ownFrame(ownMails, around), texts, said), look }
  if (theirs === undefined) return layOut(ours, frame)
  const given = found.read(request.data, said)
  const named = given['app'] === '' ? { ...given, app: oursFor(said).texts.someApp } : given
  const values = { ...named, product: isolated(productName, directionOf(said)) }
  return layOut(saidAs(directionOf(said) === 'rtl' ? setApart(ours) : ours, theirs.words, values), frame)
}
