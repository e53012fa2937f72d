// Names of people, and of what they make here: anything that can be written in one line.
import type { ProblemName } from '../texts/problem.ts'

export const MAX_CHARACTERS = 80
// Controls, and the marks that turn the direction of the text around them: a name must not rewrite the page it is shown on.
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u

export function tidyName(typed: string): string {
  return typed.normalize('NFC').trim().replace(/\s+/g, ' ')
}

export function nameProblem(typed: string): ProblemName | undefined {
  const name = tidyName(typed)
  if (name === '') return 'name_missing'
  if (Array.from(name).length > MAX_CHARACTERS) return 'name_long'
  if (UNPRINTABLE.test(name)) return 'name_unprintable'
  return undefined
}

/** Of what somebody has, and not of somebody. */
export function labelProblem(typed: string): ProblemName | undefined {
  const problem = nameProblem(typed)
  return problem === 'name_missing' ? 'label_missing' : problem
}
