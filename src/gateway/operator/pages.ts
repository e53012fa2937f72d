// The pages around an operator's one-time link. They look like the console that they lead to, and work without script.
import { type Html, html, trustedHtml } from '#kernel/html.ts'
import type { GatewayExchange } from '../exchange.ts'

const STYLE = trustedHtml(`
:root { color-scheme: light dark; --paper: #f7f6f3; --card: #fff; --ink: #21201e; --soft: #6b6862; --line: #e7e3dc; --tint: #eef1fd; --accent: #3b5bdb }
@media (prefers-color-scheme: dark) { :root { --paper: #151514; --card: #1e1d1c; --ink: #efece6; --soft: #a49f96; --line: #33312d; --tint: #262b40; --accent: #8ea5ff } }
* { box-sizing: border-box; margin: 0 }
body { background: var(--paper); color: var(--ink); font: 1rem/1.5 ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif }
main { display: grid; align-content: center; justify-items: center; gap: 1rem; max-width: 30rem; min-height: 100vh; min-height: 100dvh; margin: 0 auto; padding: 1.5rem; text-align: center }
h1 { font-size: 1.6rem; line-height: 1.25; letter-spacing: -.02em; text-wrap: balance }
p { color: var(--soft); font-size: 1.05rem; text-wrap: pretty }
code { padding: .15rem .5rem; border-radius: .4rem; background: var(--tint); color: var(--ink); font: .92em ui-monospace, 'SF Mono', Menlo, Consolas, monospace; user-select: all }
button { padding: .6rem 1.4rem; border: 0; border-radius: .6rem; background: var(--accent); color: var(--card); font: inherit; font-weight: 550; cursor: pointer }
button:hover { filter: brightness(1.08) }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
`)

function frame(exchange: GatewayExchange, title: string, content: Html): Html {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title>
<link rel="icon" type="image/svg+xml" href="/mark.svg"><style nonce="${exchange.nonce()}">${STYLE}</style></head>
<body><main><img src="/mark.svg" alt="" width="56" height="56"><h1>${title}</h1>${content}</main></body></html>`
}

const NEW_LINK = html`<p>On the machine that runs the platform, <code>ninefold admin link</code> makes a new one.</p>`

export function enterPage(exchange: GatewayExchange, code: string): Html {
  const form = html`<p>The link works once, in one browser: this one, if you go on.</p>
<form method="post" action="/enter"><input type="hidden" name="code" value="${code}">
<input type="hidden" name="csrf_token" value="${exchange.csrfToken()}"><button>Open the console</button></form>`
  return frame(exchange, 'Operator console', form)
}

export function linkMissingPage(exchange: GatewayExchange): Html {
  return frame(
    exchange,
    'Operators only',
    html`<p>A one-time link opens the console. It is printed when the platform starts.</p>${NEW_LINK}`,
  )
}

export function linkEndedPage(exchange: GatewayExchange): Html {
  return frame(exchange, 'This link does not work', html`<p>It was used already, or is older than 15 minutes.</p>${NEW_LINK}`)
}
