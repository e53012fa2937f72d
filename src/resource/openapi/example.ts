// Example values, made from JSON schemas. One is only shown when the schema itself takes it.
import type { Schema } from '#kernel/schema.ts'
import type { Part } from './parts.ts'

/** Of an object, a file or an account. */
export const EXAMPLE_ID = '01k4x9w2c7q8m3t5v6y0z1a2b3'
const TEXTS = ['Evening by the sea', EXAMPLE_ID, 'evening-by-the-sea', 'sea', 'a', '42', '#a1b2c3', 'ABC-123', '+41445550123']
const FORMATS: Readonly<Record<string, string>> = {
  date: '2026-11-23',
  'date-time': '2026-11-23T18:30:00Z',
  time: '18:30:00',
  email: 'ada@example.com',
  uri: 'https://example.com/',
  uuid: '0b7a4c1e-5f2d-4b8a-9c3e-2f1d0a9b8c7d',
  ipv4: '192.0.2.7',
  ipv6: '2001:db8::7',
}

/** An example that the schema accepts, or nothing. */
export function exampleFor(schema: Schema, json: Part): unknown {
  const example = exampleOf(json)
  return schema.safeParse(example).success ? example : undefined
}

export function exampleOf(json: Part): unknown {
  // What it refers to is shown where that is; inside of itself it would not end.
  if ('$ref' in json) return undefined
  if ('const' in json) return json['const']
  if (json['default'] !== undefined) return json['default']
  const choice = chosen(json['enum'])
  if (choice !== undefined) return choice
  const branch = chosen(json['anyOf'] ?? json['oneOf'])
  return branch === undefined ? typedExample(json) : exampleOf(Object(branch))
}

const chosen = (choices: unknown): unknown => (Array.isArray(choices) ? choices[0] : undefined)

function typedExample(json: Part): unknown {
  switch (json['type']) {
    case 'object':
      return objectExample(json)
    case 'array':
      return json['minItems'] === 0 ? [] : [exampleOf(Object(json['items']))]
    case 'string':
      return textExample(json)
    case 'boolean':
      return true
    case 'integer':
    case 'number':
      return numberExample(json)
    default:
      return null
  }
}

function objectExample(json: Part): object {
  const properties: Readonly<Record<string, Part>> = Object(json['properties'])
  const members = Object.entries(properties).map(([name, schema]) => [name, exampleOf(schema)] as const)
  return Object.fromEntries(members.filter(([, value]) => value !== undefined))
}

function textExample(json: Part): string {
  const [format, pattern, least, most] = [
    json['format'],
    json['pattern'],
    Number(json['minLength'] ?? 0),
    Number(json['maxLength'] ?? 1000),
  ]
  const known = typeof format === 'string' ? FORMATS[format] : undefined
  if (known !== undefined) return known
  const fits = (text: string): boolean =>
    text.length >= least && text.length <= most && (typeof pattern !== 'string' || matches(pattern, text))
  return TEXTS.find(fits) ?? 'x'.repeat(Math.max(1, Math.min(least, 64)))
}

// A pattern of the app may be one that only its own flags make valid.
function matches(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern).test(text)
  } catch {
    return false
  }
}

function numberExample(json: Part): number {
  const [least, most] = [json['minimum'] ?? json['exclusiveMinimum'], json['maximum'] ?? json['exclusiveMaximum']]
  if (typeof least === 'number' && least > 3) return least + (json['minimum'] === undefined ? 1 : 0)
  return typeof most === 'number' && most < 3 ? most - (json['maximum'] === undefined ? 1 : 0) : 3
}
