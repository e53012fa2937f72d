// Columns to fields: which column is which field, what is constant, what is passed over, and text to values by the schema.
import type { FieldProblem } from '#kernel/schema.ts'
import { jsonSchemaOf, type Resource } from '../../compile.ts'
import { PLATFORM_FIELDS } from '../../schemas.ts'
import type { Cells } from '../formats/parsed.ts'
import type { ImportFormat, ImportOptions } from '../schemas.ts'
import { withoutGuard } from '../formats/formula-guard.ts'
import { type Coerce, CoercionProblem, coercionFor } from './coerce.ts'

export interface RowProblem {
  readonly field: string
  readonly reason: string
  readonly value?: unknown
}

export interface Mapper {
  /** What is wrong with what was asked for, whatever is in the file. */
  optionProblems(): FieldProblem[]
  /** What is wrong with the columns of a file that names them once, before any row is read. */
  columnProblems(columns: readonly string[]): FieldProblem[]
  /** What a client would send to create the object, or why nobody could. */
  inputOf(
    cells: Cells,
    empties?: ReadonlySet<string>,
  ): { readonly input: Record<string, unknown> } | { readonly problems: readonly RowProblem[] }
}

/** Columns that the report of rejected rows adds. They are passed over, so that a corrected report can be imported as it is. */
export const REPORT_PREFIX = 'ninefold_'
/** Of a report: a row that could not be read. */
export const RAW_COLUMN = `${REPORT_PREFIX}raw`
const STILL_RAW = 'The row is as it could not be read. Write its values into their columns, and leave this one empty'

interface Target {
  readonly field: string
  readonly optional: boolean
  readonly nullable: boolean
  readonly coerce: Coerce
}

export function createMapper(resource: Resource, options: ImportOptions, format: ImportFormat): Mapper {
  const targets = targetsOf(resource, options, format)
  const passedOver = passedOverIn(resource)
  const renamed = new Map(Object.entries(options.map ?? {}))
  const constants = Object.entries(options.constants ?? {})
  const hasTypes = format === 'json' || format === 'ndjson'
  const isGuarded = format === 'csv' && options.formulas !== 'keep'

  const fieldOf = (column: string): string | undefined => {
    const field = renamed.get(column) ?? column
    return field === '' || passedOver.has(field) || field.startsWith(REPORT_PREFIX) ? undefined : field
  }
  const isPassedOver = (column: string): boolean => {
    const field = fieldOf(column)
    return field === undefined || (options.ignoreUnknown === true && !targets.has(field))
  }

  return {
    optionProblems: () => optionProblems({ targets, passedOver, renamed, constants }),

    columnProblems(columns) {
      const problems: FieldProblem[] = []
      for (const column of renamed.keys())
        if (!columns.includes(column)) problems.push({ field: column, message: 'The file has no such column' })
      const taken = new Set(constants.map(([field]) => field))
      for (const column of columns) {
        if (isPassedOver(column)) continue
        const field = fieldOf(column) ?? ''
        if (!targets.has(field))
          problems.push({ field: column, message: `Unknown column: map it to a field, or ask for unknown columns to be ignored` })
        else if (taken.has(field)) problems.push({ field: column, message: `The field ${field} is given twice` })
        taken.add(field)
      }
      return problems
    },

    inputOf(cells, empties) {
      const input: Record<string, unknown> = Object.fromEntries(constants)
      const problems: RowProblem[] = []
      if ((cells[RAW_COLUMN] ?? '') !== '') problems.push({ field: RAW_COLUMN, reason: STILL_RAW })
      for (const column of Object.keys(cells)) {
        if (isPassedOver(column)) continue
        const field = fieldOf(column) ?? ''
        const value = isGuarded ? withoutGuard(cells[column]) : { value: cells[column], isText: hasTypes || empties?.has(column) === true }
        const target = targets.get(field)
        if (target === undefined) problems.push({ field: column, reason: 'Unknown column', value: cells[column] })
        else if (Object.hasOwn(input, field)) problems.push({ field, reason: 'The field is given twice', value: cells[column] })
        else place(input, problems, { target, ...value })
      }
      return problems.length > 0 ? { problems } : { input }
    },
  }
}

interface Plan {
  readonly targets: ReadonlyMap<string, Target>
  readonly passedOver: ReadonlySet<string>
  readonly renamed: ReadonlyMap<string, string>
  readonly constants: readonly (readonly [string, unknown])[]
}

function optionProblems({ targets, passedOver, renamed, constants }: Plan): FieldProblem[] {
  const isSettable = (field: string): boolean => targets.has(field) && !passedOver.has(field)
  const given = new Set(constants.map(([field]) => field))
  const unset = constants
    .filter(([field]) => !isSettable(field))
    .map(([field]) => ({ field: `constants.${field}`, message: 'No field that can be set' }))
  const unmapped = [...renamed]
    .filter(([, field]) => field !== '' && (!isSettable(field) || given.has(field)))
    .map(([column, field]) => ({
      field: `map.${column}`,
      message: given.has(field) ? `${field} is a constant` : `${field} is no field that can be set`,
    }))
  return [...unset, ...unmapped]
}

interface Placed {
  readonly target: Target
  readonly value: unknown
  /** The file says that this is a text, even if it is empty. */
  readonly isText: boolean
}

function place(input: Record<string, unknown>, problems: RowProblem[], { target, value, isText }: Placed): void {
  const { field, optional, nullable, coerce } = target
  const isEmpty = value === '' && !isText
  if (value === undefined || (isEmpty && optional) || (value === null && optional && !nullable)) return
  if (isEmpty && nullable) {
    input[field] = null
    return
  }
  try {
    input[field] = coerce(value)
  } catch (error) {
    if (!(error instanceof CoercionProblem)) throw error
    problems.push({ field, reason: error.message, value })
  }
}

function targetsOf(resource: Resource, options: ImportOptions, format: ImportFormat): Map<string, Target> {
  const { properties } = jsonSchemaOf(resource.definition.schema, 'input')
  const schemas = new Map(Object.entries(typeof properties === 'object' && properties !== null ? properties : {}))
  const habits = { listSeparator: options.listSeparator ?? ';', dates: options.dates, decimalComma: options.decimalComma === true }
  const hasTypes = format === 'json' || format === 'ndjson'
  const entries = [...resource.fields.values()].map(({ name, optional, nullable }) => {
    const coerce: Coerce = hasTypes ? (value) => value : coercionFor(schemas.get(name), habits, format === 'csv')
    return [name, { field: name, optional, nullable, coerce }] as const
  })
  return new Map(entries)
}

/** What nobody may write and every export shows. */
function passedOverIn({ files, computed, fields }: Resource): ReadonlySet<string> {
  const readOnly = [...fields.values()].filter((field) => field.readOnly).map(({ name }) => name)
  return new Set([...PLATFORM_FIELDS, 'etag', ...files.map(({ urlField }) => urlField), ...computed.map(([name]) => name), ...readOnly])
}
