// Requests made from an OpenAPI document, and what it declares of their answers.
import type { Chance } from './chance.ts'
import { fitting, HOSTILE_TEXTS, idLike, jsonText, type JsonSchema, type Making, spoilt } from './values.ts'

export interface Operation {
  readonly method: string
  /** With `{name}` for each parameter. */
  readonly path: string
  readonly about: JsonSchema
}

export interface Attempt {
  readonly operation: Operation
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

type Document = Readonly<Record<string, unknown>>

const METHODS = ['get', 'put', 'post', 'patch', 'delete'] as const

export function part(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

export function schemaAt(document: Document, reference: string): JsonSchema {
  const found = reference
    .slice(2)
    .split('/')
    .reduce<unknown>((value, step) => part(value, step.replaceAll('~1', '/').replaceAll('~0', '~')), document)
  if (typeof found !== 'object' || found === null) throw new Error(`${reference} is not in the document`)
  return { ...found }
}

export function operationsOf(document: Document): Operation[] {
  return Object.entries(Object(document['paths'])).flatMap(([path, methods]) =>
    METHODS.flatMap((method) => {
      const about = part(methods, method)
      return about === undefined ? [] : [{ method: method.toUpperCase(), path, about: Object(about) }]
    }),
  )
}

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required: boolean
  readonly schema: unknown
}

function parametersOf(making: Making, { about }: Operation): Parameter[] {
  const given: unknown = about['parameters']
  return (Array.isArray(given) ? given : []).map((entry: unknown) => {
    const reference = part(entry, '$ref')
    const parameter = typeof reference === 'string' ? making.resolve(reference) : entry
    return {
      name: String(part(parameter, 'name')),
      in: String(part(parameter, 'in')),
      required: part(parameter, 'required') === true,
      schema: part(parameter, 'schema'),
    }
  })
}

function textOf(making: Making, parameter: Parameter, about: { readonly wild: boolean; readonly resource: string | undefined }): string {
  const { chance } = making
  if (about.wild && chance.is(0.3)) return chance.pick(HOSTILE_TEXTS)
  if (parameter.in === 'path') return chance.is(0.9) ? idLike(making, about.resource) : chance.pick(HOSTILE_TEXTS)
  const value = fitting(making, parameter.schema)
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** One request to the operation: `wild` ones have something wrong with them, most likely. */
export function attemptAt(making: Making, operation: Operation): Attempt {
  const { chance } = making
  const wild = chance.is(0.6)
  const headers: Record<string, string> = {}
  const query: string[] = []
  let { path } = operation
  for (const parameter of parametersOf(making, operation)) {
    if (!parameter.required && parameter.in !== 'path' && !chance.is(0.3)) continue
    const text = textOf(making, parameter, { wild, resource: operation.path.split('/')[2] })
    if (parameter.in === 'path') path = path.replace(`{${parameter.name}}`, encodeURIComponent(text) || '%20')
    else if (parameter.in === 'query') query.push(`${encodeURIComponent(parameter.name)}=${encodeURIComponent(text)}`)
    else if (parameter.in === 'header' && /^[\x21-\x7e]+$/.test(text)) headers[parameter.name.toLowerCase()] = text
  }
  if (wild && chance.is(0.15)) query.push(chance.pick(ODD_QUERIES))
  const search = query.length === 0 ? '' : `?${query.join('&')}`
  return {
    operation,
    path: path + search,
    headers: { ...headers, ...bodyHeaders(making, operation, wild) },
    ...bodyOf(making, operation, wild),
  }
}

const ODD_QUERIES = [
  'limit=1&limit=2',
  '__proto__=1',
  'constructor[prototype]=1',
  '%',
  '%ff=1',
  'after=AAAA',
  'limit=-1',
  'limit=1e9',
  'x[$gt]=',
  '=',
  'a=%00',
] as const

function bodyHeaders({ chance }: Making, { about }: Operation, wild: boolean): Record<string, string> {
  const types = contentTypesOf(about)
  if (types.length === 0) return wild && chance.is(0.05) ? { 'content-type': 'application/json' } : {}
  return {
    'content-type':
      wild && chance.is(0.1) ? chance.pick(['text/plain', 'application/xml', 'application/json; charset=utf-16', 'a']) : chance.pick(types),
  }
}

function contentTypesOf(about: JsonSchema): string[] {
  return Object.keys(Object(part(about['requestBody'], 'content')))
}

function bodyOf(making: Making, { about }: Operation, wild: boolean): { body?: string } {
  const { chance } = making
  const content: Record<string, unknown> = Object(part(about['requestBody'], 'content'))
  const json = Object.keys(content).find((type) => type.includes('json'))
  if (Object.keys(content).length === 0) return wild && chance.is(0.05) ? { body: '{}' } : {}
  if (json === undefined) return { body: chance.pick(HOSTILE_TEXTS) }
  let value = fitting(making, part(content[json], 'schema'))
  for (let count = wild ? 1 + chance.below(2) : 0; count > 0; count -= 1) value = spoilt(chance, value)
  return { body: wild ? jsonText(chance, value) : JSON.stringify(value) }
}

/** The schema of an answer's JSON body; `undefined` when the status or its content is not declared. */
export function declaredAnswer(
  making: Making,
  { about }: Operation,
  answer: { status: number; type: string },
): { schema: unknown } | undefined {
  let response = part(about['responses'], String(answer.status))
  const reference = part(response, '$ref')
  if (typeof reference === 'string') response = making.resolve(reference)
  if (response === undefined) return undefined
  const content = part(response, 'content')
  if (answer.type === '') return { schema: undefined }
  const media = part(content, answer.type)
  return media === undefined ? undefined : { schema: part(media, 'schema') }
}

export function chooseOperation(chance: Chance, operations: readonly Operation[]): Operation {
  return chance.pick(operations)
}
