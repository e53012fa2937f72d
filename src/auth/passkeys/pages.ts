// The forms that the script of the page fills with the answer of an authenticator. Hidden until the script is there.
import { type Html, html } from '#kernel/html.ts'
import { passkeyScriptPath } from '../pages/assets.ts'
import { csrfField, field, lead, message, type Skin, stagePage } from '../pages/layout.ts'
import type { FormState } from '../pages/sign-in-page.ts'
import { ago } from '../pages/time-words.ts'
import type { CreationOptions, RequestOptions } from './ceremonies.ts'
import { CHALLENGE_MS } from './challenges.ts'
import type { Passkey } from './schemas.ts'

const TEXTS = {
  failed: 'That did not work. Your device may not have a passkey for this account, or you closed its question. You can try again.',
  present: 'This device has a passkey for your account already.',
  unavailable: 'This browser cannot use passkeys, or scripts are switched off in it.',
} as const

/** A challenge is replaced before it is too old. */
const AGAIN_MS = CHALLENGE_MS - 60_000

export interface PasskeyFormView {
  readonly kind: 'get' | 'create'
  readonly action: string
  readonly options: CreationOptions | RequestOptions
  readonly csrfToken: string
  readonly button: string
  /** The main thing to do on the page. */
  readonly primary?: boolean
  /** Passkeys are offered in the email field, too. */
  readonly autofill?: boolean
  /** Where newer options come from. */
  readonly again?: string
  /** Fields above the button. */
  readonly fields?: Html
}

export function passkeyForm({ nonce }: Skin, view: PasskeyFormView): Html {
  const { kind, action, options, csrfToken, button, primary = false, autofill = false, again, fields } = view
  const renewal = again === undefined ? undefined : html` data-again="${again}" data-again-ms="${AGAIN_MS}"`
  return html`<form class="form" method="post" action="${action}" data-passkey="${kind}" data-options="${JSON.stringify(options)}"${renewal}${autofill ? html` data-autofill` : undefined} hidden>
${csrfField(csrfToken)}<input type="hidden" name="answer" value="">
${fields}
<div role="alert">${problem('failed')}${problem('present')}</div>
<button class="button${primary ? '' : ' quiet'}" type="submit">${button}</button>
</form>
<script type="module" src="${passkeyScriptPath}" nonce="${nonce}"></script>`
}

/** What is there instead without the script. */
export function withoutPasskeys(): Html {
  return html`<p class="message warn" data-without-passkeys>${TEXTS.unavailable}</p>`
}

function problem(reason: 'failed' | 'present'): Html {
  return html`<p class="message bad" data-problem="${reason}" hidden>${TEXTS[reason]}</p>`
}

export interface AddPasskeyView {
  readonly options: CreationOptions
  readonly csrfToken: string
  readonly name: string
  readonly state: FormState
}

export function addPasskeyPage(skin: Skin, { options, csrfToken, name, state }: AddPasskeyView): Html {
  const { problem: wrong, problems = {} } = state
  const fields = field({
    name: 'name',
    label: 'A name for it',
    type: 'text',
    autocomplete: 'off',
    value: name,
    hint: 'So that you know later which one it is.',
    problem: problems['name'],
    maxLength: 80,
  })
  return stagePage(skin, {
    title: wrong === undefined && problems['name'] === undefined ? 'Add a passkey' : 'Problem: Add a passkey',
    main: html`${lead('Add a passkey', 'A passkey signs you in with your fingerprint, your face or the PIN of your device. There is nothing to remember, and no false page can steal it.')}
${message('bad', wrong)}
${withoutPasskeys()}
${passkeyForm(skin, { kind: 'create', action: '/account/passkeys/add', options, csrfToken, button: 'Create passkey', primary: true, fields })}
<p class="aside"><a href="/account">Back to your account</a></p>`,
  })
}

export interface PasskeyListView {
  readonly passkeys: readonly Passkey[]
  readonly csrfToken: string
  readonly now: number
}

/** The section of the account page. */
export function passkeySection({ passkeys, csrfToken, now }: PasskeyListView): Html {
  const list =
    passkeys.length === 0
      ? html`<p class="soft">You have none yet. With one, you sign in with your fingerprint, your face or the PIN of your device.</p>`
      : html`<ul class="rows">${passkeys.map((passkey) => row(passkey, { csrfToken, now }))}</ul>`
  return html`${list}<div><a class="button quiet" href="/account/passkeys/add">Add a passkey</a></div>`
}

function row(passkey: Passkey, { csrfToken, now }: Omit<PasskeyListView, 'passkeys'>): Html {
  const { id, name, backupEligible, backedUp, createdAt, lastUsedAt, copySuspectedAt } = passkey
  const kept = backedUp
    ? 'kept by your password manager'
    : backupEligible
      ? 'can be kept by your password manager, but is not'
      : 'on one device only'
  const used = lastUsedAt === undefined ? 'never used' : html`last used ${ago(lastUsedAt, now)}`
  const path = `/account/passkeys/${encodeURIComponent(id)}`
  return html`<li><div class="what"><p><strong class="wrap">${name}</strong></p>
<p class="soft small">added ${ago(createdAt, now)}, ${used}; ${kept}</p>
${copySuspectedAt === undefined ? undefined : html`<p class="small danger-text">Another device seems to hold a copy of it (noticed ${ago(copySuspectedAt, now)}). Remove it unless you know why.</p>`}
<details class="small"><summary>Rename</summary><form class="inline" method="post" action="${path}/name">${csrfField(csrfToken)}
<div class="field"><label for="name-${id}">New name</label><input id="name-${id}" name="name" type="text" autocomplete="off" required value="${name}" maxlength="80"></div>
<button class="button quiet compact" type="submit">Save</button></form></details></div>
<form method="post" action="${path}/remove">${csrfField(csrfToken)}<button class="button danger compact" type="submit" aria-label="Remove ${name}">Remove</button></form></li>`
}
