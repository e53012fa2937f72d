// Times for people whose time zone we do not know: how long ago, and the exact moment for those who want it.
import { type Html, html } from '#kernel/html.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

function count(amount: number, unit: string): string {
  return `${amount} ${unit}${amount === 1 ? '' : 's'} ago`
}

export function agoWords(at: number, now: number): string {
  const passed = Math.max(0, now - at)
  if (passed < 2 * MINUTE) return 'just now'
  if (passed < HOUR) return count(Math.floor(passed / MINUTE), 'minute')
  if (passed < DAY) return count(Math.floor(passed / HOUR), 'hour')
  if (passed < 60 * DAY) return count(Math.floor(passed / DAY), 'day')
  return `on ${new Date(at).toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' })}`
}

export function ago(at: number, now: number): Html {
  const iso = new Date(at).toISOString()
  return html`<time datetime="${iso}" title="${iso.slice(0, 16).replace('T', ' ')} UTC">${agoWords(at, now)}</time>`
}
