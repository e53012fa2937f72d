// The frame around every page, and the parts that forms are made of. No page needs a script; passkeys alone do.
import { type Html, html } from '#kernel/html.ts'
import type { Texts } from '../texts/en.ts'
import { iconPath, stylePath } from './assets.ts'
import { art, brand } from './mark.ts'

export interface Skin {
  readonly productName: string
  /** The front page of the app. */
  readonly home: string
  /** The nonce of this answer's content security policy. */
  readonly nonce: string
  readonly texts: Texts
  /** The tag of the language that the texts are in. */
  readonly language: string
  /** Every language on offer, and where to choose it; nothing to choose when there is one. */
  readonly languages: readonly { readonly tag: string; readonly name: string; readonly path: string }[]
}

interface Frame {
  readonly title: string
  readonly body: Html
  /** Paths of scripts; a page works without them. */
  readonly scripts?: readonly string[]
}

function frame({ productName, nonce, language, texts }: Skin, { title, body, scripts = [] }: Frame): Html {
  return html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title} - ${productName}</title>
<link rel="icon" type="image/svg+xml" href="${iconPath}">
<link rel="stylesheet" href="${stylePath}" nonce="${nonce}">
${scripts.map((path) => html`<script src="${path}" nonce="${nonce}" type="module"></script>\n`)}</head>
<body>
<a class="skip" href="#content">${texts.frame.skip}</a>
${body}
</body>
</html>
`
}

function languageSwitch({ languages, language, texts }: Skin): Html | undefined {
  if (languages.length < 2) return undefined
  const ways = languages.map(({ tag, name, path }) =>
    tag === language
      ? html`<li><span lang="${tag}" aria-current="true">${name}</span></li>`
      : html`<li><a href="${path}" lang="${tag}" hreflang="${tag}" rel="nofollow">${name}</a></li>`,
  )
  return html`<nav class="languages" aria-label="${texts.frame.languages}"><ul>${ways}</ul></nav>`
}

function footerOf(skin: Skin, words: Html | undefined): Html | undefined {
  const languages = languageSwitch(skin)
  if (languages === undefined && words === undefined) return undefined
  return html`<footer>${words === undefined ? undefined : html`<p>${words}</p>`}${languages}</footer>`
}

interface StagePage {
  readonly title: string
  readonly main: Html
  readonly footer?: Html | undefined
  readonly scripts?: readonly string[]
}

/** A page with one thing to do. */
export function stagePage(skin: Skin, { title, main, footer, scripts = [] }: StagePage): Html {
  return frame(skin, {
    title,
    scripts,
    body: html`<div class="stage"><div class="panel">${art}</div><div class="column"><header>${brand(skin)}</header><main id="content">${main}</main>${footerOf(skin, footer)}</div></div>`,
  })
}

interface DeskPage {
  readonly title: string
  readonly top: Html
  readonly main: Html
  readonly scripts?: readonly string[]
}

/** A page with several sections. */
export function deskPage(skin: Skin, { title, top, main, scripts = [] }: DeskPage): Html {
  return frame(skin, {
    title,
    scripts,
    body: html`<div class="panel"></div><div class="desk"><header class="top">${brand(skin)}${top}</header><main id="content" class="desk-main">${main}</main>${footerOf(skin, undefined)}</div>`,
  })
}

export function lead(heading: string, words?: Html | string): Html {
  return html`<div class="lead"><h1>${heading}</h1>${words === undefined ? undefined : html`<p class="soft">${words}</p>`}</div>`
}

export type Mood = 'bad' | 'good' | 'warn'

/** Announced by screen readers: problems at once, the rest when they have finished speaking. */
export function message(mood: Mood, words: Html | string | undefined): Html | undefined {
  if (words === undefined) return undefined
  return html`<div class="message ${mood}" role="${mood === 'bad' ? 'alert' : 'status'}">${words}</div>`
}

export function csrfField(token: string): Html {
  return html`<input type="hidden" name="csrf_token" value="${token}">`
}

export interface Field {
  readonly name: string
  readonly label: string
  readonly type: 'text' | 'email' | 'password'
  readonly autocomplete: string
  readonly value?: string | undefined
  readonly hint?: string
  readonly problem?: string | undefined
  readonly focus?: boolean
  readonly maxLength?: number
}

/** A labelled field; its hint and its problem belong to it for those who do not see them. */
export function field({ name, label, type, autocomplete, value, hint, problem, focus, maxLength }: Field): Html {
  const described = [hint === undefined ? undefined : `${name}-hint`, problem === undefined ? undefined : `${name}-problem`].filter(
    (id) => id !== undefined,
  )
  const describedBy = described.length === 0 ? undefined : html` aria-describedby="${described.join(' ')}"`
  const spelled = type === 'email' ? html` inputmode="email" autocapitalize="none" spellcheck="false"` : undefined
  return html`<div class="field">
<label for="${name}">${label}</label>
<input id="${name}" name="${name}" type="${type}" autocomplete="${autocomplete}" required${spelled}${value === undefined ? undefined : html` value="${value}"`}${maxLength === undefined ? undefined : html` maxlength="${maxLength}"`}${problem === undefined ? undefined : html` aria-invalid="true"`}${describedBy}${focus === true ? html` autofocus` : undefined}>
${hint === undefined ? undefined : html`<p class="hint" id="${name}-hint">${hint}</p>`}
${problem === undefined ? undefined : html`<p class="problem" id="${name}-problem">${problem}</p>`}
</div>`
}
