// Full-text search by one rule on every database: the words of a document become terms here, an engine only keeps and finds them.
import { createHash } from 'node:crypto'
import { databaseErrors } from './errors.ts'

type Fields = Readonly<Record<string, unknown>>

/** A `SearchDefinition` of any document type. */
export interface AnySearch {
  readonly fields: readonly string[]
  readonly filters?: readonly string[]
}

/** Longer words are found by their beginning. */
const MAX_WORD = 40
/** Different words of one document; those after it are not found. */
const MAX_TERMS = 4000
const MAX_ASKED = 16
// Scripts without spaces between words: every character is a word of its own.
const WORD =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])[\p{L}\p{N}])+/gu

function wordsOf(text: string): string[] {
  const plain = text
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/\p{M}+/gu, '')
  return (plain.match(WORD) ?? []).map((word) =>
    word.length > MAX_WORD ? word.slice(0, MAX_WORD).toWellFormed().replace('\ufffd', '') : word,
  )
}

/** Letters and digits only, so that no engine takes a term for a query. 160 bits: nobody finds two values with one term. */
function filterTerm(field: string, value: string | number | boolean): string {
  return `f${createHash('sha256')
    .update(`${field}=${typeof value}:${value}`)
    .digest('hex')
    .slice(0, 40)}`
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

export function termsOf(search: AnySearch, document: Fields): string[] {
  const terms = new Set<string>()
  for (const field of search.filters ?? []) {
    const value = document[field]
    if (isScalar(value)) terms.add(filterTerm(field, value))
  }
  for (const field of search.fields) {
    const text = document[field]
    if (typeof text !== 'string') continue
    for (const word of wordsOf(text)) {
      if (terms.size >= MAX_TERMS) return [...terms]
      terms.add(`w${word}`)
    }
  }
  return [...terms]
}

/** What a query looks for: terms that must all be there, and the beginning of one more. */
export function askedTerms(
  search: AnySearch,
  asked: { readonly text: string; readonly where: Fields },
): { readonly all: string[]; readonly prefix: string } {
  const words = wordsOf(asked.text)
  const last = words.pop()
  if (last === undefined) throw databaseErrors.bad_query({ detail: 'There is no word to search for.' })
  if (words.length >= MAX_ASKED) throw databaseErrors.bad_query({ detail: `A search takes at most ${MAX_ASKED} words.` })
  const filters = Object.entries(asked.where).map(([field, value]) => {
    if (search.filters?.includes(field) !== true) {
      const known = search.filters?.join(', ') || 'none'
      throw databaseErrors.bad_query({ detail: `The search cannot be narrowed by field ${field} (it declares: ${known}).` })
    }
    if (!isScalar(value))
      throw databaseErrors.bad_query({ detail: `Field ${field} needs a value to look for: text, a number or a boolean.` })
    return filterTerm(field, value)
  })
  return { all: [...new Set([...filters, ...words.map((word) => `w${word}`)])], prefix: `w${last}` }
}

/** Changes when terms are made in another way, so that they are made again. */
export function termsMark(search: AnySearch | undefined): string | null {
  return search === undefined ? null : `1:${search.fields.join(',')}|${(search.filters ?? []).join(',')}`
}
