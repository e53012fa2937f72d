// Errors over HTTP: problem details (RFC 9457), with the request id that ties the answer to the log.
import { AppError, defineErrors } from '../errors.ts'

export const httpErrors = defineErrors('http', {
  bad_request: { status: 400, title: 'The request is malformed' },
  invalid: { status: 422, title: 'The request does not fit its schema' },
  unauthenticated: { status: 401, title: 'Sign in first' },
  invalid_token: { status: 401, title: 'The access token is not valid' },
  invalid_proof: { status: 401, title: 'The proof of possession is not valid' },
  insufficient_authentication: { status: 401, title: 'This needs a fresh or a stronger sign-in' },
  forbidden: { status: 403, title: 'Not allowed' },
  insufficient_scope: { status: 403, title: 'The access token lacks a scope' },
  csrf: { status: 403, title: 'The request did not prove that it comes from this site' },
  not_found: { status: 404, title: 'Nothing here' },
  method_not_allowed: { status: 405, title: 'This method is not offered here' },
  timeout: { status: 408, title: 'The request came too slowly' },
  length_required: { status: 411, title: 'The length of the body must be given' },
  too_large: { status: 413, title: 'The request body is too large' },
  uri_too_long: { status: 414, title: 'The address is too long' },
  unsupported_media_type: { status: 415, title: 'This content type is not accepted here' },
  misdirected: { status: 421, title: 'This server does not answer for that host' },
  expectation_failed: { status: 417, title: 'This expectation is not met here' },
  upgrade_required: { status: 426, title: 'This address speaks WebSocket only' },
  too_many_requests: { status: 429, title: 'Too many requests' },
  headers_too_large: { status: 431, title: 'The request headers are too large' },
  internal: { status: 500, title: 'Something went wrong on our side' },
  not_implemented: { status: 501, title: 'This method is not known' },
  unavailable: { status: 503, title: 'Not available just now' },
})

export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: string
  readonly detail?: string
  readonly requestId: string
  readonly errors?: readonly { readonly field: string; readonly message: string }[]
}

/** The public face of an error. What is not an `AppError` tells the client nothing but the request id. */
export function problemOf(error: unknown, requestId: string): { problem: Problem; headers: Readonly<Record<string, string>> } {
  const known = error instanceof AppError ? error : httpErrors.internal({ cause: error })
  return {
    headers: known.headers ?? {},
    problem: {
      type: `urn:ninefold:error:${known.code}`,
      title: known.title,
      status: known.status,
      code: known.code,
      requestId,
      ...(known.detail === undefined ? {} : { detail: known.detail }),
      ...(known.fields === undefined ? {} : { errors: known.fields }),
    },
  }
}
