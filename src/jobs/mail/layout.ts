// How every mail looks: one column that reads the same in a text client, on a phone and at night.
import { type Html, html, trustedHtml } from '#kernel/html.ts'
import type { MailContent } from './content.ts'
import type { MailTexts } from './texts/en.ts'

export interface RenderedMail {
  readonly subject: string
  readonly text: string
  readonly html: string
}

// Mail clients keep a <style> for what attributes cannot say (the dark colours), and drop what they do not know.
const DARK = trustedHtml(`
  :root { color-scheme: light dark; supported-color-schemes: light dark; }
  @media (prefers-color-scheme: dark) {
    .ground { background: #14171a !important; }
    .sheet { background: #1d2226 !important; border-color: #333b41 !important; }
    .ink { color: #eceae4 !important; }
    .soft { color: #a9b1b3 !important; }
    .action { background: #8fc7b4 !important; color: #10201b !important; }
  }`)

const FONT = "font-family: -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif;"
const CELLS = ['#1f5c4d', '#2f7a67', '#4a9581', '#2f7a67', '#4a9581', '#7db8a6', '#4a9581', '#7db8a6', '#f0b86e']

// Nine table cells, since images are often blocked and SVG is often dropped.
function cell(index: number): Html {
  return html`<td width="8" height="8" style="background: ${CELLS[index] ?? ''}; font-size: 0; line-height: 0;">&nbsp;</td>`
}

function row(first: number): Html {
  return html`<tr>${[first, first + 1, first + 2].map(cell)}</tr>`
}

function mark(): Html {
  return html`<table role="presentation" cellpadding="0" cellspacing="2" border="0" aria-hidden="true">${[0, 3, 6].map(row)}</table>`
}

export interface MailFrame {
  readonly productName: string
  /** The tag of the language that the texts are in. */
  readonly language: string
  readonly texts: Pick<MailTexts, 'copyLink' | 'reason'>
}

function buttonOf(button: MailContent['button'], copyLink: string): Html | undefined {
  if (button === undefined) return undefined
  const look = `${FONT} display: inline-block; padding: 13px 24px; border-radius: 10px; background: #1f5c4d; color: #ffffff; font-size: 16px; font-weight: 600; text-decoration: none;`
  return html`<p style="margin: 26px 0;"><a class="action" href="${button.link}" style="${look}">${button.words}</a></p>
    <p class="soft" style="${FONT} margin: 0 0 20px; font-size: 13px; line-height: 1.5; color: #5d686a; word-break: break-all;">${copyLink}<br>${button.link}</p>`
}

function htmlOf(content: MailContent, { productName, language, texts }: MailFrame): string {
  const paragraph = (words: string): Html =>
    html`<p class="ink" style="${FONT} margin: 0 0 14px; font-size: 16px; line-height: 1.6; color: #23292b;">${words}</p>`
  const small = (words: string): Html =>
    html`<p class="soft" style="${FONT} margin: 0 0 8px; font-size: 13px; line-height: 1.5; color: #5d686a;">${words}</p>`
  return html`<!doctype html>
<html lang="${language}">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width">
  <meta name="color-scheme" content="light dark">
  <title>${content.subject}</title>
  <style>${DARK}</style>
</head>
<body class="ground" style="margin: 0; padding: 0; background: #f3f1ec;">
  <div style="display: none; max-height: 0; overflow: hidden;">${content.preview}</div>
  <table class="ground" role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="background: #f3f1ec;">
    <tr><td align="center" style="padding: 32px 16px;">
      <table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width: 520px;">
        <tr><td style="padding: 0 4px 18px;">
          <table role="presentation" cellpadding="0" cellspacing="0" border="0"><tr>
            <td>${mark()}</td>
            <td class="ink" style="${FONT} padding-left: 10px; font-size: 17px; font-weight: 650; color: #23292b;">${productName}</td>
          </tr></table>
        </td></tr>
        <tr><td class="sheet" style="padding: 32px 28px; background: #ffffff; border: 1px solid #e2ded4; border-radius: 16px;">
          <h1 class="ink" style="${FONT} margin: 0 0 16px; font-size: 23px; line-height: 1.25; color: #23292b;">${content.heading}</h1>
          ${content.paragraphs.map(paragraph)}
          ${buttonOf(content.button, texts.copyLink)}
          ${content.small.map(small)}
        </td></tr>
        <tr><td style="padding: 18px 6px;">${small(texts.reason(productName))}</td></tr>
      </table>
    </td></tr>
  </table>
</body>
</html>
`.toString()
}

function textOf(content: MailContent, productName: string): string {
  const button = content.button === undefined ? [] : [`${content.button.words}:\n${content.button.link}`]
  return `${[content.heading, ...content.paragraphs, ...button, ...content.small, `-- \n${productName}`].join('\n\n')}\n`
}

export function layOut(content: MailContent, frame: MailFrame): RenderedMail {
  return { subject: content.subject, text: textOf(content, frame.productName), html: htmlOf(content, frame) }
}
