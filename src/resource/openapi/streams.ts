// Answers that are no JSON: event streams, and files of imports and exports.
import type { Resource } from '../compile.ts'
import { filterParameters, type Hint } from './hints.ts'
import { titleOf } from './parts.ts'

const EVENTS = ['text/event-stream']
const EXPORTS = ['text/csv', 'application/json', 'application/x-ndjson', 'application/xml']

const types = (...list: readonly string[]): NonNullable<Hint['answers']> => ({ 200: list })

export function streamHints(resource: Resource): [string, Hint][] {
  const { name } = resource
  const title = titleOf(name)
  const filters = filterParameters(resource)
  const after = {
    name: 'Last-Event-ID',
    in: 'header',
    required: false,
    description: 'Goes on after this event',
    schema: { type: 'string' },
  }
  return [
    [
      `GET /api/${name}/events`,
      { operationId: `follow${title}`, parameters: [after, ...filters], answers: types(...EVENTS), problems: [422] },
    ],
    [`GET /api/${name}/:id/events`, { operationId: `followOne${title}`, parameters: [after], answers: types(...EVENTS), problems: [422] }],
    [`POST /api/${name}/import`, { operationId: `import${title}`, bodyTypes: EXPORTS, problems: [507] }],
    [`GET /api/${name}/export`, { operationId: `export${title}`, parameters: filters, answers: types(...EXPORTS) }],
    [
      `GET /api/${name}/imports/:id/rejects`,
      { operationId: `rejects${title}`, answers: types('text/csv', 'application/x-ndjson'), problems: [409] },
    ],
  ]
}
