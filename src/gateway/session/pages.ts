// The gateway's few pages: the bounce to the own origin, and errors that a person sees. They work without script.
import { type Html, html, trustedHtml } from '#kernel/html.ts'
import type { Answer } from '#kernel/http/route.ts'
import type { GatewayExchange } from '../exchange.ts'

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

export interface PageText {
  readonly title: string
  readonly text: string
  /** Shown small, so that a person can name it to support. */
  readonly requestId?: string
}

/** A whole small page. `action` is what the person can do next. */
export function smallPage(exchange: GatewayExchange, { title, text, requestId }: PageText, action?: Html): Html {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title>
<style nonce="${exchange.nonce()}">${STYLE}</style></head>
<body><main><h1>${title}</h1><p>${text}</p>${action}${requestId === undefined ? undefined : html`<p><small>Request ${requestId}</small></p>`}</main></body></html>`
}

export function actionLink(href: string, label: string): Html {
  return html`<p><a class="action" href="${href}">${label}</a></p>`
}

/** Goes on to a path of the same origin by a navigation of its own, which brings the Strict cookies along. */
export function bouncePage(to: string, cookies: readonly string[] = []): Answer {
  const body = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=${to}"><title>One moment</title></head>
<body><p><a href="${to}">Continue</a></p></body></html>`
  return { status: 200, headers: cookies.length === 0 ? {} : { 'set-cookie': cookies }, body: { html: body } }
}

const WORDS: ReadonlyMap<number, string> = new Map([
  [401, 'Please sign in, then try again.'],
  [403, 'This is not open to you, or the page was out of date. Go back, load it again and try once more.'],
  [404, 'There is nothing at this address.'],
  [429, 'That was a lot at once. Wait a moment and try again.'],
  [503, 'This is not available just now. Please try again in a moment.'],
])

/** An error for a person who navigated here. */
export function errorPage(
  exchange: GatewayExchange,
  problem: { readonly status: number; readonly title: string; readonly detail?: string },
): Html {
  const isOurs = problem.status >= 500 && problem.status !== 503
  const text = isOurs
    ? 'Something went wrong on our side. Please try again.'
    : (problem.detail ?? WORDS.get(problem.status) ?? 'This request could not be answered.')
  const again = exchange.method === 'GET' ? actionLink('/', 'To the start page') : actionLink('/', 'Start again')
  return smallPage(exchange, { title: problem.title, text, requestId: exchange.requestId }, again)
}
