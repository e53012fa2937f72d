// The frame around every page, and the parts that forms are made of. No page needs a script; passkeys alone do.
import { type Html, html } from '#kernel/html.ts'
import { spokenIn } from '#kernel/text-direction.ts'
import type { Texts } from '../texts/en.ts'
import type { PageDetails, PageViewV1 } from '../theme/contract.ts'
import type { Looks } from '../theme/looks.ts'
import { onceScriptPath } from './assets.ts'
import { art } from './mark.ts'

export interface Skin {
  readonly productName: string
  /** The front page of the app. */
  readonly home: string
  /** The nonce of this answer's content security policy. */
  readonly nonce: string
  readonly texts: Texts
  readonly looks: Looks
  /** The path where this page can be loaded again, when that is not where it was asked for. */
  readonly here?: string | undefined
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

function frame({ productName, nonce, language, texts, looks, here }: Skin, { title, body, scripts = [] }: Frame): Html {
  return html`<!doctype html>
<html ${spokenIn(language)}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
${here === undefined ? undefined : html`<link rel="canonical" href="${here}">\n`}<title>${title} - ${productName}</title>
<link rel="icon" type="${looks.icon.type}" href="${looks.icon.path}">
${looks.stylePaths.map((path) => html`<link rel="stylesheet" href="${path}" nonce="${nonce}">\n`)}${[onceScriptPath, ...scripts].map((path) => html`<script type="module" src="${path}" nonce="${nonce}"></script>\n`)}</head>
<body>
<a class="skip" href="#content">${texts.frame.skip}</a>
${body}
</body>
</html>
`
}

function brand({ productName, home, looks }: Skin): Html {
  return html`<p class="brand"><a href="${home}">${looks.mark}<span${looks.saysName ? html` class="unseen"` : undefined}>${productName}</span></a></p>`
}

function languageSwitch({ languages, language, texts }: Skin): Html | undefined {
  if (languages.length < 2) return undefined
  const ways = languages.map(({ tag, name, path }) =>
    tag === language
      ? html`<li><span ${spokenIn(tag, language)} aria-current="true">${name}</span></li>`
      : html`<li><a href="${path}" ${spokenIn(tag, language)} hreflang="${tag}" rel="nofollow">${name}</a></li>`,
  )
  return html`<nav class="languages" aria-label="${texts.frame.languages}"><ul>${ways}</ul></nav>`
}

function footerOf({ footer, languages }: PageViewV1['parts']): Html | undefined {
  if (languages === undefined && footer === undefined) return undefined
  return html`<footer>${footer === undefined ? undefined : html`<p>${footer}</p>`}${languages}</footer>`
}

interface Page {
  readonly title: string
  readonly main: Html
  readonly footer?: Html | undefined
  readonly scripts?: readonly string[]
  /** For templates of the app. */
  readonly details?: PageDetails
}

function viewOf(skin: Skin, layout: PageViewV1['layout'], page: Page & { readonly top?: Html }): PageViewV1 {
  const { productName, home, language } = skin
  const { title, main, footer, top, details = { page: 'other' } } = page
  const parts = { brand: brand(skin), top, main: html`<main id="content">${main}</main>`, footer, languages: languageSwitch(skin) }
  return { version: 1, title, language, productName, home, layout, details, parts }
}

function ownBody({ looks, texts }: Skin, view: PageViewV1): Html | undefined {
  return looks.body(view, texts.signIn.createAccount)
}

/** A page with one thing to do. */
export function stagePage(skin: Skin, page: Page): Html {
  const view = viewOf(skin, 'stage', page)
  const { parts } = view
  const ours = (): Html =>
    html`<div class="stage"><div class="panel">${art}</div><div class="column"><header>${parts.brand}</header>${parts.main}${footerOf(parts)}</div></div>`
  return frame(skin, { ...page, body: ownBody(skin, view) ?? ours() })
}

/** A page with several sections. */
export function deskPage(skin: Skin, page: Page & { readonly top: Html }): Html {
  const view = viewOf(skin, 'desk', page)
  const { parts } = view
  const ours = (): Html =>
    html`<div class="panel"></div><div class="desk"><header class="top">${parts.brand}${parts.top}</header>${parts.main}${footerOf(parts)}</div>`
  return frame(skin, { ...page, body: ownBody(skin, view) ?? ours() })
}

/** `spoken`: in what language both are, where it is not that of the page. */
export function lead(heading: string, words?: Html | string, spoken?: Html): Html {
  return html`<div class="lead"${spoken === undefined ? undefined : html` ${spoken}`}><h1>${heading}</h1>${words === undefined ? undefined : html`<p class="soft">${words}</p>`}</div>`
}

export type Mood = 'bad' | 'good' | 'warn'

/** Announced by screen readers: problems at once, the rest when they have finished speaking. */
export function message(mood: Mood, words: Html | string | undefined): Html | undefined {
  if (words === undefined) return undefined
  return html`<div class="message ${mood}" role="${mood === 'bad' ? 'alert' : 'status'}">${words}</div>`
}

/** As one, so that a template can be asked whether it shows them. */
export function messagesOf(...all: readonly (Html | undefined)[]): Html | undefined {
  return all.every((one) => one === undefined) ? undefined : html`${all}`
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
  readonly inputMode?: 'numeric'
}

/** A labelled field; its hint and its problem belong to it for those who do not see them. */
export function field({ name, label, type, autocomplete, value, hint, problem, focus, maxLength, inputMode }: Field): Html {
  const described = [hint === undefined ? undefined : `${name}-hint`, problem === undefined ? undefined : `${name}-problem`].filter(
    (id) => id !== undefined,
  )
  const describedBy = described.length === 0 ? undefined : html` aria-describedby="${described.join(' ')}"`
  const spelled =
    type === 'email'
      ? html` inputmode="email" autocapitalize="none" spellcheck="false"`
      : inputMode === undefined
        ? undefined
        : html` inputmode="${inputMode}" spellcheck="false"`
  return html`<div class="field">
<label for="field-${name}">${label}</label>
<input id="field-${name}" name="${name}" type="${type}" autocomplete="${autocomplete}" required${spelled}${value === undefined ? undefined : html` value="${value}"`}${maxLength === undefined ? undefined : html` maxlength="${maxLength}"`}${problem === undefined ? undefined : html` aria-invalid="true"`}${describedBy}${focus === true ? html` autofocus` : undefined}>
${hint === undefined ? undefined : html`<p class="hint" id="${name}-hint">${hint}</p>`}
${problem === undefined ? undefined : html`<p class="problem" id="${name}-problem">${problem}</p>`}
</div>`
}
