// Text to what a field holds, by the JSON schema of the field. What cannot be meant is refused in words; the field's own schema decides the rest.
import { parseJson } from '#kernel/http/body.ts'
import { z } from '#kernel/schema.ts'
import { isoDate, isoDateTime } from './dates.ts'

/** How the file writes what JSON has types for. */
export interface TextHabits {
  /** Between the values of a list in one cell. */
  readonly listSeparator: string
  /** Of dates whose parts are joined by "/" or "-" with the year at the end. */
  readonly dates: 'dmy' | 'mdy' | undefined
  readonly decimalComma: boolean
}

/** The part of a JSON schema that text can be read by. */
const fieldSchema = z.object({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  format: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  items: z.unknown().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
})
type FieldSchema = z.infer<typeof fieldSchema>

export class CoercionProblem extends Error {
  override readonly name = 'CoercionProblem'
}

export type Coerce = (value: unknown) => unknown

const TRUE = new Set(['true', 'yes', 'y', '1', 'on'])
const FALSE = new Set(['false', 'no', 'n', '0', 'off'])
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$/
const WHOLE = /^[+-]?\d+$/

/** Made once for each field. `inCell`: a list is in one cell, as JSON or with separators; else it is a list already. */
export function coercionFor(schema: unknown, habits: TextHabits, inCell: boolean): Coerce {
  const node = fieldSchema.safeParse(schema).data ?? {}
  const choices = choicesOf(node)
  if (choices.length > 0) return firstThatFits(choices.map((choice) => coercionFor(choice, habits, inCell)))
  const values = node.enum ?? ('const' in node && node.const !== undefined ? [node.const] : undefined)
  if (values !== undefined) return oneOf(values)
  const text = textCoercion(node, habits)
  if (text !== undefined) return onText(text)
  if (node.type === 'array') return listCoercion(coercionFor(node.items, habits, inCell), habits, inCell)
  if (node.type === 'object') return objectCoercion(node, habits, inCell)
  if (node.type === 'null') return onText(nothing)
  return (value) => value
}

/** Numbers and booleans are tried before text, since any of them is text too. */
function choicesOf({ anyOf, type }: FieldSchema): unknown[] {
  const choices = anyOf ?? (Array.isArray(type) ? type.map((name) => ({ type: name })) : [])
  const typeOf = (choice: unknown): unknown => fieldSchema.safeParse(choice).data?.type
  const texts = choices.filter((choice) => typeOf(choice) === 'string')
  // Where text may be, the word "null" is a text.
  return [...choices.filter((choice) => typeOf(choice) !== 'string' && (texts.length === 0 || typeOf(choice) !== 'null')), ...texts]
}

function textCoercion({ type, format }: FieldSchema, habits: TextHabits): ((text: string) => unknown) | undefined {
  if (type === 'number' || type === 'integer') return (text) => numberOf(text, habits.decimalComma)
  if (type === 'boolean') return booleanOf
  if (type !== 'string') return undefined
  if (format === 'date') return (text) => isoDate(text, habits.dates) ?? fail('Not a date that can be understood; write it as 2026-12-31')
  if (format === 'date-time')
    return (text) => isoDateTime(text, habits.dates) ?? fail('Not a date and time that can be understood; write it as 2026-12-31T10:00:00Z')
  return (text) => text
}

function onText(coerce: (text: string) => unknown): Coerce {
  return (value) => (typeof value === 'string' ? coerce(value) : value)
}

function fail(message: string): never {
  throw new CoercionProblem(message)
}

function nothing(text: string): null {
  return text === '' || text === 'null' ? null : fail('Not empty')
}

function numberOf(text: string, decimalComma: boolean): number {
  const plain = decimalComma ? text.trim().replace(',', '.') : text.trim()
  if (!NUMBER.test(plain)) return fail('Not a number')
  const value = Number(plain)
  if (!Number.isFinite(value)) return fail('Not a number')
  return WHOLE.test(plain) && !Number.isSafeInteger(value) ? fail('The number has more digits than can be kept') : value
}

function booleanOf(text: string): boolean {
  const word = text.trim().toLowerCase()
  if (TRUE.has(word)) return true
  return FALSE.has(word) ? false : fail('Not yes or no; write true or false')
}

function oneOf(values: readonly unknown[]): Coerce {
  const known = new Map(values.map((value) => [String(value), value]))
  // What is none of them goes on as it is: the schema names those that are.
  return onText((text) => (known.has(text) ? known.get(text) : known.has(text.trim()) ? known.get(text.trim()) : text))
}

function firstThatFits(coercions: readonly Coerce[]): Coerce {
  return (value) => {
    let problem: unknown
    for (const coerce of coercions) {
      try {
        return coerce(value)
      } catch (error) {
        problem ??= error
      }
    }
    throw problem
  }
}

function listCoercion(item: Coerce, { listSeparator }: TextHabits, inCell: boolean): Coerce {
  return (value) => {
    if (Array.isArray(value)) return value.map((entry: unknown) => item(entry))
    if (typeof value !== 'string' || !inCell) return [item(value)]
    if (value.trimStart().startsWith('[')) return jsonOf(value)
    return value.split(listSeparator).map((entry) => item(entry.trim()))
  }
}

function objectCoercion({ properties = {} }: FieldSchema, habits: TextHabits, inCell: boolean): Coerce {
  const members = new Map(Object.entries(properties).map(([name, schema]) => [name, coercionFor(schema, habits, inCell)]))
  return (value) => {
    if (typeof value === 'string') return jsonOf(value)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, members.get(name)?.(member) ?? member]))
  }
}

function jsonOf(text: string): unknown {
  try {
    // As strict as a body of the API: not deep, no name twice.
    return parseJson(Buffer.from(text))
  } catch {
    return fail('Not JSON')
  }
}
