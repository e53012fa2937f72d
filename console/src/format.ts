// Figures as people read them.

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const fine = new Intl.NumberFormat('en', { maximumSignificantDigits: 2 })
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const date = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })

export function amount(value: number): string {
  return value !== 0 && Math.abs(value) < 10 ? fine.format(value) : whole.format(value)
}

export function milliseconds(value: number | null): string {
  if (value === null) return '-'
  if (value >= 10_000) return `${whole.format(value / 1000)} s`
  if (value >= 1000) return `${(value / 1000).toFixed(1)} s`
  return `${amount(value)} ms`
}

export function percent(ratio: number): string {
  if (ratio === 0) return '0%'
  return ratio < 0.001 ? '<0.1%' : `${ratio < 0.1 ? (ratio * 100).toFixed(1) : whole.format(ratio * 100)}%`
}

export function bytes(value: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB']
  const step = Math.min(units.length - 1, value < 1 ? 0 : Math.floor(Math.log2(value) / 10))
  return `${amount(value / 1024 ** step)} ${units[step] ?? ''}`
}

export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`
  if (seconds < 86_400) return twoUnits({ count: seconds / 3600, unit: 'h' }, { each: 60, unit: 'min' })
  return twoUnits({ count: seconds / 86_400, unit: 'd' }, { each: 24, unit: 'h' })
}

function twoUnits(
  great: { readonly count: number; readonly unit: string },
  small: { readonly each: number; readonly unit: string },
): string {
  const full = Math.floor(great.count)
  const rest = Math.floor((great.count - full) * small.each + 1e-6)
  return `${full} ${great.unit}${rest === 0 ? '' : ` ${rest} ${small.unit}`}`
}

/** The time of day, with the date when it was not today. */
export function moment(iso: string | number): string {
  const at = new Date(iso)
  const today = at.toDateString() === new Date().toDateString()
  return today ? clock.format(at) : `${date.format(at)} ${clock.format(at)}`
}

/** With the id, which commands take. */
export function named({ id, name }: { readonly id: string; readonly name: string }): string {
  return `${name} (${id})`
}
