// What every database can store. PostgreSQL has no U+0000 in its texts, and half a surrogate pair has no bytes in UTF-8; so that the database stays a
// choice, such text is refused on all of them. An index entry has a largest size, too.

/** Bytes of an id. */
export const MAX_ID_BYTES = 512
/** Bytes of all text of one document in one index, without the id. */
export const MAX_INDEXED_BYTES = 2000

export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\u0000')
}

// As JSON text writes both. Backslashes in the text itself look the same, so a hit is only a reason to look closer.
const SUSPICIOUS = /\\u(?:0000|d[89a-f])/

/** The dotted path of the first text (key or value) that cannot be stored. `json` is the JSON text of the value, when it is at hand. */
export function unstorable(value: unknown, json: string = JSON.stringify(value) ?? ''): string | undefined {
  return SUSPICIOUS.test(json) ? pathIn(value, []) : undefined
}

function pathIn(value: unknown, path: readonly string[]): string | undefined {
  if (typeof value === 'string') return isStorable(value) ? undefined : path.join('.')
  if (typeof value !== 'object' || value === null) return undefined
  for (const [key, part] of Object.entries(value)) {
    // The key itself cannot be shown.
    if (!isStorable(key)) return [...path, '(key)'].join('.')
    const found = pathIn(part, [...path, key])
    if (found !== undefined) return found
  }
  return undefined
}

/** Whether the texts fit into one index entry together. */
export function fitsIndex(values: readonly unknown[], most = MAX_INDEXED_BYTES): boolean {
  let units = 0
  for (const value of values) if (typeof value === 'string') units += value.length
  // No UTF-16 unit takes more than three bytes.
  if (units * 3 <= most) return true
  return values.reduce<number>((sum, value) => sum + (typeof value === 'string' ? Buffer.byteLength(value) : 0), 0) <= most
}
