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
  in_use: { status: 409, title: 'Other objects refer to this one' },
  bulk_refused: { status: 422, title: 'Some of the operations cannot be done; none was' },
  key_reused: { status: 422, title: 'This Idempotency-Key was used for another request' },
  hook_timeout: { status: 503, title: 'A check of the app took too long' },
  busy: { status: 503, title: 'Too many change this object at once' },
} satisfies Readonly<Record<ReasonOf<ResourceErrorCode>, ErrorEntry>>)
