// Exports as XML 1.0: an element for each object and each field, one more for each further value of a list. What XML cannot say is JSON in an element that
// says so.
import type { Writer } from './writer.ts'

// XML 1.0 section 2.2 has no other control characters, and section 2.11 makes a line feed of a carriage return.
// oxlint-disable-next-line eslint/no-control-regex -- they are what is looked for
const UNSAYABLE = /[\u0000-\u0008\u000b-\u001f\ufffe\uffff]/
const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

export function xmlWriter(columns: readonly string[], name: string): Writer {
  return {
    begin: `<?xml version="1.0" encoding="UTF-8"?>\n<export resource="${name}">\n`,
    end: '</export>\n',
    object: (object) => `<object>${columns.map((column) => elementsOf(column, object[column])).join('')}</object>\n`,
  }
}

function elementsOf(name: string, value: unknown): string {
  if (value === undefined) return ''
  if (isPlain(value)) return `<${name}>${escaped(String(value))}</${name}>`
  if (Array.isArray(value) && value.length > 0 && value.every(isPlain)) return value.map((item: unknown) => elementsOf(name, item)).join('')
  const json = JSON.stringify(value).replaceAll(/[\ufffe\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`)
  return `<${name} type="json">${escaped(json)}</${name}>`
}

function isPlain(value: unknown): value is string | number | boolean {
  if (typeof value === 'string') return value !== '' && !UNSAYABLE.test(value)
  return typeof value === 'number' || typeof value === 'boolean'
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>]/g, (character) => ESCAPES[character] ?? character)
}
