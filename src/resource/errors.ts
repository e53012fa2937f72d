// The resource server's error table. Its reasons are exactly those that the contract names.
import { defineErrors, type ErrorEntry } from '#kernel/errors.ts'
import type { ResourceErrorCode } from './contract.ts'

type ReasonOf<Code> = Code extends `resource.${infer Reason}` ? Reason : never

export const resourceErrors = defineErrors('resource', {
  not_found: { status: 404, title: 'No such object' },
  forbidden: { status: 403, title: 'Not allowed' },
  invalid: { status: 422, title: 'The object does not fit its schema' },
  version_conflict: { status: 412, title: 'The object was changed in the meantime' },
  no_index: { status: 400, title: 'No index serves this query' },
  bad_cursor: { status: 400, title: 'The cursor does not belong to this query' },
  duplicate: { status: 409, title: 'Another object has the same value' },
  busy: { status: 503, title: 'Too many change this object at once' },
} satisfies Readonly<Record<ReasonOf<ResourceErrorCode>, ErrorEntry>>)
