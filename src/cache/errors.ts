// The cache's error table.
import { defineErrors } from '#kernel/errors.ts'

export const cacheErrors = defineErrors('cache', {
  too_large: { status: 500, title: 'The value is too large for the cache' },
  not_a_number: { status: 500, title: 'The value is not a number' },
})
