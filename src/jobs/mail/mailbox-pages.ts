// The pages of the development mailbox.
import { type Html, html } from '#kernel/html.ts'
import { mailboxStyle } from './mailbox-style.ts'
import type { KeptMail } from './schemas.ts'

const URL_IN_TEXT = /https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]]/g

function layout(title: string, nonce: string, content: Html): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" type="image/svg+xml" href="/mark.svg">
<title>${title}</title>
<style nonce="${nonce}">${mailboxStyle}</style>
</head>
<body>
<main>${content}</main>
</body>
</html>`
}

const timeOf = (at: number): Html =>
  html`<time datetime="${new Date(at).toISOString()}">${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC</time>`

export function mailboxPage(mails: readonly KeptMail[], nonce: string): Html {
  const list = html`<ol class="card">${mails.map(
    (mail) => html`<li><a href="/mailbox/${encodeURIComponent(mail.id)}">
<span class="badge" aria-hidden="true">${mail.to.slice(0, 1)}</span>
<span class="subject">${mail.subject}</span> ${timeOf(mail.at)}
<span class="preview">To ${mail.to} &middot; ${mail.text.replace(/\s+/g, ' ').slice(0, 160)}</span>
</a></li>`,
  )}</ol>`
  const empty = html`<div class="card empty"><strong>No mail yet</strong>Sign up, or ask for anything else that sends a mail, then reload this page.</div>`
  return layout(
    'Mailbox',
    nonce,
    html`<header><h1>Mailbox</h1><p class="note">In development nothing is sent: every mail of the last day is here, newest first.</p></header>
${mails.length === 0 ? empty : list}`,
  )
}

export function mailPage(mail: KeptMail, nonce: string): Html {
  const address = `/mailbox/${encodeURIComponent(mail.id)}/html`
  return layout(
    mail.subject,
    nonce,
    html`<a class="back" href="/mailbox">&larr; All mail</a>
<header><h1>${mail.subject}</h1></header>
<article class="card">
<dl><dt>From</dt><dd>${mail.from}</dd><dt>To</dt><dd>${mail.to}</dd><dt>At</dt><dd>${timeOf(mail.at)}</dd></dl>
<pre>${linked(mail.text)}</pre>
</article>
<p class="foot note"><span>This is the text version.</span><a href="${address}">See the HTML version</a></p>`,
  )
}

/** Text with its web addresses as links. */
function linked(text: string): Html[] {
  const parts: Html[] = []
  let end = 0
  for (const match of text.matchAll(URL_IN_TEXT)) {
    parts.push(html`${text.slice(end, match.index)}<a href="${match[0]}">${match[0]}</a>`)
    end = match.index + match[0].length
  }
  return [...parts, html`${text.slice(end)}`]
}
