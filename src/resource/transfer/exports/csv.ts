// Exports as CSV: a line for each object, lists and objects within it as JSON. An empty cell is no value; an empty text is marked.
import { csvLine } from '../formats/csv-line.ts'
import { withGuard } from '../formats/formula-guard.ts'
import type { Writer } from './writer.ts'

export function csvWriter(columns: readonly string[], isGuarded: boolean): Writer {
  const cellOf = (value: unknown): string => {
    if (value === undefined || value === null) return ''
    if (typeof value === 'string') return isGuarded ? withGuard(value) : value
    return JSON.stringify(value)
  }
  return { begin: csvLine(columns), end: '', object: (object) => csvLine(columns.map((column) => cellOf(object[column]))) }
}
