// What a file is: by what the person says, else by its media type.
import { transferErrors } from '../errors.ts'
import { formatOfType } from '../fetch/pages.ts'
import type { ImportFormat, ImportOptions } from '../schemas.ts'
import type { Examined } from './examine.ts'
import type { ImportChange } from './repository.ts'
import { type Encoding, encodingNamed } from './text.ts'

const CHARSET = /;\s*charset\s*=\s*"?([\w.:-]{1,40})"?/i

export function formatFor(options: ImportOptions, contentType: string): { format: ImportFormat; encoding: Encoding | undefined } {
  const format = options.format ?? formatOfType(contentType)
  if (format === undefined) {
    throw transferErrors.unknown_format({
      detail: 'Send text/csv, application/xml, application/json or application/x-ndjson, or say which with "format".',
    })
  }
  const label = CHARSET.exec(contentType)?.[1]
  return { format, encoding: options.encoding ?? (label === undefined ? undefined : encodingNamed(label)) }
}

export function shapeChange({ format, delimiter, columns, start }: Examined): ImportChange {
  return {
    format,
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(columns === undefined ? {} : { columns: [...columns] }),
    offset: start.offset,
    line: start.line,
    context: start.context,
  }
}
