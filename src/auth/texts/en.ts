// Every text of the accounts pages in English, by feature. Other languages have the same shape (`Texts`), so that none can be forgotten. A text with values
// is a function; where a part of it is marked up, it takes and gives Html.
import { type Html, type HtmlValue, html } from '#kernel/html.ts'
import type { SecurityEventType } from '../security-events/security-event.ts'

export const en = {
  /** In its own words, for the language switch. */
  languageName: 'English',
  /** How dates and counts are written; a BCP 47 tag. */
  locale: 'en-GB',

  frame: {
    languages: 'Language',
    skip: 'Skip to the content',
    /** The title of a page on which something is to be mended: screen readers say it first. */
    problemTitle: (title: string) => `Problem: ${title}`,
    goTo: (product: string) => `Go to ${product}`,
    yourAccount: 'Your account',
    lookAtField: 'Please look at the marked field.',
    lookAtFields: 'Please look at the marked fields.',
    goBack: 'Please go back and try again.',
    requestNumber: (number: HtmlValue): Html => html`If you ask somebody for help, tell them this number: ${number}`,
    newTab: 'opens in a new tab',
  },

  fields: {
    email: 'Email address',
    password: 'Password',
    newPassword: 'New password',
    currentPassword: 'Password now',
    name: 'Your name',
  },

  signIn: {
    title: 'Sign in',
    toContinue: (app: string) => `to continue to ${app}`,
    forApp: (app: string, host: HtmlValue, product: string): Html =>
      html`${app} (${host}) lets you sign in with your ${product} account. Your password stays here.`,
    confirmed: 'Your address is confirmed. Sign in, and you are there.',
    /** One text for a wrong password, an unknown address, an unconfirmed one and a suspended account. */
    refused: 'That did not work. The address or the password is not right, or the address is not confirmed yet.',
    submit: 'Sign in',
    or: 'or',
    forgot: 'Forgot your password?',
    newHere: (link: HtmlValue): Html => html`New here? ${link}`,
    createAccount: 'Create an account',
    ended: 'This sign-in has ended',
    endedWords:
      'It took too long, was finished already, or began in another browser. Please go back to the app and sign in again from there.',
  },

  signUp: {
    title: 'Create an account',
    lead: (product: string) => `One account for ${product} and for every app that you let in.`,
    nameHint: 'Others see it. It need not be your full name.',
    passwordHint: 'At least 8 characters. Several words that only you would join are easier to keep than one clever one.',
    submit: 'Create account',
    haveAccount: (link: HtmlValue): Html => html`Do you have an account? ${link}`,
    signIn: 'Sign in',
  },

  checkMail: {
    title: 'Check your mail',
    lead: (minutes: number) => `We have written to the address that you gave. The link in the mail works once, within ${minutes} minutes.`,
    open: 'Open the mail and follow its link.',
    press: 'Press the button on the page that opens.',
    andThen: (link: HtmlValue): Html => html`Then ${link}.`,
    signIn: 'sign in',
    nothing: (link: HtmlValue): Html =>
      html`Nothing there? Look into the spam folder, or ${link}: perhaps there was a slip in the address.`,
    tryAgain: 'try again',
    development: (mailbox: HtmlValue): Html => html`<strong>Development:</strong> mails are not sent, they are in the ${mailbox}.`,
    mailbox: 'mailbox',
  },

  confirm: {
    title: 'Confirm your address',
    lead: (address: HtmlValue, product: string): Html => html`Is ${address} yours, and did you just sign up for ${product}?`,
    passwordLabel: 'The password that you chose',
    passwordHint: 'This is another browser than the one that signed up, so please show that it was you.',
    notThePassword: 'This is not the password of this sign-up. If you have signed up again since, use the newest mail.',
    submit: 'Yes, confirm my address',
    notYou: 'If you did not sign up, close this page. Without the button there will be no account.',
    doneTitle: 'Address confirmed',
    done: 'Your address is confirmed',
    doneWords: (product: string) => `The account is ready. Go on to ${product} and sign in there.`,
    dead: 'This link does not work any more',
    deadWords: (minutes: number) =>
      `Links in our mails work once and for ${minutes} minutes. If your address is confirmed already, just sign in; otherwise sign up again and we send you a new one.`,
    signIn: 'Sign in',
    signUpAgain: 'Sign up again',
  },

  recovery: {
    title: 'Set a new password',
    lead: 'Tell us your address, and we write to it. With the link in that mail you can choose a new password.',
    send: 'Send the mail',
    remembered: (link: HtmlValue): Html => html`Do you know it after all? ${link}`,
    signIn: 'Sign in',
    choose: 'Choose a new password',
    chooseLead: 'Everything that is signed in with the old one will be signed out.',
    save: 'Save the new password',
    done: 'Your password is changed',
    doneLead: 'Everything is signed out. Sign in with the new password now.',
    mailed: (minutes: number) =>
      `If this address has an account, the mail has a link that works once, within ${minutes} minutes. Follow it, and choose the new password there.`,
    dead: 'This link does not work any more',
    deadWords: 'Links in our mails work once and for a short while. If you still need a new password, ask for another mail.',
    askAgain: 'Ask for another mail',
  },

  emailSignIn: {
    way: 'Sign in by mail',
    title: 'Sign in by mail',
    lead: 'We write to your address, and with what is in the mail you are in. No password is needed.',
    send: 'Send the mail',
    otherWay: 'Sign in another way',
    checkCode: (minutes: number) =>
      `If this address has an account, the mail has a code of eight digits. It works here only, for ${minutes} minutes.`,
    checkLink: (minutes: number) =>
      `If this address has an account, the mail has a link. Open it in this browser within ${minutes} minutes.`,
    elsewhere: 'If you open the link on another device, it shows a code: type it in here.',
    code: 'Code',
    codeHint: 'Eight digits. Spaces do not matter.',
    submit: 'Sign in',
    again: 'Send another mail',
    codeEnded: 'This code does not work any more. It was used, was wrong too often, or is too old. Ask for another mail.',
    linkTitle: 'Sign in?',
    linkLead: (address: HtmlValue): Html => html`You are about to sign in with the address ${address}.`,
    linkSubmit: 'Yes, sign me in',
    notYou: 'If you did not ask for this, close this page. Without the button nothing happens.',
    codeTitle: 'Your code',
    codeLead: 'This sign-in was begun in another browser. If that was you, type this code in there:',
    codeWarning: 'Tell this code to nobody. Whoever asks you for it, on the telephone or in a message, wants to get into your account.',
    dead: 'This link does not work any more',
    deadWords: 'Links in our mails work once and for a short while. Begin the sign-in again, and we send you a new one.',
  },

  consent: {
    title: (app: string) => `Allow ${app}?`,
    lead: (product: string) => `It asks to use your ${product} account.`,
    local:
      'This app runs on your own device. Any program there could use this address, so allow it only if you have just started the app yourself.',
    describedBy: (host: string) => `Its description comes from ${host}.`,
    unknown: (host: string) => `Nobody here has checked who is behind this app. Allow it only if you trust ${host}.`,
    isNew: 'This app is new here: it came within the last week.',
    links: { home: 'About the app', policy: 'Its privacy policy', terms: 'Its terms' },
    will: 'It will be able to',
    knowYou: 'know that you have an account here',
    willNot: 'It will not be able to',
    seePassword: 'see or change your password',
    doMore: 'do anything that you have not allowed',
    allow: 'Allow',
    deny: 'Do not allow',
    signedInAs: (name: string, address: HtmlValue, account: HtmlValue): Html =>
      html`Signed in as ${name} (${address}). You can end this at any time on ${account}.`,
    yourAccountPage: 'your account page',
  },

  /** What scopes let an app do: words that finish the sentence "This app will be able to ...". The app's own scopes can be said here, too. */
  scopes: {
    offline_access: 'stay connected until you end it on your account page',
    profile: 'see your name',
    email: 'see your email address',
    roles: 'see your roles and groups, and act with them',
  } as Readonly<Record<string, string>>,

  account: {
    title: 'Your account',
    hello: (name: string) => `Hello, ${name}`,
    signOut: 'Sign out',
    sections: 'Sections of this page',
    /** What has just been done, by the word in the address of the page. */
    done: {
      name: 'Your name is saved.',
      password: 'Your password is changed. Every other session is signed out, and apps that you had let in have no access any more.',
      session: 'That session is signed out.',
      app: 'The app has no access any more.',
      'passkey-added': 'Your passkey is ready. You can sign in with it from now on.',
      'passkey-renamed': 'The passkey has its new name.',
      'passkey-removed': 'The passkey is removed. It opens nothing here any more; you can delete it on your device, too.',
      'passkey-last': 'This passkey is the only way into your account. Choose a password or add another passkey first.',
      'identity-linked': 'It is connected. You can sign in with it from now on.',
      'identity-unlinked': 'It is disconnected, and opens nothing here any more.',
      'identity-last': 'This is the only way into your account. Choose a password or connect another account first.',
      again: 'Thank you. Please do it once more now.',
    },
  },

  profile: {
    heading: 'You',
    address: (address: HtmlValue): Html => html`Your address is ${address}. Only you see it, unless you show it to an app.`,
    nameLabel: 'Name that others see',
    save: 'Save name',
  },

  passkeys: {
    heading: 'Passkeys',
    use: 'Use a passkey',
    failed: 'That did not work. Your device may not have a passkey for this account, or you closed its question. You can try again.',
    present: 'This device has a passkey for your account already.',
    unavailable: 'This browser cannot use passkeys, or scripts are switched off in it.',
    /** One text for a passkey that is unknown, was removed, was used twice with one challenge, or belongs to a suspended account. */
    refused: 'That did not work. This passkey opens no account here, or its question was too old. Please try again.',
    notAdded: 'That did not work: the answer of your device does not fit, or the question was too old. Please try again.',
    add: 'Add a passkey',
    addLead:
      'A passkey signs you in with your fingerprint, your face or the PIN of your device. There is nothing to remember, and no false page can steal it.',
    nameLabel: 'A name for it',
    nameHint: 'So that you know later which one it is.',
    create: 'Create passkey',
    back: 'Back to your account',
    none: 'You have none yet. With one, you sign in with your fingerprint, your face or the PIN of your device.',
    added: (ago: HtmlValue): Html => html`added ${ago}`,
    used: (ago: HtmlValue): Html => html`last used ${ago}`,
    neverUsed: 'never used',
    backedUp: 'kept by your password manager',
    backupEligible: 'can be kept by your password manager, but is not',
    oneDevice: 'on one device only',
    copySuspected: (ago: HtmlValue): Html =>
      html`Another device seems to hold a copy of it (noticed ${ago}). Remove it unless you know why.`,
    rename: 'Rename',
    newName: 'New name',
    save: 'Save',
    remove: 'Remove',
    removeNamed: (name: string) => `Remove ${name}`,
  },

  apps: {
    heading: 'Apps with access',
    none: 'No app of anybody else has access to your account.',
    some: 'These apps may use your account. Ending access works at once, everywhere.',
    allowed: (ago: HtmlValue): Html => html`allowed ${ago}`,
    can: (words: string) => `can ${words}`,
    end: 'End access',
    endFor: (app: string) => `End access for ${app}`,
  },

  sessions: {
    heading: 'Where you are signed in',
    words: 'If you do not know one of these, sign it out and change your password.',
    thisOne: 'this one',
    used: (used: HtmlValue, signedIn: HtmlValue): Html => html`last used ${used}, signed in ${signedIn}`,
    end: 'Sign out',
    endFor: (device: string) => `Sign out ${device}`,
    browserOn: (browser: string, system: string) => `${browser} on ${system}`,
    someBrowser: 'A browser',
    unknownDevice: 'Unknown device',
  },

  password: {
    heading: 'Password',
    words: 'At least 8 characters. Every other session is signed out, and you get a mail about it.',
    submit: 'Change password',
    none: 'You sign in without one. If you like, choose one as a further way in.',
    choose: 'Choose this password',
  },

  events: {
    heading: 'What has happened',
    words: 'If something here was not you, change your password.',
    all: 'Everything that has happened',
    none: 'Nothing yet.',
    lead: (days: number) => `Everything of the last ${days} days that matters for the safety of your account.`,
    older: 'Older',
    types: {
      'account.created': 'Your account was made',
      'account.renamed': 'Your name was changed',
      'account.suspended': 'Your account was blocked by an operator',
      'account.deletion_requested': 'The end of your account was asked for',
      'account.deletion_cancelled': 'Your account stays: its end was called off',
      'account.deleted': 'Your account was deleted',
      'account.data_downloaded': 'Your data were downloaded',
      'account.imported': 'Your account was brought here from another system',
      'email.changed': 'Your address was changed',
      'password.changed': 'Your password was changed',
      'password.reset': 'Your password was set anew by mail',
      'sign_in.succeeded': 'Signed in',
      'sign_in.failed': 'Somebody could not sign in',
      'session.ended': 'Signed out',
      'passkey.added': 'A passkey was added',
      'passkey.removed': 'A passkey was removed',
      'passkey.copy_suspected': 'A passkey was refused: another device seems to hold a copy of it',
      'totp.enabled': 'An authenticator app was added',
      'totp.disabled': 'The authenticator app was removed',
      'recovery_codes.created': 'New recovery codes were made',
      'recovery_codes.used': 'A recovery code was used',
      'identity.linked': 'A way to sign in was linked',
      'identity.unlinked': 'A way to sign in was unlinked',
      'app.allowed': 'An app was let in',
      'app.revoked': 'The access of an app was ended',
      'refresh.reuse_in_grace': 'An app renewed its access twice',
      'refresh.reuse_detected': 'A used token of an app came again, and its access was ended',
      'roles.changed': 'An operator changed what you may do',
      'operator.link_created': 'An operator made a link to the console',
      'client.added': 'An app was registered',
      'client.changed': 'The registration of an app was changed',
      'client.secret_rotated': 'An app got a new secret',
      'client.removed': 'An app was removed',
      'signing_key.made': 'A signing key was made',
      'signing_key.revoked': 'A signing key was revoked',
    } satisfies Readonly<Record<SecurityEventType, string>>,
  },

  signOut: {
    title: 'Sign out?',
    lead: (product: string) =>
      `This signs you out of ${product} in this browser. Apps that you have allowed keep their access until you end it on your account page.`,
    submit: 'Sign out',
    stay: 'Stay signed in',
    doneTitle: 'Signed out',
    done: 'You are signed out',
    doneWords: 'See you again soon. On a shared computer it is wise to close the browser as well.',
    signInAgain: 'Sign in again',
  },

  times: {
    justNow: 'just now',
    onDay: (day: string) => `on ${day}`,
    seconds: (count: number) => (count === 1 ? 'a second' : `${count} seconds`),
    minutes: (count: number) => (count === 1 ? 'a minute' : `${count} minutes`),
  },

  /** What is wrong with a field. Services name them (`fieldProblem`), pages say them. */
  problems: {
    email_malformed: 'This does not look like an email address.',
    name_missing: 'Please say how you would like to be called.',
    name_long: 'Use at most 80 characters.',
    name_unprintable: 'There is a character in it that cannot be shown.',
    password_short: 'Use at least 8 characters.',
    password_long: 'Use at most 256 characters.',
    password_common: 'This is one of the passwords that everybody tries first. Please choose another.',
    password_address: 'Please do not use your own address as the password.',
    password_same: 'This is the password that you have now.',
    passkeys_many: 'There can be 20 of them. Remove one first.',
    password_wrong: 'This is not your password.',
    code_wrong: 'This is not the code of the newest mail.',
  },

  /** Signing in with other providers. */
  upstream: {
    continueWith: (provider: string) => `Continue with ${provider}`,
    declined: (provider: string) => `You did not go on at ${provider}. You can try again, or sign in another way.`,
    unusable: (provider: string) => `The answer of ${provider} cannot be used. Please try again, or sign in another way.`,
    refused: (provider: string) => `With this account of ${provider} you cannot come in here.`,
    down: (provider: string) => `${provider} cannot be reached just now. Please try again, or sign in another way.`,
    welcome: 'Create your account',
    welcomeLead: (provider: string, product: string) => `You come from ${provider}, and have no account with ${product} yet.`,
    address: (address: HtmlValue): Html => html`Its address will be ${address}.`,
    submit: 'Create account',
    haveOther: (link: HtmlValue): Html => html`Do you have an account with another address? ${link}`,
    signInAndConnect: 'Sign in and connect it',
    choose: 'Do you have an account here?',
    chooseLead: (provider: string) =>
      `${provider} has told us who you are, but not for certain which address is yours. So we cannot tell whether you have an account.`,
    have: 'I have an account: sign in and connect it',
    create: 'I am new: create an account',
    later: (provider: string) => `You can connect ${provider} on your account page at any time.`,
    connectTitle: (provider: string) => `Connect ${provider}?`,
    connectLead: (provider: string) => `Whoever can sign in to this account of ${provider} will be able to sign in to your account here.`,
    at: (provider: string) => `At ${provider}`,
    here: 'Your account here',
    submitConnect: 'Connect',
    cancel: 'Do not connect',
    nothing: 'Nothing was connected',
    taken: 'That account is connected with another account here already.',
    tooLate: 'It took too long, or was finished already. Please begin again on your account page.',
    otherPerson: 'You began as somebody else. Please begin again on your account page.',
    connected: (provider: string) => `${provider} is connected`,
    connectedWords: (provider: string) => `From now on you can sign in with ${provider}.`,
    goOn: 'Go on',
    heading: 'Accounts elsewhere',
    lead: 'You can sign in here with an account of another provider.',
    none: 'Nothing is connected yet.',
    since: (ago: HtmlValue): Html => html`connected ${ago}`,
    connect: (provider: string) => `Connect ${provider}`,
    disconnect: 'Disconnect',
    disconnectOf: (provider: string) => `Disconnect ${provider}`,
  },

  /** Refusals of the whole form, by error code. */
  errors: {
    upstream_unavailable: 'The other provider cannot be reached just now.',
    too_many_tries: (wait: string) => `Too many tries. Please wait ${wait} and try again.`,
    busy: 'Too many people are signing in just now. Please try again in a few seconds.',
    unavailable: 'Signing in is not possible just now. Please try again in a moment.',
    bad_details: 'Some of the details cannot be used.',
    sign_in_refused: 'You cannot sign in here.',
    interaction_ended: 'This sign-in has ended. Go back to the app and start again.',
  },

  /** When an app sends a request that the authorization server cannot answer. */
  requests: {
    heading: 'This did not work',
    other: 'The app sent a request that cannot be answered.',
    invalid_client: 'The app that sent you here is not known.',
    invalid_redirect_uri: 'The app wants to send you to an address that it is not registered with.',
    access_denied: 'This is not possible with your account.',
    goBack: (host: string) => `Go back to ${host}`,
    server_error: 'Something went wrong on our side.',
  },
}

export type Texts = typeof en
