// The words of every mail in English. Other languages have the same shape (`MailTexts`). Read by templates.ts, which checks the data.
import type { WaysIn } from '../../contract.ts'
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

interface Lasting {
  /** How many. */
  readonly days: string
}

/** Of an account that ends; empty where there are none. */
export interface LeftBehind {
  /** Organisations that go with it. */
  readonly ending: string
  /** Those that nobody owns afterwards. */
  readonly ownerless: string
}

interface Happened extends Named {
  /** A moment, in words. */
  readonly when: string
}

/** Something that was done with an account of another provider. */
export interface Connected extends Happened {
  readonly provider: string
}

interface Coded {
  readonly code: string
}

const codeWarning = [
  'Tell it to nobody: whoever asks you for it wants to get into your account.',
  'That was not you? Then do nothing: without it nobody gets in.',
]

const days = (count: string): string => (Number(count) === 1 ? 'a day' : `${count} days`)

/** The end of what to do about somebody else who gets in. */
const lockOut = ({ password }: WaysIn): string => `${password ? ', change your password' : ''} and sign out all other sessions`

const everyWay = ({ password }: WaysIn): string =>
  password ? 'the password and every other way in are removed' : 'every way in is removed'

const leftBehind = ({ ending, ownerless }: LeftBehind): readonly string[] => [
  ...(ending === '' ? [] : [`Organisations that end with it, unless they have another owner by then: ${ending}.`]),
  ...(ownerless === '' ? [] : [`Organisations that nobody will own then, unless somebody is made an owner before: ${ownerless}.`]),
]

const SOME_APP = 'an app'

export const en = {
  /** How moments are written; a BCP 47 tag. */
  locale: 'en-GB',
  /** Where nobody knows its name any more; the subject of a sentence. */
  someApp: SOME_APP,
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

  newPasskey: ({ name, link, minutes }: Named & Linked & Timely, product: string): MailContent => ({
    subject: `Make a new passkey for ${product}`,
    preview: `The link works once, within ${minutes} minutes.`,
    heading: 'Make a new passkey',
    paragraphs: [
      `Hello ${name}, somebody, hopefully you, has asked for a new passkey for your ${product} account. Open this link on the device that is to have it.`,
    ],
    button: { words: 'Make a new passkey', link },
    small: [
      `The link works once, within ${minutes} minutes. Everything that is signed in is signed out by it.`,
      'That was not you? Then do nothing: your passkeys stay as they are. Give the link to nobody, whoever asks for it.',
    ],
  }),

  askForPasskey: ({ name }: Named, product: string): MailContent => ({
    subject: `Your passkey for ${product}`,
    preview: 'For your account, those who run it have to help.',
    heading: 'Have you lost your passkey?',
    paragraphs: [
      `Hello ${name}, somebody, hopefully you, has asked for a new passkey for your ${product} account. For that account a mailbox is not enough, so write to those who run ${product}: when they know that it is you, they send you a link.`,
    ],
    small: ['That was not you? Then do nothing: your passkeys stay as they are.'],
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

  signInCode: ({ name, code, minutes }: Named & Coded & Timely, product: string): MailContent => ({
    subject: `${code} is your code for ${product}`,
    preview: `It works for ${minutes} minutes, where you asked for it.`,
    heading: code,
    paragraphs: [
      `Hello ${name}, this is your code to sign in to ${product}. Type it in where you asked for it, within ${minutes} minutes.`,
    ],
    small: codeWarning,
  }),

  signInLink: ({ name, link, minutes }: Named & Linked & Timely, product: string): MailContent => ({
    subject: `Sign in to ${product}`,
    preview: `The link works once, within ${minutes} minutes.`,
    heading: `Sign in to ${product}`,
    paragraphs: [`Hello ${name}, open this link in the browser in which you asked for it, and press the button there.`],
    button: { words: 'Sign in', link },
    small: [`The link works once, within ${minutes} minutes. On another device it shows a code to type in.`, ...codeWarning],
  }),

  signInCodeOrLink: ({ name, code, link, minutes }: Named & Coded & Linked & Timely, product: string): MailContent => ({
    subject: `${code} is your code for ${product}`,
    preview: `It works for ${minutes} minutes, where you asked for it.`,
    heading: code,
    paragraphs: [`Hello ${name}, this is your code to sign in to ${product}. Type it in where you asked for it, or open this link there.`],
    button: { words: 'Sign in', link },
    small: [`Code and link work once, within ${minutes} minutes.`, ...codeWarning],
  }),

  accountBlocked: ({ name }: Named, product: string): MailContent => ({
    subject: `Your ${product} account is blocked`,
    preview: 'Nobody can sign in to it at present.',
    heading: 'Your account is blocked',
    paragraphs: [
      `Hello ${name}, somebody, perhaps you, wanted to get into your ${product} account. It is blocked at present, so nobody can sign in to it.`,
    ],
    small: [`Ask the people who run ${product} if you do not know why.`],
  }),

  confirmNewAddress: ({ link, minutes }: Linked & Timely, product: string): MailContent => ({
    subject: `Confirm your new address for ${product}`,
    preview: `The link works once, within ${minutes} minutes.`,
    heading: 'Confirm your new address',
    paragraphs: [`This address is to become that of your ${product} account. Open this link where you are signed in, and confirm it.`],
    button: { words: 'Confirm the new address', link },
    small: [`The link works once, within ${minutes} minutes.`, 'That was not you? Then do nothing: nothing is changed without the link.'],
  }),

  addressChanged: (
    { name, address, link, days: count }: Named & Linked & Lasting & { readonly address: string },
    product: string,
  ): MailContent => ({
    subject: `The address of your ${product} account was changed`,
    preview: `If that was not you, stop it within ${days(count)}.`,
    heading: 'The address of your account was changed',
    paragraphs: [
      `Hello ${name}, your ${product} account now has the address ${address}. Mails about it go there from now on, and this is the last one to you here.`,
      'If that was not you, stop it: the account gets this address again, everybody is signed out, and we tell you how you get in.',
    ],
    button: { words: 'This was not me: stop it', link },
    small: [`The link works for ${days(count)}. If it was you, there is nothing to do.`],
  }),

  addressRestored: ({ name, when }: Happened, product: string, { password, needsPasskey }: WaysIn): MailContent => ({
    subject: `The address of your ${product} account is the earlier one again`,
    preview: 'Everybody was signed out. This is how you get in.',
    heading: 'The change of address was stopped',
    paragraphs: [
      `Hello ${name}, the change of the address of your ${product} account was stopped on ${when} by a link in a mail to this address, which is that of the account again. Everybody was signed out.`,
      password
        ? 'The password is removed: set a new one with "Forgot your password?", where people sign in.'
        : needsPasskey
          ? 'Sign in and see whether all is as you left it. If no passkey of yours is left, make a new one with "Lost your passkey?", where people sign in.'
          : 'Sign in and see whether all is as you left it.',
    ],
    small: [`If you do not know what happened here, tell the people who run ${product}.`],
  }),

  /** To the mailbox that the account had meanwhile, whoever reads it. */
  addressTakenBack: ({ name, when }: Happened, product: string): MailContent => ({
    subject: `Your ${product} account has its earlier address again`,
    preview: 'Everybody was signed out.',
    heading: 'The change of address was stopped',
    paragraphs: [
      `Hello ${name}, the change of the address of your ${product} account to this one was stopped on ${when}, by whoever has the earlier mailbox. Everybody was signed out, and this is the last mail about the account to you here.`,
    ],
    small: [
      `Did you change the address yourself? Then somebody else has your earlier mailbox: tell the people who run ${product} at once.`,
    ],
  }),

  /** Of an account that is blocked, in place of both that say how to get in. */
  addressWhileBlocked: ({ name, when }: Happened, product: string): MailContent => ({
    subject: `Your ${product} account has this address, and is blocked`,
    preview: 'Write to the people who run it.',
    heading: 'Your account is blocked still',
    paragraphs: [
      `Hello ${name}, on ${when} a link in a mail to this address was followed, and your ${product} account has this address since. Everybody was signed out.`,
      `The account is blocked, so nobody can sign in yet: write to the people who run ${product}, who can let you in again.`,
    ],
    small: ['If you do not know what happened here, tell them that, too.'],
  }),

  // No name in it, as in every mail to a mailbox that nobody has proved yet.
  addressOffered: ({ link, days: count }: Linked & Lasting, product: string, ways: WaysIn): MailContent => ({
    subject: `Take over a ${product} account`,
    preview: `The link works for ${days(count)}.`,
    heading: 'An account can be yours again',
    paragraphs: [
      `The people who run ${product} give an account to this mailbox, because somebody has asked them to. When you take it, it has this address, everybody is signed out of it, and ${everyWay(ways)}.`,
    ],
    button: { words: 'Take the account over', link },
    small: [`The link works once, for ${days(count)}.`, 'You have not asked for it? Then do nothing: nothing is changed without the link.'],
  }),

  addressTaken: ({ name, when }: Happened, product: string, ways: WaysIn): MailContent => ({
    subject: `Your ${product} account has this address now`,
    preview: 'Everybody was signed out. This is how you get in.',
    heading: 'Your account has this address now',
    paragraphs: [
      `Hello ${name}, on ${when} you followed the link by which the people who run ${product} have given you this account. Everybody was signed out, and ${everyWay(ways)}.`,
      ways.password
        ? 'Set a new password with "Forgot your password?", where people sign in.'
        : ways.needsPasskey
          ? 'Make a new passkey with "Lost your passkey?", where people sign in.'
          : 'Sign in by mail, with this address.',
    ],
    small: [`You have followed no such link? Then tell the people who run ${product} at once.`],
  }),

  /** To the mailbox that has lost the account. */
  addressGiven: ({ name, when }: Happened, product: string, ways: WaysIn): MailContent => ({
    subject: `Your ${product} account has another address`,
    preview: 'Everybody was signed out.',
    heading: 'Your account has another address',
    paragraphs: [
      `Hello ${name}, the people who run ${product} have given your account to another mailbox, where the link was followed on ${when}. Everybody was signed out, and ${everyWay(ways)}.`,
    ],
    small: [`If this was not agreed with you, tell the people who run ${product} at once.`],
  }),

  deletionRequested: ({ name, link, days: count, ...left }: Named & Linked & Lasting & LeftBehind, product: string): MailContent => ({
    subject: `Your ${product} account will be deleted`,
    preview: `In ${days(count)}. To keep it, sign in before.`,
    heading: 'Your account will be deleted',
    paragraphs: [
      `Hello ${name}, in ${days(count)} your ${product} account and everything in it will be gone for good. You are signed out everywhere.`,
      ...leftBehind(left),
      'If you want to keep it, or if this was not you, sign in before: that calls it off.',
    ],
    button: { words: 'Sign in and keep the account', link },
    small: ['If you want it gone, there is nothing to do.'],
  }),

  deletionWhileBlocked: ({ name, days: count, ...left }: Named & Lasting & LeftBehind, product: string): MailContent => ({
    subject: `Your ${product} account will be deleted`,
    preview: `In ${days(count)}, by an operator.`,
    heading: 'Your account will be deleted',
    paragraphs: [
      `Hello ${name}, in ${days(count)} your ${product} account and everything in it will be gone for good: an operator of ${product} has asked for this.`,
      ...leftBehind(left),
      'Your account is blocked, so nobody can sign in to it to call that off.',
    ],
    small: [`You want to keep it? Then tell the people who run ${product} before that day.`],
  }),

  deletionCalledOff: ({ name, when }: Happened, product: string): MailContent => ({
    subject: `Your ${product} account stays`,
    preview: 'An operator has called its end off.',
    heading: 'Your account stays',
    paragraphs: [`Hello ${name}, your ${product} account was to be deleted. On ${when} an operator called that off, so it stays.`],
    small: [`You want it gone? Then tell the people who run ${product}, or ask for it on your account page.`],
  }),

  accountDeleted: ({ name }: Named, product: string): MailContent => ({
    subject: `Your ${product} account was deleted`,
    preview: 'Everything in it is gone for good.',
    heading: 'Your account was deleted',
    paragraphs: [`Hello ${name}, an operator of ${product} has deleted your account and everything in it. Nothing brings it back.`],
    small: [`You did not expect that? Ask the people who run ${product}.`],
  }),

  deletionCancelled: ({ name, when }: Happened, product: string, { password }: WaysIn): MailContent => ({
    subject: `Your ${product} account stays`,
    preview: 'Its end was called off by signing in.',
    heading: 'Your account stays',
    paragraphs: [`Hello ${name}, somebody, hopefully you, signed in to your ${product} account on ${when}. So it will not be deleted.`],
    small: [
      password
        ? 'That was not you? Then change your password at once.'
        : 'That was not you? Then sign in at once, remove what you do not know on your account page and sign out all other sessions.',
    ],
  }),

  invitation: ({ link, days: count }: Linked & Lasting, product: string): MailContent => ({
    subject: `You are invited to ${product}`,
    preview: `Create your account within ${days(count)}.`,
    heading: `You are invited to ${product}`,
    paragraphs: [`You can create an account with this address within ${days(count)}.`],
    button: { words: 'Create an account', link },
    small: ['You did not expect this? Then do nothing.'],
  }),

  organisationInvitation: (
    { organisation, inviter, link, days: count }: Linked & Lasting & { readonly organisation: string; readonly inviter: string },
    product: string,
  ): MailContent => ({
    subject: `An invitation to ${organisation} on ${product}`,
    preview: `${inviter} would like you to join. The link works for ${days(count)}.`,
    heading: `Join ${organisation}?`,
    paragraphs: [
      `${inviter} invites you to ${organisation} on ${product}. Follow the link, and sign in with this address; if you have no account yet, you can make one on the way.`,
    ],
    button: { words: 'Look at the invitation', link },
    small: [
      `The link works once, within ${days(count)}, and only for an account with this address.`,
      'You do not know what this is about? Then do nothing: nobody is told, and nothing happens.',
    ],
  }),

  organisationEnded: ({ name, organisation, when }: Happened & { readonly organisation: string }, product: string): MailContent => ({
    subject: `${organisation} was ended`,
    preview: `You belonged to it on ${product}.`,
    heading: `${organisation} was ended`,
    paragraphs: [
      `Hello ${name}, ${organisation} on ${product}, which you belonged to, was ended by one of its owners or by the people who run ${product}, on ${when}. Nobody can act for it any more.`,
    ],
    small: ['Your account is as it was. If this was a mistake, talk to the owner: what was ended cannot be brought back, but made anew.'],
  }),

  organisationOwnerless: (
    { name, organisation }: { readonly name: string; readonly organisation: string },
    product: string,
  ): MailContent => ({
    subject: `${organisation} has no owner any more`,
    preview: `You belong to it on ${product}.`,
    heading: `${organisation} has no owner any more`,
    paragraphs: [
      `Hello ${name}, nobody who can look after ${organisation} on ${product}, which you belong to, remains: the account of its last owner was deleted, or is blocked. You are still a member, but nobody can invite others or change roles, and its service accounts stand still.`,
      `The people who run ${product} can make a member an owner. Write to them, and say who it should be.`,
    ],
    small: ['Your account is as it was. You can leave the organisation at any time.'],
  }),

  signUpClosed: (_none: object, product: string): MailContent => ({
    subject: `${product} is by invitation`,
    preview: 'No account was made.',
    heading: 'An invitation is needed',
    paragraphs: [
      `Somebody, perhaps you, wanted to create a ${product} account with this address. That needs an invitation, and there is none for this address.`,
    ],
    small: [`If you should have one, ask the people who run ${product}.`, 'That was not you? Then there is nothing to do.'],
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
    preview: 'Whoever holds it can sign in with it.',
    heading: 'A passkey was added',
    paragraphs: [`Hello ${name}, a passkey was added to your ${product} account on ${when}. Whoever holds it can sign in with it.`],
    small: ['That was not you? Then sign in, remove it on your account page and sign out all other sessions.'],
  }),

  passkeysReplaced: ({ name, when }: Happened, product: string): MailContent => ({
    subject: `A new passkey has replaced all others of your ${product} account`,
    preview: 'Those from before open nothing any more.',
    heading: 'All earlier passkeys were removed',
    paragraphs: [
      `Hello ${name}, on ${when} a new passkey was made for your ${product} account, by a link in a mail to this address. All those from before were removed, and everybody was signed out.`,
    ],
    small: [
      `That was not you? Then somebody else reads your mails, and has the account. Write to the people who run ${product} at once, so that they can close it to everybody.`,
    ],
  }),

  passkeyRemoved: ({ name, when }: Happened, product: string): MailContent => ({
    subject: `A passkey was removed from your ${product} account`,
    preview: 'It opens nothing any more.',
    heading: 'A passkey was removed',
    paragraphs: [`Hello ${name}, a passkey was removed from your ${product} account on ${when}. It cannot sign in any more.`],
    small: ['That was not you? Then sign in, look at your account page and sign out all other sessions.'],
  }),

  identityLinked: ({ name, provider, when }: Connected, product: string): MailContent => ({
    subject: `${provider} now opens your ${product} account`,
    preview: `You can sign in with ${provider} from now on.`,
    heading: `${provider} is connected`,
    paragraphs: [
      `Hello ${name}, an account at ${provider} was connected with your ${product} account on ${when}. Whoever signs in there comes in here by it; a second step, where there is one, is asked for here as before.`,
    ],
    small: ['That was not you? Then sign in, disconnect it on your account page and sign out all other sessions.'],
  }),

  identityUnlinked: ({ name, provider, when }: Connected, product: string): MailContent => ({
    subject: `${provider} no longer opens your ${product} account`,
    preview: `You cannot sign in with ${provider} any more.`,
    heading: `${provider} is disconnected`,
    paragraphs: [`Hello ${name}, the account at ${provider} was disconnected from your ${product} account on ${when}.`],
    small: ['That was not you? Then sign in, look at your account page and sign out all other sessions.'],
  }),

  tokenReused: ({ name, app, when }: Happened & { readonly app: string }, product: string): MailContent => ({
    subject: `The access of ${app || SOME_APP} to your ${product} account was ended`,
    preview: 'A credential of this app was used a second time.',
    heading: `The access of ${app || SOME_APP} was ended`,
    paragraphs: [
      `Hello ${name}, on ${when} a credential came again with which ${app || SOME_APP} had renewed its access to your ${product} account before. Somebody may have copied it, so we have ended this access.`,
      'There is nothing that you must do. To use the app again, sign in to it again.',
    ],
    small: ['If this happens again, end the access of the app on your account page, and tell those who make it.'],
  }),

  totpEnabled: ({ name, when }: Happened, product: string, ways: WaysIn): MailContent => ({
    subject: `Signing in to ${product} has a second step now`,
    preview: 'From now on it asks for a code of your authenticator app.',
    heading: 'Signing in has a second step now',
    paragraphs: [
      `Hello ${name}, an authenticator app was added to your ${product} account on ${when}. Signing in asks for its code from now on.`,
    ],
    small: [`That was not you? Then sign in, look at your account page${lockOut(ways)}.`],
  }),

  totpDisabled: ({ name, when }: Happened, product: string, ways: WaysIn): MailContent => ({
    subject: `Signing in to ${product} has no second step any more`,
    preview: 'It asks for no code any more.',
    heading: 'The second step was turned off',
    paragraphs: [
      `Hello ${name}, the authenticator app was removed from your ${product} account on ${when}. Signing in asks for no code any more.`,
    ],
    small: [`That was not you? Then sign in, look at your account page${lockOut(ways)}.`],
  }),

  totpLost: ({ name, when }: Happened, product: string, { password }: WaysIn): MailContent => ({
    subject: `Please set up your authenticator app for ${product} anew`,
    preview: 'Its codes count no more. Your recovery codes do.',
    heading: 'Your authenticator app has to be set up anew',
    paragraphs: [
      `Hello ${name}, on ${when} a key of ${product} was made anew. With the former one went what your authenticator app shares with us: its codes count no more, and you were signed out everywhere.`,
      'Signing in still asks for a second step: use one of your recovery codes, or a passkey. Then remove the old entry from your app, and set it up anew on your account page.',
      'If you have neither a recovery code nor a passkey, write to those who run this service.',
    ],
    small: [`Nobody will ask you for a code${password ? ' or a password' : ''} by mail or by telephone.`],
  }),

  secondStepReset: ({ name, when }: Happened, product: string, { password }: WaysIn): MailContent => ({
    subject: `Your second step at ${product} was taken away by an operator`,
    preview: 'Sign in, and set up a new one.',
    heading: 'Your second step was taken away',
    paragraphs: [
      `Hello ${name}, on ${when} an operator of ${product} took away your authenticator app and your recovery codes, as is done for people who have lost them. You were signed out everywhere.`,
      'Sign in and set up a new authenticator app on your account page.',
    ],
    small: [
      `You did not ask for that? Then ${password ? 'change your password now, and ' : ''}tell those who run this service: somebody may have spoken for you.`,
    ],
  }),

  recoveryCodesCreated: ({ name, when }: Happened, product: string, ways: WaysIn): MailContent => ({
    subject: `New recovery codes for your ${product} account`,
    preview: 'Those from before work no more.',
    heading: 'You have new recovery codes',
    paragraphs: [`Hello ${name}, new recovery codes were made for your ${product} account on ${when}. Those from before work no more.`],
    small: [`That was not you? Then sign in, make new ones yourself${lockOut(ways)}.`],
  }),

  recoveryCodeUsed: ({ name, when }: Happened, product: string, ways: WaysIn): MailContent => ({
    subject: `A recovery code was used for your ${product} account`,
    preview: 'It works no more.',
    heading: 'A recovery code was used',
    paragraphs: [`Hello ${name}, a recovery code was used to sign in to your ${product} account on ${when}. It works no more.`],
    small: [`That was not you? Then sign in, make new recovery codes${lockOut(ways)}.`],
  }),
}

export type MailTexts = typeof en
