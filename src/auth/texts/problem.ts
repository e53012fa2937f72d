// What is wrong with a field, by name: pages say it in the reader's language, everybody else reads the English words.
import type { FieldProblem } from '#kernel/schema.ts'
import { en, type Texts } from './en.ts'

export type ProblemName = keyof Texts['problems']

export function fieldProblem(field: string, reason: ProblemName): FieldProblem {
  return { field, reason, message: en.problems[reason] }
}

/** For what is chosen among some: everybody but pages, which show the choice, reads which ones are none of them, and what there is. */
export function choiceProblem(
  field: string,
  reason: ProblemName,
  { none, of }: { none: readonly string[]; of: readonly string[] },
): FieldProblem {
  const choice = of.length === 0 ? 'There is none to choose.' : `There are ${of.join(', ')}.`
  return { field, reason, message: `${en.problems[reason]} Unknown: ${none.join(', ')}. ${choice}` }
}

/** The words for one that came with an error, whoever made it. */
export function problemWords(texts: Texts, { reason, message }: FieldProblem): string {
  return isProblemName(reason) ? texts.problems[reason] : message
}

function isProblemName(reason: string | undefined): reason is ProblemName {
  return reason !== undefined && Object.hasOwn(en.problems, reason)
}
