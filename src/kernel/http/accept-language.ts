// Which language a browser is answered in: what it says of its person, and what of that is offered.

/** More is nobody's list. */
export const MAX_RANGES = 10
/** RFC 4647 section 2.1, without wildcards. */
export const RANGE = /^[A-Za-z0-9]{1,8}(?:-[A-Za-z0-9]{1,8}){0,4}$/

/** What the person has chosen on the accounts origin, in the footer. */
export const LANGUAGE_COOKIE = '__Host-Http-language'

/** RFC 9110 section 12.5.4: the ranges by their weight, without those that weigh nothing. */
export function acceptedLanguages(header: string | undefined): string[] {
  const entries = (header ?? '').slice(0, 500).split(',').slice(0, MAX_RANGES)
  const weighed = entries.map((entry) => {
    const [range = '', ...parameters] = entry.split(';').map((part) => part.trim())
    const weight = parameters.find((parameter) => /^q=/i.test(parameter))?.slice(2)
    return { range, weight: weight === undefined ? 1 : Number(weight) }
  })
  return weighed
    .filter(({ range, weight }) => RANGE.test(range) && weight > 0)
    .toSorted((a, b) => b.weight - a.weight)
    .map(({ range }) => range)
}

/** RFC 4647 section 3.4: as it is, or by a shorter tag. `offered`: by tags in small letters. */
export function lookUpLanguage<T>(offered: ReadonlyMap<string, T>, range: string): T | undefined {
  const parts = range.toLowerCase().split('-')
  for (let length = parts.length; length > 0; length -= 1) {
    const found = offered.get(parts.slice(0, length).join('-'))
    if (found !== undefined) return found
  }
  return undefined
}
