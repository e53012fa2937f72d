// How long a document is good without asking again (RFC 9111), within our own bounds.

export const LEAST_MS = 5 * 60_000
const MOST_MS = 86_400_000
const USUAL_MS = 3_600_000

export function freshMsOf(headers: Readonly<Record<string, string>>): number {
  const control = headers['cache-control'] ?? ''
  if (/(?:^|[,\s])no-(?:store|cache)(?:$|[,\s])/i.test(control)) return LEAST_MS
  const age = /(?:^|[,\s])max-age\s*=\s*"?(\d{1,10})/i.exec(control)?.[1]
  return age === undefined ? USUAL_MS : Math.min(MOST_MS, Math.max(LEAST_MS, Number(age) * 1000))
}
