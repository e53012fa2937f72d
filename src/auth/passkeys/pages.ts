// The forms that the script of the page fills with the answer of an authenticator. Hidden until the script is there.
import { type Html, html } from '#kernel/html.ts'
import { passkeyScriptPath } from '../pages/assets.ts'
import type { SignInMethods } from '../methods.ts'
import { confirmFirst } from '../pages/confirm-first.ts'
import { csrfField, field, lead, message, type Skin, stagePage } from '../pages/layout.ts'
import type { FormState, SectionView } from '../pages/parts.ts'
import { titleOf } from '../pages/sign-in-page.ts'
import { ago } from '../pages/words.ts'
import type { CreationOptions, RequestOptions } from './ceremonies.ts'
import { CHALLENGE_MS } from './challenges.ts'
import type { Passkey } from './schemas.ts'

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

export function passkeyForm({ nonce, texts }: Skin, view: PasskeyFormView): Html {
  const { kind, action, options, csrfToken, button, primary = false, autofill = false, again, fields } = view
  const renewal = again === undefined ? undefined : html` data-again="${again}" data-again-ms="${AGAIN_MS}"`
  return html`<form class="form" method="post" action="${action}" data-passkey="${kind}" data-options="${JSON.stringify(options)}"${renewal}${autofill ? html` data-autofill` : undefined} hidden>
${csrfField(csrfToken)}<input type="hidden" name="answer" value="">
${fields}
<div class="alerts" role="alert">${problem('failed', texts.passkeys.failed)}${problem('present', texts.passkeys.present)}</div>
<button class="button${primary ? '' : ' quiet'}" type="submit">${button}</button>
</form>
<script type="module" src="${passkeyScriptPath}" nonce="${nonce}"></script>`
}

/** What is there instead without the script. */
export function withoutPasskeys({ texts }: Skin): Html {
  return html`<p class="message warn" data-without-passkeys>${texts.passkeys.unavailable}</p>`
}

function problem(reason: 'failed' | 'present', words: string): Html {
  return html`<p class="message bad" data-problem="${reason}" hidden>${words}</p>`
}

export interface AddPasskeyView {
  readonly options: CreationOptions
  readonly csrfToken: string
  readonly name: string
  readonly state: FormState
}

export function addPasskeyPage(skin: Skin, { options, csrfToken, name, state }: AddPasskeyView): Html {
  const { passkeys: texts } = skin.texts
  const { problem: wrong, problems = {} } = state
  const fields = field({
    name: 'name',
    label: texts.nameLabel,
    type: 'text',
    autocomplete: 'off',
    value: name,
    hint: texts.nameHint,
    problem: problems['name'],
    maxLength: 80,
  })
  const form = { kind: 'create', action: '/account/passkeys/add', options, csrfToken, button: texts.create, primary: true, fields } as const
  return stagePage(skin, {
    title: titleOf(skin, texts.add, state),
    main: html`${lead(texts.add, texts.addLead)}
${message('bad', wrong)}
${withoutPasskeys(skin)}
${passkeyForm(skin, form)}
<p class="aside"><a href="/account">${texts.back}</a></p>`,
  })
}

/** The section of the account page. */
export function passkeySection(passkeys: readonly Passkey[], view: SectionView & { readonly methods: SignInMethods }): Html {
  const { passkeys: texts } = view.skin.texts
  const list =
    passkeys.length === 0
      ? html`<p class="soft">${texts.none}</p>`
      : html`<ul class="rows">${passkeys.map((passkey) => row(passkey, view))}</ul>`
  if (!view.person.emailVerified) return html`${passkeys.length === 0 ? undefined : list}${confirmFirst(view, view.methods)}`
  return html`${list}<div><a class="button quiet" href="/account/passkeys/add">${texts.add}</a></div>`
}

function row(passkey: Passkey, view: SectionView): Html {
  const { skin, csrfToken, now } = view
  const { passkeys: texts } = skin.texts
  const { name, backupEligible, backedUp, createdAt, lastUsedAt, copySuspectedAt } = passkey
  const kept = backedUp ? texts.backedUp : backupEligible ? texts.backupEligible : texts.oneDevice
  const used = lastUsedAt === undefined ? texts.neverUsed : texts.used(ago(skin.texts, lastUsedAt, now))
  return html`<li><div class="what"><p><strong class="wrap">${name}</strong></p>
<p class="soft small">${texts.added(ago(skin.texts, createdAt, now))}, ${used}; ${kept}</p>
${copySuspectedAt === undefined ? undefined : html`<p class="small danger-text">${texts.copySuspected(ago(skin.texts, copySuspectedAt, now))}</p>`}
${renaming(passkey, view)}</div>
<form method="post" action="${pathOf(passkey)}/remove">${csrfField(csrfToken)}<button class="button danger compact" type="submit" aria-label="${texts.removeNamed(name)}">${texts.remove}</button></form></li>`
}

const pathOf = ({ id }: Passkey): string => `/account/passkeys/${encodeURIComponent(id)}`

/** Folded away, unless what was typed for this one is wrong. */
function renaming(passkey: Passkey, { skin, csrfToken, state: { values = {}, problems = {} } }: SectionView): Html {
  const { passkeys: texts } = skin.texts
  const { id } = passkey
  const wrong = values['passkey'] === id ? problems['name'] : undefined
  const name = wrong === undefined ? passkey.name : (values['name'] ?? '')
  const marked = wrong === undefined ? undefined : html` aria-invalid="true" aria-describedby="name-${id}-problem" autofocus`
  return html`<details class="small"${wrong === undefined ? undefined : html` open`}><summary>${texts.rename}</summary><form class="inline" method="post" action="${pathOf(passkey)}/name">${csrfField(csrfToken)}
<div class="field"><label for="name-${id}">${texts.newName}</label><input id="name-${id}" name="name" type="text" autocomplete="off" required value="${name}" maxlength="80"${marked}>
${wrong === undefined ? undefined : html`<p class="problem" id="name-${id}-problem">${wrong}</p>`}</div>
<button class="button quiet compact" type="submit">${texts.save}</button></form></details>`
}
