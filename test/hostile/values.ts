// Values from a JSON schema: mostly fitting, and then spoilt on purpose.
import type { Chance } from './chance.ts'

export type JsonSchema = Readonly<Record<string, unknown>>

export interface Making {
  readonly chance: Chance
  /** Follows `#/components/...`. */
  resolve(reference: string): JsonSchema
  /** Ids that exist, of one resource or of all, somebody else's among them. */
  ids(resource?: string): readonly string[]
}

export const HOSTILE_TEXTS: readonly string[] = [
  '',
  ' ',
  "' OR '1'='1",
  "'; DROP TABLE resource_photos; --",
  '" OR ""="',
  '{"$gt":""}',
  '$where',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'toString',
  '../../../etc/passwd',
  '..%2f..%2f',
  '<script>alert(1)</script>',
  '${7*7}',
  '{{7*7}}',
  '\u202Egnp.exe',
  'a\u0301\u0302\u0303',
  '\uFEFF',
  '\u{1F600}'.repeat(50),
  'x'.repeat(5000),
  '%00',
  'null',
  'undefined',
  'NaN',
  '-0',
  '1e400',
  '9007199254740993',
  '0x10',
  'true',
  '\r\nSet-Cookie: a=b',
  '(((((((((((((((((((((((a',
  '%s%n%x',
  'now()',
]

const HOSTILE_NUMBERS: readonly number[] = [0, -1, 1, 2 ** 31, 2 ** 53, -(2 ** 53) - 2, 1e308, -1e308, 0.1, 1e-320]
const DEEP = 40
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'.split('')

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** A value that the schema most likely takes. */
export function fitting(making: Making, given: unknown, depth = 0): unknown {
  const { chance } = making
  const schema = isObject(given) ? given : {}
  if (typeof schema['$ref'] === 'string') return fitting(making, making.resolve(schema['$ref']), depth + 1)
  if ('const' in schema) return schema['const']
  const choices = [...list(schema['anyOf']), ...list(schema['oneOf'])]
  if (Array.isArray(schema['enum'])) return chance.pick(schema['enum'])
  if (choices.length > 0) return fitting(making, chance.pick(choices), depth + 1)
  if (Array.isArray(schema['allOf'])) return Object.assign({}, ...schema['allOf'].map((part: unknown) => fitting(making, part, depth + 1)))
  const type = Array.isArray(schema['type']) ? chance.pick(schema['type']) : schema['type']
  if (type === 'object' || isObject(schema['properties'])) return fittingObject(making, schema, depth)
  if (type === 'array') return fittingArray(making, schema, depth)
  return fittingScalar(making, schema, type)
}

function fittingObject(making: Making, schema: JsonSchema, depth: number): Record<string, unknown> {
  const required = list(schema['required'])
  const made: Record<string, unknown> = {}
  for (const [name, part] of Object.entries(isObject(schema['properties']) ? schema['properties'] : {})) {
    if (required.includes(name) || (depth < 6 && making.chance.is(0.6))) made[name] = fitting(making, part, depth + 1)
  }
  return made
}

function fittingArray(making: Making, schema: JsonSchema, depth: number): unknown[] {
  const least = Number(schema['minItems'] ?? 0)
  const length = depth > 6 ? least : least + making.chance.below(4)
  return Array.from({ length }, () => fitting(making, schema['items'] ?? {}, depth + 1))
}

function fittingScalar({ chance, ids }: Making, schema: JsonSchema, type: unknown): unknown {
  if (type === 'boolean') return chance.is(0.5)
  if (type === 'null') return null
  if (type === 'integer' || type === 'number') {
    const [low, high] = [Number(schema['minimum'] ?? -1000), Number(schema['maximum'] ?? 1000)]
    const value = low + chance.next() * (Math.min(high, low + 1e6) - low)
    return type === 'integer' ? Math.floor(value) : value
  }
  if (schema['format'] === 'date') return `20${10 + chance.below(20)}-0${1 + chance.below(9)}-1${chance.below(9)}`
  if (schema['format'] === 'date-time') return new Date(1_600_000_000_000 + chance.below(1e9)).toISOString()
  if (schema['format'] === 'uri') return 'https://example.com/a'
  if (typeof schema['pattern'] === 'string') return idLike({ chance, ids })
  const most = Math.min(Number(schema['maxLength'] ?? 40), 300)
  const length = Number(schema['minLength'] ?? 0) + chance.below(Math.max(1, most - Number(schema['minLength'] ?? 0)))
  return Array.from({ length }, () => chance.pick(['a', 'b', ' ', '\u00e9', '0', '-', '\u4e2d'])).join('')
}

export function idLike({ chance, ids }: Pick<Making, 'chance' | 'ids'>, resource?: string): string {
  const known = ids(resource)
  if (known.length > 0 && chance.is(0.7)) return chance.pick(known)
  return Array.from({ length: 26 }, () => chance.pick(ALPHABET)).join('')
}

/** Anything at all. */
export function arbitrary(chance: Chance, depth = 0): unknown {
  const kind = chance.below(depth > 4 ? 5 : 8)
  if (kind === 0) return null
  if (kind === 1) return chance.is(0.5)
  if (kind === 2) return chance.pick(HOSTILE_NUMBERS)
  if (kind <= 4) return chance.pick(HOSTILE_TEXTS)
  if (kind === 5) return Array.from({ length: chance.below(5) }, () => arbitrary(chance, depth + 1))
  if (kind === 6) return { [chance.pick(['$gt', '$ne', '$where', '$set', 'a.b', '$regex'])]: arbitrary(chance, depth + 1) }
  return Object.fromEntries(Array.from({ length: chance.below(5) }, () => [chance.pick(HOSTILE_TEXTS), arbitrary(chance, depth + 1)]))
}

/** The value with one part replaced, added or removed. */
export function spoilt(chance: Chance, value: unknown): unknown {
  if (Array.isArray(value) && value.length > 0 && chance.is(0.7)) {
    const at = chance.below(value.length)
    return value.map((item: unknown, index) => (index === at ? spoilt(chance, item) : item))
  }
  if (!isObject(value)) return arbitrary(chance)
  const names = Object.keys(value)
  const choice = chance.below(5)
  if (choice === 0 || names.length === 0) return { ...value, [chance.pick(EXTRA_NAMES)]: arbitrary(chance) }
  const name = chance.pick(names)
  if (choice === 1) return Object.fromEntries(Object.entries(value).filter(([key]) => key !== name))
  return { ...value, [name]: choice === 2 ? arbitrary(chance) : spoilt(chance, value[name]) }
}

const EXTRA_NAMES = [
  'id',
  'ownerId',
  'createdAt',
  'isAdmin',
  'roles',
  'constructor',
  'version',
  '$set',
  'unknown',
  '_version',
  'etag',
] as const

/** JSON text, now and then such as no serialiser would write. */
export function jsonText(chance: Chance, value: unknown): string {
  const text = JSON.stringify(value) ?? 'null'
  switch (chance.below(30)) {
    case 0:
      return text.slice(0, chance.below(text.length + 1))
    case 1:
      return `{"__proto__":{"isAdmin":true},"a":${text}}`
    case 2:
      return text.startsWith('{"') ? text.replace('{', '{"text":"one","text":"two",') : text
    case 3:
      return '['.repeat(DEEP) + ']'.repeat(DEEP)
    case 4:
      return text.replace(/"[^"]{0,20}"(?=[,}])/, '"\\ud800"')
    case 5:
      return text.replace(/"[^"]{0,20}"(?=[,}])/, '"\\u0000"')
    case 6:
      return text.replace(/:[^,}]*/, ':1e999')
    case 7:
      return `{"a":"${'x'.repeat(300_000)}"}`
    case 8:
      return `\uFEFF${text}`
    default:
      return text
  }
}
