// Exports as JSON, one array, and as NDJSON, one object a line.
import type { ResourceObject } from '../../contract.ts'
import type { Writer } from './writer.ts'

export function jsonWriter(columns: readonly string[]): Writer {
  return { begin: '[', end: '\n]\n', object: (object, isFirst) => `${isFirst ? '\n' : ',\n'}${textOf(object, columns)}` }
}

export function ndjsonWriter(columns: readonly string[]): Writer {
  return { begin: '', end: '', object: (object) => `${textOf(object, columns)}\n` }
}

function textOf(object: ResourceObject, columns: readonly string[]): string {
  return JSON.stringify(Object.fromEntries(columns.flatMap((column) => (object[column] === undefined ? [] : [[column, object[column]]]))))
}
