// Moments, browsers and scopes in the language of the reader. We do not know a person's time zone: so how long ago, and the exact moment for those
// who want it.
import { type Html, html } from '#kernel/html.ts'
import type { Texts } from '../texts/en.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

export function agoWords(texts: Texts, at: number, now: number): string {
  const { locale, times } = texts
  const passed = Math.max(0, now - at)
  const relative = new Intl.RelativeTimeFormat(locale)
  if (passed < 2 * MINUTE) return times.justNow
  if (passed < HOUR) return relative.format(-Math.floor(passed / MINUTE), 'minute')
  if (passed < DAY) return relative.format(-Math.floor(passed / HOUR), 'hour')
  if (passed < 60 * DAY) return relative.format(-Math.floor(passed / DAY), 'day')
  return times.onDay(dayWords(texts, at))
}

/** `23 November 2025`. */
export function dayWords({ locale }: Texts, at: number): string {
  return new Date(at).toLocaleDateString(locale, { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' })
}

export function ago(texts: Texts, at: number, now: number): Html {
  const iso = new Date(at).toISOString()
  return html`<time datetime="${iso}" title="${iso.slice(0, 16).replace('T', ' ')} UTC">${agoWords(texts, at, now)}</time>`
}

/** A session keeps its browser as `Firefox on Windows`, whatever its person reads (see provider/device.ts). */
export function deviceWords({ sessions }: Texts, device: string): string {
  if (device === 'Unknown device') return sessions.unknownDevice
  const [browser, system] = device.split(' on ')
  if (browser === undefined || system === undefined) return device
  return sessions.browserOn(browser === 'A browser' ? sessions.someBrowser : browser, system)
}

/** In the app's own texts, else as the app definition says it. */
export function scopeWords({ scopes }: Texts, scope: { readonly name: string; readonly words: string }): string {
  return scopes[scope.name] ?? scope.words
}
