// The files server's error table. Its reasons are exactly those that the contract names.
import { defineErrors, type ErrorEntry } from '#kernel/errors.ts'
import type { FilesErrorCode } from './contract.ts'

type ReasonOf<Code> = Code extends `files.${infer Reason}` ? Reason : never

export const fileErrors = defineErrors('files', {
  not_found: { status: 404, title: 'No such file' },
  too_large: { status: 413, title: 'The file is too large' },
  unsupported_type: { status: 415, title: 'Files of this type are not accepted here' },
  unknown_bucket: { status: 404, title: 'No such bucket' },
  empty: { status: 422, title: 'The file is empty' },
  damaged: { status: 422, title: 'The file is damaged' },
  in_use: { status: 409, title: 'The file is in use' },
  link_expired: { status: 403, title: 'The link has expired' },
  bad_range: { status: 416, title: 'The file has no such range' },
  storage_full: { status: 507, title: 'There is no room for the file' },
} satisfies Readonly<Record<ReasonOf<FilesErrorCode>, ErrorEntry>>)
