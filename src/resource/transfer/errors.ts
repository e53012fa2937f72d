// The error table of imports and exports.
import { defineErrors } from '#kernel/errors.ts'

export const transferErrors = defineErrors('transfer', {
  not_found: { status: 404, title: 'No such import' },
  bad_file: { status: 422, title: 'The file cannot be imported' },
  bad_options: { status: 422, title: 'The import cannot be done in this way' },
  bad_address: { status: 422, title: 'The address cannot be fetched' },
  too_large: { status: 413, title: 'The file is too large' },
  too_many: { status: 429, title: 'Too many imports at once' },
  unknown_format: { status: 415, title: 'The format is not known' },
  storage_full: { status: 507, title: 'There is no room for the file' },
})
