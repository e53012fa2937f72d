// What a browser says of the languages that its person reads.

/** More is nobody's list. */
export const MAX_RANGES = 10
/** RFC 4647 section 2.1, without wildcards. */
export const RANGE = /^[A-Za-z0-9]{1,8}(?:-[A-Za-z0-9]{1,8}){0,4}$/

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
