// The words of every mail in English. Other languages have the same shape (`MailTexts`). Read by templates.ts, which checks the data.
import type { MailContent } from '../content.ts'

interface Named {
  readonly name: string
}

interface Linked {
  readonly link: string
}

interface Timely {
  readonly minutes: string
}

interface Happened extends Named {
  /** A moment, in words. */
  readonly when: string
}

export const en = {
  /** How moments are written; a BCP 47 tag. */
  locale: 'en-GB',
  copyLink: 'Or copy this address into your browser:',
  reason: (product: string) => `${product} sent this because of something that was done with this address. No answer is read here.`,

  confirmAddress: ({ link, minutes }: Linked & Timely, product: string): MailContent => ({
    subject: `Confirm your address for ${product}`,
    preview: `One click, and your account is ready. The link works for ${minutes} minutes.`,
    heading: 'Confirm your address',
    paragraphs: [
      `Somebody, hopefully you, has just signed up for ${product} with this address. Confirm that it is yours, and the account is ready.`,
    ],
    button: { words: 'Confirm my address', link },
    small: [
      `The link works once, within ${minutes} minutes.`,
      'That was not you? Then do nothing: without the link there will be no account, and nobody else can use your address.',
    ],
  }),

  alreadyRegistered: ({ name, link }: Named & Linked, product: string): MailContent => ({
    subject: `You already have an account with ${product}`,
    preview: 'Somebody tried to sign up with your address. Your account is unchanged.',
    heading: `Welcome back, ${name}`,
    paragraphs: [
      `Somebody, perhaps you, tried to sign up for ${product} with this address. It has an account already, so there was nothing to make: just sign in.`,
    ],
    button: { words: 'Sign in', link },
    small: ['That was not you? Then there is nothing to do. Your account is unchanged, and whoever tried has learned nothing about it.'],
  }),

  resetPassword: ({ name, link, minutes }: Named & Linked & Timely, product: string): MailContent => ({
    subject: `Set a new password for ${product}`,
    preview: `The link works once, within ${minutes} minutes.`,
    heading: 'Set a new password',
    paragraphs: [
      `Hello ${name}, somebody, hopefully you, has asked for a new password for your ${product} account. Choose it with this link.`,
    ],
    button: { words: 'Choose a new password', link },
    small: [
      `The link works once, within ${minutes} minutes. Everything that is signed in is signed out by it.`,
      'That was not you? Then do nothing: your password stays as it is.',
    ],
  }),

  noAccount: ({ link }: Linked, product: string): MailContent => ({
    subject: `No account with ${product}`,
    preview: 'This address has no account.',
    heading: 'There is no account with this address',
    paragraphs: [
      `Somebody, perhaps you, wanted to get into ${product} with this address, but it has no account. Perhaps you signed up with another one.`,
    ],
    button: { words: 'Create an account', link },
    small: ['That was not you? Then there is nothing to do, and nobody has learned anything about you.'],
  }),

  passwordChanged: ({ name, when }: Happened, product: string): MailContent => ({
    subject: `Your ${product} password was changed`,
    preview: 'Every other session was signed out.',
    heading: 'Your password was changed',
    paragraphs: [`Hello ${name}, the password of your ${product} account was changed on ${when}. All other sessions were signed out.`],
    small: [
      `That was not you? Then somebody else knew your password and was signed in as you. Tell the people who run ${product} at once, so that they can close the account to everybody.`,
    ],
  }),

  passkeyAdded: ({ name, when }: Happened, product: string): MailContent => ({
    subject: `A passkey was added to your ${product} account`,
    preview: 'It signs in without a password.',
    heading: 'A passkey was added',
    paragraphs: [`Hello ${name}, a passkey was added to your ${product} account on ${when}. Whoever holds it can sign in with it.`],
    small: ['That was not you? Then sign in, remove it on your account page and sign out all other sessions.'],
  }),

  passkeyRemoved: ({ name, when }: Happened, product: string): MailContent => ({
    subject: `A passkey was removed from your ${product} account`,
    preview: 'It opens nothing any more.',
    heading: 'A passkey was removed',
    paragraphs: [`Hello ${name}, a passkey was removed from your ${product} account on ${when}. It cannot sign in any more.`],
    small: ['That was not you? Then sign in, look at your account page and sign out all other sessions.'],
  }),
}

export type MailTexts = typeof en
