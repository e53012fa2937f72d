// Signing in by mail: asking for it, typing the code, and what is behind the link.
import { type Html, html } from '#kernel/html.ts'
import { csrfField, field, lead, message, type Skin, stagePage } from '../pages/layout.ts'
import type { FormState } from '../pages/parts.ts'
import { titleOf } from '../pages/sign-in-page.ts'
import { inGroups } from './codes.ts'

export function askPage(
  skin: Skin,
  view: { uid: string; email: string; csrfToken: string; state: FormState; guard: Html | undefined },
): Html {
  const { uid, email, csrfToken, state, guard } = view
  const { emailSignIn: texts, fields } = skin.texts
  return stagePage(skin, {
    title: titleOf(skin, texts.title, state),
    main: html`${lead(texts.title, texts.lead)}
${message('bad', state.problem)}
<form class="form" method="post" action="/interaction/${uid}/email">${csrfField(csrfToken)}
${field({ name: 'email', label: fields.email, type: 'email', autocomplete: 'username', value: email, problem: state.problems?.['email'], focus: true })}
${guard}
<button class="button" type="submit">${texts.send}</button></form>
<p class="aside"><a href="/interaction/${uid}">${texts.otherWay}</a></p>`,
  })
}

export interface CodeView {
  readonly uid: string
  readonly csrfToken: string
  readonly state: FormState
  readonly minutes: number
  readonly hasCode: boolean
  readonly hasLink: boolean
  readonly mailbox?: string | undefined
  readonly guard: Html | undefined
}

export function codePage(skin: Skin, { uid, csrfToken, state, minutes, hasCode, hasLink, mailbox, guard }: CodeView): Html {
  const { emailSignIn: texts, checkMail } = skin.texts
  const note = mailbox === undefined ? undefined : checkMail.development(html`<a href="${mailbox}">${checkMail.mailbox}</a>`)
  return stagePage(skin, {
    title: titleOf(skin, checkMail.title, state),
    main: html`${lead(checkMail.title, hasCode ? texts.checkCode(minutes) : texts.checkLink(minutes))}
${hasLink ? html`<p class="soft">${texts.elsewhere}</p>` : undefined}
${message('bad', state.problem)}
${message('warn', note)}
<form class="form" method="post" action="/interaction/${uid}/email/code">${csrfField(csrfToken)}
${field({ name: 'code', label: texts.code, type: 'text', autocomplete: 'one-time-code', value: state.values?.['code'], hint: texts.codeHint, problem: state.problems?.['code'], focus: true, maxLength: 20 })}
${guard}
<button class="button" type="submit">${texts.submit}</button></form>
<p class="aside"><a href="/interaction/${uid}/email">${texts.again}</a></p>`,
  })
}

export function linkPage(skin: Skin, view: { uid: string; email: string; token: string; csrfToken: string }): Html {
  const { uid, email, token, csrfToken } = view
  const { emailSignIn: texts } = skin.texts
  return stagePage(skin, {
    title: texts.linkTitle,
    main: html`${lead(texts.linkTitle, texts.linkLead(html`<strong class="wrap">${email}</strong>`))}
<form class="form" method="post" action="/interaction/${uid}/email/link">${csrfField(csrfToken)}
<input type="hidden" name="token" value="${token}">
<button class="button" type="submit">${texts.linkSubmit}</button></form>
<p class="aside soft">${texts.notYou}</p>`,
  })
}

export function elsewherePage(skin: Skin, code: string): Html {
  const { emailSignIn: texts } = skin.texts
  return stagePage(skin, {
    title: texts.codeTitle,
    main: html`${lead(texts.codeTitle, texts.codeLead)}<p><code class="big-code">${inGroups(code)}</code></p>${message('warn', texts.codeWarning)}`,
  })
}
