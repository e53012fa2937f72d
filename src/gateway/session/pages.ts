// The gateway's few pages: the bounce to the own origin, and errors that a person sees. They work without script.
import { type Html, html, trustedHtml } from '#kernel/html.ts'
import type { Answer } from '#kernel/http/route.ts'
import type { GatewayExchange } from '../exchange.ts'
import { en, type PageTexts, type Told, type Words } from '../texts/en.ts'

const STYLE = trustedHtml(`
:root { color-scheme: light dark; font: 1.0625rem/1.5 system-ui, sans-serif }
body { margin: 0; min-height: 100dvh; display: grid; place-items: center; background: Canvas; color: CanvasText }
main { max-width: 26rem; padding: 2rem }
h1 { font-size: 1.5rem; line-height: 1.2; margin: 0 0 .75rem }
p { margin: 0 0 1.25rem }
small { opacity: .7 }
.action { display: inline-block; font: inherit; padding: .6rem 1.1rem; border: 0; border-radius: .6rem; background: #3457d5; color: #fff; text-decoration: none; cursor: pointer }
.action:focus-visible { outline: 3px solid color-mix(in srgb, #3457d5 50%, transparent); outline-offset: 2px }
`)

/** In the language of whoever reads the answer. */
export function textsFor({ host, request }: GatewayExchange): PageTexts {
  return host?.speak(request.headers) ?? en
}

/** A whole small page. `action` is what the person can do next. */
export function smallPage(exchange: GatewayExchange, { title, text, detail }: Words, action: Html): Html {
  const { language, requestNumber } = textsFor(exchange)
  const more = detail === undefined ? undefined : html`<p lang="en">${detail}</p>`
  return html`<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title>
<style nonce="${exchange.nonce()}">${STYLE}</style></head>
<body><main><h1>${title}</h1><p>${text}</p>${more}${action}<p><small>${requestNumber(exchange.requestId)}</small></p></main></body></html>`
}

export function actionLink(href: string, label: string): Html {
  return html`<p><a class="action" href="${href}">${label}</a></p>`
}

/** Goes on to a path of the same origin by a navigation of its own, which brings the Strict cookies along. */
export function bouncePage(exchange: GatewayExchange, to: string, cookies: readonly string[] = []): Answer {
  const { language, moment, goOn } = textsFor(exchange)
  const body = html`<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=${to}"><title>${moment}</title></head>
<body><p><a href="${to}">${goOn}</a></p></body></html>`
  return { status: 200, headers: cookies.length === 0 ? {} : { 'set-cookie': cookies }, body: { html: body } }
}

/** An error for a person who navigated here. */
export function errorPage(exchange: GatewayExchange, problem: Told): Html {
  const texts = textsFor(exchange)
  return smallPage(exchange, texts.problem(problem), actionLink('/', exchange.method === 'GET' ? texts.toStart : texts.startAgain))
}
