// JSON schemas as lists of fields that people read.
import { type Html, html } from '#kernel/html.ts'

export type Json = Readonly<Record<string, unknown>>

const MAX_DEPTH = 4

export const recordOf = (value: unknown): Json => Object(value)
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** The last part of `#/components/schemas/Photos`. */
export const refName = (schema: Json): string => textOf(schema['$ref']).split('/').at(-1) ?? ''

export function fieldList(schema: Json, depth = 0): Html {
  const required = listOf(schema['required'])
  const entries = Object.entries(recordOf(schema['properties']))
  return html`<ul class="fields">${entries.map(([name, value]) => fieldItem({ name, schema: recordOf(value), isRequired: required.includes(name), depth }))}</ul>`
}

export interface Field {
  readonly name: string
  readonly schema: Json
  readonly isRequired: boolean
  readonly depth: number
  readonly about?: string
}

export function fieldItem({ name, schema, isRequired, depth, about = textOf(schema['description']) }: Field): Html {
  const inner = innerOf(schema)
  return html`<li>
<div class="head"><span class="name">${name}</span><span class="type">${typeOf(schema)}</span>${isRequired ? html`<span class="need">required</span>` : ''}${
    schema['readOnly'] === true ? html`<span class="only">read-only</span>` : ''
  }</div>
${about === '' ? '' : html`<div class="about">${words(about)}</div>`}
${limitsOf(schema)}
${inner === undefined || depth >= MAX_DEPTH ? '' : fieldList(inner, depth + 1)}
</li>`
}

/** The object whose members are worth listing below: of the field itself, or of its items. */
function innerOf(schema: Json): Json | undefined {
  const candidates = [schema, recordOf(schema['items']), ...listOf(schema['anyOf']).map(recordOf)]
  return candidates.find((one) => Object.keys(recordOf(one['properties'])).length > 0)
}

export function typeOf(schema: Json): Html {
  const name = refName(schema)
  if (name !== '') return html`<a href="#schema-${name}">${name}</a>`
  const choices = listOf(schema['anyOf'] ?? schema['oneOf']).map(recordOf)
  if (choices.length > 0) return joined(choices.map(typeOf), ' or ')
  if (Array.isArray(schema['enum']))
    return joined(
      schema['enum'].map((value) => html`${JSON.stringify(value)}`),
      ' | ',
    )
  if ('const' in schema) return html`${JSON.stringify(schema['const'])}`
  if (schema['type'] === 'array') return html`list of ${typeOf(recordOf(schema['items']))}`
  const format = textOf(schema['format'])
  const type = Array.isArray(schema['type']) ? schema['type'].map(String).join(' or ') : textOf(schema['type'])
  return html`${type === '' ? 'anything' : type}${format === '' ? '' : ` (${format})`}`
}

function joined(parts: readonly Html[], between: string): Html {
  return html`${parts.map((part, index) => (index === 0 ? part : html`${between}${part}`))}`
}

const LIMITS: readonly (readonly [string, string])[] = [
  ['minLength', 'at least %s characters'],
  ['maxLength', 'at most %s characters'],
  ['minimum', 'from %s'],
  ['exclusiveMinimum', 'more than %s'],
  ['maximum', 'up to %s'],
  ['exclusiveMaximum', 'less than %s'],
  ['minItems', 'at least %s items'],
  ['maxItems', 'at most %s items'],
  ['default', '%s unless told'],
]

/** Bounds that only say what a number can be at all are left out. */
function limitsOf(schema: Json): Html | '' {
  const limits = LIMITS.flatMap(([keyword, said]) => {
    const value = schema[keyword]
    if (value === undefined || Math.abs(Number(value)) === Number.MAX_SAFE_INTEGER) return []
    return [said.replace('%s', typeof value === 'string' ? value : JSON.stringify(value))]
  })
  return limits.length === 0 ? '' : html`<div class="about">${limits.join('; ')}</div>`
}

/** Words with `code` in them. */
export function words(said: string): Html {
  return html`${said.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))}`
}
