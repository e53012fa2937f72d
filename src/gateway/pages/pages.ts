// The gateway's few pages: the bounce to the own origin, and errors that a person sees. They work without script.
import { type Html, html } from '#kernel/html.ts'
import { type StatusWords, statusWords, type Told } from '#kernel/http/problem-page.ts'
import type { Answer } from '#kernel/http/route.ts'
import { spokenIn } from '#kernel/text-direction.ts'
import type { PageTexts } from '../contract.ts'
import type { GatewayExchange } from '../exchange.ts'
import type { Host } from '../hosts.ts'

function hostOf({ host }: GatewayExchange): Host {
  if (host === undefined) throw new Error('There is no page for a host that is none of ours')
  return host
}

/** In the language of whoever reads the answer. `asked`: by the app, in this request itself. */
export function textsFor(exchange: GatewayExchange, asked?: readonly string[]): PageTexts {
  return hostOf(exchange).speak(exchange, asked)
}

interface SmallPage extends StatusWords {
  /** What the person can do next. */
  readonly action: Html
  readonly texts: PageTexts
}

/** A whole small page. */
export function smallPage(exchange: GatewayExchange, { title, words, detail, action, texts }: SmallPage): Html {
  const more = detail === undefined ? undefined : html`<p ${spokenIn('en', texts.language)}>${detail}</p>`
  return html`<!doctype html>
<html ${spokenIn(texts.language)}><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex"><title>${title}</title>
<style nonce="${exchange.nonce()}">${hostOf(exchange).style}</style></head>
<body><main><h1>${title}</h1><p>${words}</p>${more}${action}<p><small>${texts.requestNumber(exchange.requestId)}</small></p></main></body></html>`
}

export function actionLink(href: string, label: string): Html {
  return html`<p><a class="action" href="${href}">${label}</a></p>`
}

/** Goes on to a path of the same origin by a navigation of its own, which brings the Strict cookies along. */
export function bouncePage(exchange: GatewayExchange, to: string, cookies: readonly string[] = []): Answer {
  const { language, moment, goOn } = textsFor(exchange)
  const body = html`<!doctype html>
<html ${spokenIn(language)}><head><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=${to}"><title>${moment}</title></head>
<body><p><a href="${to}">${goOn}</a></p></body></html>`
  return { status: 200, headers: cookies.length === 0 ? {} : { 'set-cookie': cookies }, body: { html: body } }
}

/** What such a page loads from its own origin is of the class `page`, and would be refused as well. */
function isBare({ isInTheClear, match }: GatewayExchange, { status }: Told): boolean {
  return isInTheClear || (status === 429 && (match?.route.rate ?? 'page') === 'page')
}

/** An error for a person who navigated here: in the frame of the server whose host it is, where that has one and it does not fail as well. */
export function errorPage(exchange: GatewayExchange, told: Told, failed: (error: unknown) => void): Html {
  try {
    const own = isBare(exchange, told) ? undefined : hostOf(exchange).problemPage?.(exchange, told)
    if (own !== undefined) return own
  } catch (error) {
    failed(error)
  }
  const texts = textsFor(exchange)
  const action = actionLink('/', exchange.method === 'GET' ? texts.toStart : texts.startAgain)
  return smallPage(exchange, { ...statusWords(texts, told), action, texts })
}
