// Our own rows, as `users export` writes them, or as somebody has made them by hand.
import { z } from '#kernel/schema.ts'
import type { ParsedRow } from '../schemas.ts'
import { type Converter, membersOf, PASSKEYS_LEFT, secondStepsLeft } from './shared.ts'

/** What `staysBehind` calls what an account here has and a row cannot take along. */
export const STEPS = { app: 'authenticator-app', codes: 'recovery-codes', passkeys: 'passkeys' } as const

/** What is to be said of it: whoever had two factors comes in with one otherwise, and nobody is told. */
export function stepsLeft({ staysBehind = [], totpKey }: Pick<ParsedRow, 'staysBehind' | 'totpKey'>): readonly string[] {
  const steps = staysBehind.filter((word) => word !== STEPS.passkeys).map((word) => word.replaceAll('-', ' '))
  const passkeys = staysBehind.includes(STEPS.passkeys) ? [PASSKEYS_LEFT] : []
  return [...secondStepsLeft(steps, { hasApp: totpKey !== undefined }), ...passkeys]
}

const listOf = (cell: unknown): unknown => (typeof cell === 'string' ? cell.split(/\s+/) : cell)

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
    const list = listOf(rest[name])
    const words = z.array(z.string()).safeParse(list)
    rest[name] = words.success ? membersOf(words.data, options[name]) : list
  }
  const { staysBehind } = rest
  const left = staysBehind === undefined ? {} : { staysBehind: listOf(staysBehind) }
  const identities = issuer === undefined && subject === undefined ? {} : { identities: [{ issuer, subject }] }
  return { row: { ...rest, ...left, ...identities }, left: [] }
}
