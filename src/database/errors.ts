// The database's error table.
import { defineErrors } from '#kernel/errors.ts'

export const databaseErrors = defineErrors('database', {
  conflict: { status: 409, title: 'The document was changed by somebody else' },
  duplicate: { status: 409, title: 'The value is taken' },
  unavailable: { status: 503, title: 'The database cannot answer now' },
  bad_query: { status: 400, title: 'The query cannot be answered' },
  bad_document: { status: 500, title: 'A document does not match its schema' },
})
