// The second step on the way in, and its part of the account page.
import { encodeQR } from 'qr'
import { type Html, html, type HtmlValue } from '#kernel/html.ts'
import { csrfField, field, lead, message, type Skin, stagePage } from '../pages/layout.ts'
import type { FormState, SectionView } from '../pages/parts.ts'
import { titleOf } from '../pages/sign-in-page.ts'
import { ago } from '../pages/words.ts'
import { inGroups } from './recovery-codes.ts'
import type { Enrolment, SecondFactorsState } from './service.ts'

const QUIET_MODULES = 4

/** One path, so that it is small: dark on light whatever the scheme of the page, as cameras want it. */
export function qrCode(text: string, label: string): Html {
  const rows = encodeQR(text, 'raw', { ecc: 'medium', border: QUIET_MODULES })
  const path = rows.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : []))).join('')
  const size = rows.length
  return html`<svg class="qr" viewBox="0 0 ${size} ${size}" role="img" aria-label="${label}" shape-rendering="crispEdges"><path class="qr-light" d="M0 0h${size}v${size}H0z"/><path class="qr-dark" d="${path}"/></svg>`
}

function codeField({ texts }: Skin, state: FormState, focus = true): Html {
  return field({
    name: 'code',
    label: texts.secondStep.code,
    type: 'text',
    autocomplete: 'one-time-code',
    inputMode: 'numeric',
    problem: state.problems?.['code'],
    focus,
    maxLength: 12,
  })
}

export interface SecondStepView {
  readonly uid: string
  readonly csrfToken: string
  readonly state: FormState
  readonly totp: boolean
  readonly recovery: boolean
  /** Of the app: see losing.ts. */
  readonly lost: boolean
  /** For the code of the app, and for a recovery code: a puzzle is good once. */
  readonly guards: readonly (Html | undefined)[]
  /** The form that asks for a passkey. */
  readonly passkey: Html | undefined
}

export function secondStepPage(skin: Skin, view: SecondStepView): Html {
  const { uid, csrfToken, state, totp, recovery, lost, passkey } = view
  const { secondStep: texts } = skin.texts
  const otherLead = lost ? texts.lostLead : texts.otherLead
  return stagePage(skin, {
    title: titleOf(skin, texts.title, state),
    main: html`${lead(texts.title, totp ? texts.codeLead : otherLead)}
${message('bad', state.problem)}
${totp ? appCodeForm(skin, view) : undefined}
${totp && passkey !== undefined ? html`<p class="or" data-with-passkeys hidden><span>${skin.texts.signIn.or}</span></p>` : undefined}${passkey}
${recovery ? recoveryCodeForm(skin, view) : undefined}
${startOver(skin, { uid, csrfToken })}`,
  })
}

const isRecovery = ({ values }: FormState): boolean => values?.['way'] === 'recovery'

function appCodeForm(skin: Skin, { uid, csrfToken, state, guards: [guard] }: SecondStepView): Html {
  return html`<form class="form" method="post" action="/interaction/${uid}/second-step">${csrfField(csrfToken)}<input type="hidden" name="way" value="totp">
${codeField(skin, isRecovery(state) ? {} : state, !isRecovery(state))}
${guard}
<button class="button" type="submit">${skin.texts.secondStep.goOn}</button></form>`
}

function recoveryCodeForm({ texts }: Skin, { uid, csrfToken, state, totp, passkey, guards: [, guard] }: SecondStepView): Html {
  const isOpen = isRecovery(state) || (!totp && passkey === undefined)
  const { secondStep } = texts
  return html`<details${isOpen ? html` open` : undefined}><summary>${secondStep.useRecovery}</summary>
<form class="form" method="post" action="/interaction/${uid}/second-step">${csrfField(csrfToken)}<input type="hidden" name="way" value="recovery">
${field({ name: 'recovery', label: secondStep.recovery, type: 'text', autocomplete: 'off', hint: secondStep.recoveryHint, problem: state.problems?.['recovery'], focus: isRecovery(state), maxLength: 60 })}
${guard}
<button class="button quiet" type="submit">${secondStep.goOnRecovery}</button></form></details>`
}

export function startOver({ texts }: Skin, { uid, csrfToken }: { readonly uid: string; readonly csrfToken: string }): Html {
  return html`<form class="aside" method="post" action="/interaction/${uid}/start-over">${csrfField(csrfToken)}<button class="link" type="submit">${texts.secondStep.startOver}</button></form>`
}

export interface EnrolView {
  readonly action: string
  readonly enrolment: Enrolment | undefined
  readonly csrfToken: string
  readonly state: FormState
  readonly words: string
  /** The form that makes a passkey instead. */
  readonly passkey?: Html | undefined
  /** The way back. */
  readonly below: Html
}

export function enrolPage(skin: Skin, view: EnrolView): Html {
  const { enrolment, state, words, passkey, below } = view
  const { secondStep: texts, signIn } = skin.texts
  const or =
    enrolment === undefined || passkey === undefined
      ? undefined
      : html`<p class="or" data-with-passkeys hidden><span>${signIn.or}</span></p>`
  return stagePage(skin, {
    title: titleOf(skin, texts.setUpTitle, state),
    main: html`${lead(texts.setUpTitle, words)}
${message('bad', state.problem)}
${enrolment === undefined ? undefined : keyForm(skin, { ...view, enrolment })}
${or}${passkey}
${below}`,
  })
}

function keyForm(skin: Skin, { action, enrolment, csrfToken, state }: EnrolView & { enrolment: Enrolment }): Html {
  const { secondStep: texts } = skin.texts
  const { key, uri, sealed } = enrolment
  // The field comes last: whoever is taken to it on a phone sees neither the key nor what is said above it.
  return html`<ol class="steps">
<li>${texts.scan}
${qrCode(uri, texts.qr)}
<details class="small"><summary>${texts.cannotScan}</summary><p>${texts.typeKey(html`<code class="key">${key.replace(/.{4}(?=.)/g, '$& ')}</code>`)}</p>
<p><a href="${uri}">${texts.openHere}</a></p></details></li>
<li>${texts.typeCode}
<form class="form" method="post" action="${action}">${csrfField(csrfToken)}<input type="hidden" name="sealed" value="${sealed}">
${codeField(skin, state, state.problems?.['code'] !== undefined)}
<button class="button" type="submit">${texts.turnOn}</button></form></li>
</ol>`
}

export interface CodesView {
  readonly codes: readonly string[]
  readonly words: string
  /** The way on. */
  readonly below: Html
}

export function recoveryCodesPage(skin: Skin, { codes, words, below }: CodesView): Html {
  const { secondStep: texts } = skin.texts
  return stagePage(skin, {
    title: texts.codesTitle,
    main: html`${lead(texts.codesTitle, words)}
${message('warn', texts.codesOnce)}
<ol class="codes">${codes.map((code) => html`<li><code>${inGroups(code)}</code></li>`)}</ol>
${below}`,
  })
}

interface GoOnView {
  readonly uid: string
  readonly csrfToken: string
  readonly state: FormState
}

/** After a second step was set up, and its recovery codes were shown. */
export function goOnPage(skin: Skin, { uid, csrfToken, state }: GoOnView): Html {
  const { secondStep: texts } = skin.texts
  return stagePage(skin, {
    title: titleOf(skin, texts.onTitle, state),
    main: html`${lead(texts.onTitle, texts.onLead)}
${message('bad', state.problem)}
<form class="form" method="post" action="/interaction/${uid}/go-on">${csrfField(csrfToken)}<button class="button" type="submit">${texts.goOn}</button></form>`,
  })
}

interface SecondStepSectionView extends SectionView {
  readonly totp: boolean
  /** What new recovery codes are made of. */
  readonly codesForm: string
}

/** The section of the account page. */
export function secondStepSection(state: SecondFactorsState, view: SecondStepSectionView): Html {
  const { totpSince, totpLost, unusedCodes, codesUsedUp } = state
  const { skin, csrfToken, now, totp, codesForm } = view
  const { secondStep: texts } = skin.texts
  const row = (words: HtmlValue): Html =>
    html`<ul class="rows"><li><div class="what"><p><strong>${texts.app}</strong></p><p class="soft small">${words}</p></div>
<form method="post" action="/account/second-step/remove">${csrfField(csrfToken)}<button class="button danger compact" type="submit">${texts.turnOff}</button></form></li></ul>`
  const setUp = html`<div><a class="button quiet" href="/account/second-step">${texts.setUp}</a></div>`
  const app =
    totpSince === undefined
      ? html`${totpLost === true ? row(texts.lost) : html`<p class="soft">${texts.off}</p>`}
${setUp}`
      : row(texts.since(ago(skin.texts, totpSince, now)))
  const noneYet = unusedCodes === 0 && codesUsedUp !== true
  // Without an app most sign-ins ask for none: but those of a role that must have two steps, beside a passkey.
  const codesFor = totpSince === undefined && totpLost !== true ? texts.codesForStep : texts.codesFor
  const codes = html`<ul class="rows"><li><div class="what"><p><strong>${texts.codes}</strong></p><p class="soft small">${noneYet ? texts.noneYet : texts.left(unusedCodes)}; ${codesFor}</p></div>
<form method="post" action="/account/recovery-codes">${csrfField(csrfToken)}<input type="hidden" name="sealed" value="${codesForm}"><button class="button quiet compact" type="submit">${noneYet ? texts.makeSome : texts.makeNew}</button></form></li></ul>`
  return html`${totp ? app : undefined}${codes}`
}
