// For dry runs: whether a value that must be unique is taken, by what is stored or by an earlier row of the same file.
import type { Call } from '#kernel/call.ts'
import type { Resource } from '../../compile.ts'
import type { ResourceRepository } from '../../repository.ts'
import type { ResourceDocument } from '../../schemas.ts'
import type { PlannedWrite } from '../../writing/parts.ts'
import type { RowProblem } from '../mapping/mapper.ts'

export interface Foresight {
  problems(call: Call, planned: PlannedWrite): Promise<RowProblem[]>
}

/** Earlier rows are forgotten beyond this many; then only what is stored counts. */
const MOST_REMEMBERED = 100_000

export function createForesight(repository: ResourceRepository, resource: Resource): Foresight {
  const unique = Object.entries(resource.definition.indexes).filter(([, index]) => index.unique === true)
  const seen = new Set<string>()

  const isTaken = async (call: Call, name: string, values: Readonly<Record<string, unknown>>): Promise<boolean> => {
    const key = JSON.stringify([name, Object.values(values)])
    if (seen.has(key)) return true
    if (seen.size < MOST_REMEMBERED) seen.add(key)
    return (await repository.of(resource).getByKey(call, name, values)) !== undefined
  }

  return {
    async problems(call, { result }) {
      const problems: RowProblem[] = []
      for (const [name, { fields }] of unique) {
        const values = valuesOf(result.value, fields)
        if (values === undefined || !(await isTaken(call, name, values))) continue
        const shown = fields.filter((field) => field !== 'ownerId')
        problems.push(...shown.map((field) => ({ field, reason: 'Taken by another object', value: values[field] })))
      }
      return problems
    },
  }
}

/** Objects where one of the fields is absent are not compared. */
function valuesOf(document: ResourceDocument, fields: readonly string[]): Record<string, unknown> | undefined {
  const values = Object.fromEntries(fields.map((field) => [field, document[field]]))
  return Object.values(values).includes(undefined) ? undefined : values
}
