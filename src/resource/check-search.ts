// What is wrong with the search of a definition.
import type { AccessSubject } from './check-access.ts'

const PLATFORM_FILTERS = new Set(['ownerId', 'createdAt', 'updatedAt'])

export function checkSearch({ definition, fields }: AccessSubject): string[] {
  const { search } = definition
  if (search === undefined) return []
  const none = search.fields.length === 0 ? ['search names no fields.'] : []
  const words = search.fields
    .filter((field) => fields.get(field)?.kind !== 'string')
    .map((field) => `search names ${field}, which is no text field of the schema.`)
  const filters = (search.filters ?? [])
    .filter((field) => !PLATFORM_FILTERS.has(field) && fields.get(field)?.kind === undefined)
    .map((field) => `search is narrowed by ${field}, which is not text, a number or a boolean of the schema.`)
  return [...none, ...words, ...filters]
}
