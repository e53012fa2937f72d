// How every mail looks: one column that reads the same in a text client, on a phone and at night.
import { type Html, html, trustedHtml } from '#kernel/html.ts'
import { directionOf, spokenIn } from '#kernel/text-direction.ts'
import type { MailColours, MailLook } from '../contract.ts'
import type { MailContent } from './content.ts'
import type { MailTexts } from './texts/en.ts'

export interface RenderedMail {
  readonly subject: string
  readonly text: string
  readonly html: string
}

const OUR_MARK = { tones: ['#17463b', '#1f5c4d', '#2f7a67', '#4a9581', '#7db8a6'], glow: '#f0b86e' } as const
const OURS: Readonly<Record<'light' | 'dark', MailColours>> = {
  light: {
    ...OUR_MARK,
    ground: '#f3f1ec',
    sheet: '#ffffff',
    line: '#e2ded4',
    ink: '#23292b',
    soft: '#5d686a',
    accent: '#1f5c4d',
    accentInk: '#ffffff',
  },
  dark: {
    ...OUR_MARK,
    ground: '#14171a',
    sheet: '#1d2226',
    line: '#333b41',
    ink: '#eceae4',
    soft: '#a9b1b3',
    accent: '#8fc7b4',
    accentInk: '#10201b',
  },
}

// Mail clients keep a <style> for what attributes cannot say (the dark colours), and drop what they do not know. Colours are digits that the start has checked.
function darkStyle({ ground, sheet, line, ink, soft, accent, accentInk }: MailColours): Html {
  return trustedHtml(`
  :root { color-scheme: light dark; supported-color-schemes: light dark; }
  @media (prefers-color-scheme: dark) {
    .ground { background: ${ground} !important; }
    .sheet { background: ${sheet} !important; border-color: ${line} !important; }
    .ink { color: ${ink} !important; }
    .soft { color: ${soft} !important; }
    .action { background: ${accent} !important; color: ${accentInk} !important; }
  }`)
}

const FONT = "font-family: -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif;"

// Nine table cells, since images are often blocked and SVG is often dropped.
function mark({ tones: [, first, second, third, fourth], glow }: MailColours): Html {
  const rows = [
    [first, second, third],
    [second, third, fourth],
    [third, fourth, glow],
  ]
  const cell = (colour: string): Html =>
    html`<td width="8" height="8" style="background: ${colour}; font-size: 0; line-height: 0;">&nbsp;</td>`
  return html`<table role="presentation" cellpadding="0" cellspacing="2" border="0" aria-hidden="true">${rows.map((row) => html`<tr>${row.map(cell)}</tr>`)}</table>`
}

function brand(productName: string, colours: MailColours, isTheirs: boolean): Html {
  const look = `${FONT} font-size: 17px; font-weight: 650; color: ${colours.ink};`
  return html`<table role="presentation" cellpadding="0" cellspacing="0" border="0"><tr>
            ${isTheirs ? undefined : html`<td>${mark(colours)}</td><td width="10" style="font-size: 0; line-height: 0;">&nbsp;</td>`}
            <td class="ink" style="${look}">${productName}</td>
          </tr></table>`
}

export interface MailFrame {
  readonly productName: string
  /** The tag of the language that the texts are in. */
  readonly language: string
  readonly texts: Pick<MailTexts, 'copyLink' | 'reason'>
  /** Ours unless told. */
  readonly look?: MailLook | undefined
}

function buttonOf(
  button: MailContent['button'],
  { texts, language }: MailFrame,
  { accent, accentInk, soft }: MailColours,
): Html | undefined {
  if (button === undefined) return undefined
  const look = `${FONT} display: inline-block; padding: 13px 24px; border-radius: 10px; background: ${accent}; color: ${accentInk}; font-size: 16px; font-weight: 600; text-decoration: none;`
  const link = directionOf(language) === 'rtl' ? html`<span dir="ltr">${button.link}</span>` : button.link
  return html`<p style="margin: 26px 0;"><a class="action" href="${button.link}" style="${look}">${button.words}</a></p>
    <p class="soft" style="${FONT} margin: 0 0 20px; font-size: 13px; line-height: 1.5; color: ${soft}; word-break: break-all;">${texts.copyLink}<br>${link}</p>`
}

function htmlOf(content: MailContent, frame: MailFrame): string {
  const { productName, language, texts, look } = frame
  const { light, dark } = look?.colours ?? OURS
  const { ground, sheet, line, ink, soft } = light
  const paragraph = (words: string): Html =>
    html`<p class="ink" style="${FONT} margin: 0 0 14px; font-size: 16px; line-height: 1.6; color: ${ink};">${words}</p>`
  const small = (words: string): Html =>
    html`<p class="soft" style="${FONT} margin: 0 0 8px; font-size: 13px; line-height: 1.5; color: ${soft};">${words}</p>`
  // Twice, since mail programs drop the element around everything.
  return html`<!doctype html>
<html ${spokenIn(language)}>
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width">
  <meta name="color-scheme" content="light dark">
  <title>${content.subject}</title>
  <style>${darkStyle(dark)}</style>
</head>
<body class="ground" style="margin: 0; padding: 0; background: ${ground};">
  <div style="display: none; max-height: 0; overflow: hidden;">${content.preview}</div>
  <table class="ground" ${spokenIn(language)} role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="background: ${ground};">
    <tr><td align="center" style="padding: 32px 16px;">
      <table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width: 520px;">
        <tr><td style="padding: 0 4px 18px;">
          ${brand(productName, light, look?.ownMark === true)}
        </td></tr>
        <tr><td class="sheet" style="padding: 32px 28px; background: ${sheet}; border: 1px solid ${line}; border-radius: 16px;">
          <h1 class="ink" style="${FONT} margin: 0 0 16px; font-size: 23px; line-height: 1.25; color: ${ink};">${content.heading}</h1>
          ${content.paragraphs.map(paragraph)}
          ${buttonOf(content.button, frame, light)}
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

function textOf(content: MailContent, { productName, texts }: MailFrame): string {
  const button = content.button === undefined ? [] : [`${content.button.words}:\n${content.button.link}`]
  return `${[content.heading, ...content.paragraphs, ...button, ...content.small, `-- \n${productName}\n${texts.reason(productName)}`].join('\n\n')}\n`
}

export function layOut(content: MailContent, frame: MailFrame): RenderedMail {
  return { subject: content.subject, text: textOf(content, frame), html: htmlOf(content, frame) }
}
