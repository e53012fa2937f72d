// The words of every mail. Each template says which data it needs; a request that lacks some is refused, never sent half empty.
import { type Schema, z } from '#kernel/schema.ts'
import { layOut, type MailContent, type RenderedMail } from './layout.ts'

interface Template<Data> {
  readonly data: Schema<Data>
  content(data: Data, productName: string): MailContent
}

const line = z
  .string()
  .min(1)
  .max(200)
  // A line break in a subject or a name would start a new header or a new paragraph.
  .regex(/^\P{Cc}*$/u)
const link = z.url({ protocol: /^https?$/ }).max(2000)

function template<Data>(data: Schema<Data>, content: Template<Data>['content']): (input: unknown, productName: string) => MailContent {
  return (input, productName) => content(data.parse(input), productName)
}

const templates = {
  'confirm-address': template(z.strictObject({ link, minutes: z.string().regex(/^\d{1,4}$/) }), ({ link: to, minutes }, product) => ({
    subject: `Confirm your address for ${product}`,
    preview: `One click, and your account is ready. The link works for ${minutes} minutes.`,
    heading: 'Confirm your address',
    paragraphs: [
      `Somebody, hopefully you, has just signed up for ${product} with this address. Confirm that it is yours, and the account is ready.`,
    ],
    button: { words: 'Confirm my address', link: to },
    small: [
      `The link works once, within ${minutes} minutes.`,
      'That was not you? Then do nothing: without the link there will be no account, and nobody else can use your address.',
    ],
  })),

  'already-registered': template(z.strictObject({ name: line, link }), ({ name, link: to }, product) => ({
    subject: `You already have an account with ${product}`,
    preview: 'Somebody tried to sign up with your address. Your account is unchanged.',
    heading: `Welcome back, ${name}`,
    paragraphs: [
      `Somebody, perhaps you, tried to sign up for ${product} with this address. It has an account already, so there was nothing to make: just sign in.`,
    ],
    button: { words: 'Sign in', link: to },
    small: ['That was not you? Then there is nothing to do. Your account is unchanged, and whoever tried has learned nothing about it.'],
  })),

  'reset-password': template(
    z.strictObject({ name: line, link, minutes: z.string().regex(/^\d{1,4}$/) }),
    ({ name, link: to, minutes }, product) => ({
      subject: `Set a new password for ${product}`,
      preview: `The link works once, within ${minutes} minutes.`,
      heading: 'Set a new password',
      paragraphs: [
        `Hello ${name}, somebody, hopefully you, has asked for a new password for your ${product} account. Choose it with this link.`,
      ],
      button: { words: 'Choose a new password', link: to },
      small: [
        `The link works once, within ${minutes} minutes. Everything that is signed in is signed out by it.`,
        'That was not you? Then do nothing: your password stays as it is.',
      ],
    }),
  ),

  'no-account': template(z.strictObject({ link }), ({ link: to }, product) => ({
    subject: `No account with ${product}`,
    preview: 'This address has no account.',
    heading: 'There is no account with this address',
    paragraphs: [
      `Somebody, perhaps you, wanted to get into ${product} with this address, but it has no account. Perhaps you signed up with another one.`,
    ],
    button: { words: 'Create an account', link: to },
    small: ['That was not you? Then there is nothing to do, and nobody has learned anything about you.'],
  })),

  'password-changed': template(z.strictObject({ name: line, when: line }), ({ name, when }, product) => ({
    subject: `Your ${product} password was changed`,
    preview: 'Every other session was signed out.',
    heading: 'Your password was changed',
    paragraphs: [`Hello ${name}, the password of your ${product} account was changed on ${when}. All other sessions were signed out.`],
    small: [
      `That was not you? Then somebody else knew your password and was signed in as you. Tell the people who run ${product} at once, so that they can close the account to everybody.`,
    ],
  })),

  'passkey-added': template(z.strictObject({ name: line, when: line }), ({ name, when }, product) => ({
    subject: `A passkey was added to your ${product} account`,
    preview: 'It signs in without a password.',
    heading: 'A passkey was added',
    paragraphs: [`Hello ${name}, a passkey was added to your ${product} account on ${when}. Whoever holds it can sign in with it.`],
    small: ['That was not you? Then sign in, remove it on your account page and sign out all other sessions.'],
  })),

  'passkey-removed': template(z.strictObject({ name: line, when: line }), ({ name, when }, product) => ({
    subject: `A passkey was removed from your ${product} account`,
    preview: 'It opens nothing any more.',
    heading: 'A passkey was removed',
    paragraphs: [`Hello ${name}, a passkey was removed from your ${product} account on ${when}. It cannot sign in any more.`],
    small: ['That was not you? Then sign in, look at your account page and sign out all other sessions.'],
  })),
} as const

export type TemplateName = keyof typeof templates

function isTemplate(name: string): name is TemplateName {
  return Object.hasOwn(templates, name)
}

/** Throws when there is no such template or the data does not fit it: a mistake of ours, which no second try mends. */
export function renderMail(name: string, data: Readonly<Record<string, string>>, productName: string): RenderedMail {
  if (!isTemplate(name)) throw new Error(`There is no mail template "${name}".`)
  return layOut(templates[name](data, productName), productName)
}
