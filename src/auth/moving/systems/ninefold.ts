// Our own rows, as `users export` writes them, or as somebody has made them by hand.
import { z } from '#kernel/schema.ts'
import { type Converter, membersOf } from './shared.ts'

/** In CSV everything is text: lists have spaces between their words, and one identity has the columns `issuer` and `subject`. */
export const ninefold: Converter = (value, options) => {
  if (typeof value !== 'object' || value === null) return 'the row is no object'
  const cells = Object.entries(value).filter(([, cell]) => cell !== '' && cell !== null)
  const row: Record<string, unknown> = Object.fromEntries(cells)
  const { issuer, subject, ...rest } = row
  for (const name of ['emailVerified', 'suspended', 'legacyPassword', 'deletionByOperator'])
    if (rest[name] === 'true' || rest[name] === 'false') rest[name] = rest[name] === 'true'
  for (const name of ['roles', 'groups'] as const) {
    if (rest[name] === undefined) continue
    const list = typeof rest[name] === 'string' ? rest[name].split(/\s+/) : rest[name]
    const words = z.array(z.string()).safeParse(list)
    rest[name] = words.success ? membersOf(words.data, options[name]) : list
  }
  const identities = issuer === undefined && subject === undefined ? {} : { identities: [{ issuer, subject }] }
  return { row: { ...rest, ...identities }, left: [] }
}
