// What the routes of a resource do not say by themselves: headers, the parameters of lists, and the exact shapes of bodies that the service parses.
import { scopesFor } from '../access.ts'
import type { Resource } from '../compile.ts'
import type { ResourceOperation } from '../contract.ts'
import { type Part, ref, titleOf } from './parts.ts'

export interface Hint {
  readonly operationId: string
  readonly description?: string
  readonly parameters?: readonly Part[]
  readonly body?: Part
  readonly bodyTypes?: readonly string[]
  /** Schemas of answers, where the route's own says less; for answers that are no JSON their media types. */
  readonly answers?: Readonly<Record<number, Part | readonly string[]>>
  readonly headers?: Readonly<Record<number, Part>>
  /** Statuses of problems beside those that every such route may answer. */
  readonly problems?: readonly number[]
  /** Those that a token needs, where the route says less. */
  readonly scopes?: readonly string[]
}

const JSON_TYPES = ['application/json', 'application/merge-patch+json']

export function resourceHints(resource: Resource): [string, Hint][] {
  const { name, definition } = resource
  const title = titleOf(name)
  const one = `/api/${name}/:id`
  const key = ref('parameters', 'IdempotencyKey')
  const match = ref('parameters', 'IfMatch')
  const scopes = (operation: ResourceOperation): readonly string[] => scopesFor(definition, operation)
  const failing = hookProblems(resource)
  const list: Hint = {
    operationId: `list${title}`,
    parameters: listParameters(resource),
    description: servedBy(resource),
    problems: [422],
    scopes: scopes('list'),
  }
  const get: Hint = {
    operationId: `get${title}`,
    parameters: [ref('parameters', 'IfNoneMatch'), ...showParameters(resource)],
    headers: { 200: TAGGED, 304: TAGGED },
    problems: [422],
    scopes: scopes('get'),
  }
  const create: Hint = {
    operationId: `create${title}`,
    parameters: [key],
    body: ref('schemas', `${title}Create`),
    headers: { 201: { ...TAGGED, Location: ref('headers', 'Location') } },
    problems: [409, ...failing],
    scopes: scopes('create'),
  }
  const update: Hint = {
    operationId: `update${title}`,
    parameters: [match, key],
    body: ref('schemas', `${title}Change`),
    bodyTypes: JSON_TYPES,
    headers: { 200: TAGGED },
    problems: [409, 412, ...failing],
    scopes: scopes('update'),
  }
  const remove: Hint = {
    operationId: `delete${title}`,
    parameters: [match, key],
    problems: [409, 412, 422, ...failing],
    scopes: scopes('delete'),
  }
  return [
    [`GET /api/${name}`, list],
    [`GET ${one}`, get],
    [`POST /api/${name}`, create],
    [`PATCH ${one}`, update],
    [`DELETE ${one}`, remove],
    [`POST /api/${name}/bulk`, bulkHint(title)],
  ]
}

const TAGGED: Part = { ETag: ref('headers', 'ETag') }

function bulkHint(title: string): Hint {
  return {
    operationId: `bulk${title}`,
    parameters: [ref('parameters', 'IdempotencyKey')],
    body: ref('schemas', `${title}Bulk`),
    answers: { 200: ref('schemas', `${title}BulkResults`) },
    description:
      'Each operation is decided as if it came alone and has its own result. With `atomic`, all are stored in one commit or none is.',
    problems: [409],
  }
}

/** A hook may throw an error of the app's own. */
function hookProblems({ definition }: Resource): number[] {
  return definition.hooks === undefined ? [] : [500]
}

function servedBy({ indexes }: Resource): string {
  const served = indexes.map(({ fields }) => `\`${fields.join('`, `')}\``).join('; ')
  return `Filters are the first fields of a declared index, and the list is ordered by the next one. Indexes: ${served}.`
}

const query = (name: string, schema: Part, description: string): Part => ({ name, in: 'query', required: false, description, schema })

/** Equal values and ranges on the fields of indexes. */
export function filterParameters({ kinds, indexes }: Resource): readonly Part[] {
  return indexedFields(indexes).flatMap((field) => {
    const type = { type: kinds.get(field) }
    const equal = query(field, type, 'Exactly this')
    if (type.type === 'boolean') return [equal]
    return [equal, query(`${field}.from`, type, 'This, or more'), query(`${field}.below`, type, 'Less than this')]
  })
}

const indexedFields = (indexes: Resource['indexes']): readonly string[] => [...new Set(indexes.flatMap((index) => index.fields))]

function listParameters(resource: Resource): readonly Part[] {
  const { indexes, definition } = resource
  const sorts = indexedFields(indexes).flatMap((field) => [field, `-${field}`])
  return [
    ...filterParameters(resource),
    query('limit', { type: 'integer', minimum: 1, maximum: 100, default: 20 }, 'How many at most'),
    query('after', { type: 'string' }, 'The `next` of the page before'),
    query('sort', { type: 'string', enum: sorts }, 'The index field to order by; `-` for descending'),
    query('order', { type: 'string', enum: ['ascending', 'descending'], default: 'ascending' }, 'Without `sort`: the order of the index'),
    query('count', { type: 'boolean', default: false }, 'Counts them, up to 10,000'),
    ...(definition.search === undefined
      ? []
      : [query('search', { type: 'string', maxLength: 200 }, 'Words that must all be there; newest first')]),
    ...(definition.share === true ? [query('shared', { type: 'boolean', default: false }, 'What others have shared with you')] : []),
    ...showParameters(resource),
  ]
}

function showParameters({ fields, computed, files, relations }: Resource): readonly Part[] {
  const names = [
    'id',
    'ownerId',
    'createdAt',
    'updatedAt',
    ...fields.keys(),
    ...computed.map(([name]) => name),
    ...files.map(({ urlField }) => urlField),
  ]
  const listed = (name: string, items: Part, description: string): Part => ({
    name,
    in: 'query',
    required: false,
    description,
    style: 'form',
    explode: false,
    schema: { type: 'array', items },
  })
  return [
    listed('fields', { type: 'string', enum: names }, 'Only these fields, and those of the platform'),
    ...(relations.length === 0
      ? []
      : [
          listed(
            'expand',
            { type: 'string', examples: relations.map(({ name }) => name) },
            `Brings along what relations lead to: ${relations.map(({ name }) => name).join(', ')}`,
          ),
        ]),
  ]
}
