// What `import` and `export` take on the command line beside what every command takes.
import type { ImportOptions } from '../resource/transfer/contract.ts'

export const TRANSFER_OPTIONS = {
  as: { type: 'string' },
  format: { type: 'string' },
  map: { type: 'string', multiple: true },
  constant: { type: 'string', multiple: true },
  'ignore-unknown': { type: 'boolean' },
  'dry-run': { type: 'boolean' },
  delimiter: { type: 'string' },
  'list-separator': { type: 'string' },
  dates: { type: 'string' },
  'decimal-comma': { type: 'boolean' },
  formulas: { type: 'string' },
  encoding: { type: 'string' },
  output: { type: 'string' },
  where: { type: 'string', multiple: true },
} as const

export interface TransferLine {
  readonly as: string | undefined
  readonly output: string | undefined
  /** `field=value`, as often as given. */
  readonly where: readonly string[]
  readonly map: readonly string[]
  readonly constants: readonly string[]
  /** As they were typed; read by the schema of the options. */
  readonly options: Readonly<Record<string, unknown>>
}

interface Typed {
  readonly as?: string | undefined
  readonly output?: string | undefined
  readonly where?: string[] | undefined
  readonly map?: string[] | undefined
  readonly constant?: string[] | undefined
  readonly [option: string]: unknown
}

const NAMES: Readonly<Record<string, keyof ImportOptions>> = {
  format: 'format',
  'ignore-unknown': 'ignoreUnknown',
  'dry-run': 'dryRun',
  delimiter: 'delimiter',
  'list-separator': 'listSeparator',
  dates: 'dates',
  'decimal-comma': 'decimalComma',
  formulas: 'formulas',
  encoding: 'encoding',
}

export function transferLine(values: Typed): TransferLine {
  const given = Object.entries(NAMES).filter(([name]) => values[name] !== undefined)
  return {
    as: values.as,
    output: values.output,
    where: values.where ?? [],
    map: values.map ?? [],
    constants: values.constant ?? [],
    options: Object.fromEntries(given.map(([name, option]) => [option, values[name]])),
  }
}

export const TRANSFER_USAGE = `  --as <address>       with import: whose objects they become; with export: what this person may see (all, unless told)
  --format <name>      with import and export: csv, xml, json or ndjson; with users import: csv, json or ndjson; with
                       users export: ndjson; from the name of the file, unless told
  --map <column=field>, --constant <field=value>, --ignore-unknown, --delimiter <character>,
  --list-separator <text>, --dates <dmy|mdy>, --decimal-comma, --encoding <name>
                       with import: how it reads a file; docs/transfer.md tells of each
  --formulas keep      with import and export: texts that a spreadsheet would run stay as they are
  --dry-run            with import and users import: only say what would be
  --output <file>      with export and users export: where they write; with import and users import: what they reject
  --where <field=value>
                       with export: what it is narrowed to; needs an index, like a list
`
