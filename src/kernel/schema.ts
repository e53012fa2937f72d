// The one door to the schema library: everything that crosses a boundary is parsed by a schema made here.
import { z } from 'zod'

export { z }

/** A run-time schema of `T`. */
export type Schema<T = unknown> = z.ZodType<T>

export interface FieldProblem {
  /** Dotted path of the field, empty for the whole value. */
  readonly field: string
  readonly message: string
  /** A name that stays, by which a page finds the words in the language of its reader. */
  readonly reason?: string
}

/** What was wrong, field by field, in words that may be shown to the sender. */
export function fieldProblems(error: z.ZodError): FieldProblem[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ field: [...issue.path, key].join('.'), message: 'Unknown field' }))
    }
    return [{ field: issue.path.join('.'), message: issue.message }]
  })
}
