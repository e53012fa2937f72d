// Dates as people write them, to ISO 8601. What could be two dates is none, unless the order of day and month was said.

export type DateOrder = 'dmy' | 'mdy' | undefined

const ISO = /^(\d{4})-(\d{1,2})-(\d{1,2})$/
const YEAR_FIRST = /^(\d{4})[/.](\d{1,2})[/.](\d{1,2})$/
const DOTTED = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/
const SLASHED = /^(\d{1,2})[/-](\d{1,2})[/-](\d{4})$/
const WITH_TIME = /^(\S+?)(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(\.\d{1,9})?)?) ?(Z|z|UTC|[+-]\d{2}:?\d{2})?$/
/** No date is longer, however it is written; looking for one in a long text would take quadratic time. */
const MAX_LENGTH = 64
const TIME = /^(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?$/

/** `undefined` when it is no date. */
export function isoDate(text: string, order: DateOrder): string | undefined {
  if (text.length > MAX_LENGTH) return undefined
  const plain = text.trim()
  const iso = ISO.exec(plain) ?? YEAR_FIRST.exec(plain)
  if (iso !== null) return dateOf(iso[1], iso[2], iso[3])
  const dotted = DOTTED.exec(plain)
  if (dotted !== null) return order === 'mdy' ? dateOf(dotted[3], dotted[1], dotted[2]) : dateOf(dotted[3], dotted[2], dotted[1])
  const slashed = SLASHED.exec(plain)
  if (slashed === null || order === undefined) return undefined
  return order === 'mdy' ? dateOf(slashed[3], slashed[1], slashed[2]) : dateOf(slashed[3], slashed[2], slashed[1])
}

/** In UTC, which is meant where no zone is said. */
export function isoDateTime(text: string, order: DateOrder): string | undefined {
  if (text.length > MAX_LENGTH) return undefined
  const plain = text.trim()
  const dateOnly = isoDate(plain, order)
  if (dateOnly !== undefined) return `${dateOnly}T00:00:00Z`
  const parts = WITH_TIME.exec(plain)
  return parts === null ? undefined : momentOf([...parts], order)
}

function momentOf(
  [, date = '', hour = '', minute = '', second, fraction = '', zone = 'Z']: (string | undefined)[],
  order: DateOrder,
): string | undefined {
  const day = isoDate(date, order)
  const time = `${hour.padStart(2, '0')}:${minute}:${second ?? '00'}${fraction}`
  if (day === undefined || !TIME.test(time)) return undefined
  if (/^(?:z|utc)$/i.test(zone)) return `${day}T${time}Z`
  const offset = zone.includes(':') ? zone : `${zone.slice(0, 3)}:${zone.slice(3)}`
  const at = Date.parse(`${day}T${time}${offset}`)
  return Number.isNaN(at) ? undefined : new Date(at).toISOString()
}

// oxlint-disable-next-line eslint/max-params -- year, month, day
function dateOf(year = '', month = '', day = ''): string | undefined {
  const iso = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`
  const at = new Date(`${iso}T00:00:00Z`)
  // The 31st of June becomes the 1st of July, if one lets it.
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(iso) ? iso : undefined
}
