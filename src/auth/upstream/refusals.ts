// Why nobody comes in by a provider just now: it is down, its answer cannot be used, or the person has not gone on there.
import * as openid from 'openid-client'
import { OutwardError } from '#kernel/http/outward.ts'
import { z } from '#kernel/schema.ts'
import { authErrors } from '../errors.ts'
import type { Upstream } from './provider.ts'

/** By the person there, of an answer that cannot be used, or of a person who may not come. All but the first member is for the log. */
export interface Refusal {
  readonly refused: 'declined' | 'unusable' | 'refused'
  readonly reason: string
  /** Of the answer of a machine there. */
  readonly status?: number
  readonly err?: Error
}

function statusOf(error: unknown): number | undefined {
  if (error instanceof openid.ResponseBodyError || error instanceof openid.WWWAuthenticateChallengeError) return error.status
  return error instanceof openid.ClientError && error.cause instanceof Response ? error.cause.status : undefined
}

/** The same with what an operator can do about it, where a machine there has refused with one of these. */
export function explained(error: unknown, { statuses, why }: { readonly statuses: readonly number[]; readonly why: string }): unknown {
  if (!(error instanceof openid.ClientError) || !statuses.includes(statusOf(error) ?? 0)) return error
  return new openid.ClientError(`${error.message}: ${why}`, { cause: error.cause })
}

function isUnreachable(error: unknown): boolean {
  if (error instanceof OutwardError) return true
  const status = statusOf(error)
  if (status !== undefined) return status >= 500
  return error instanceof Error && error.cause !== undefined && error.cause !== error && isUnreachable(error.cause)
}

export function unavailable({ name }: Pick<Upstream, 'name'>, cause: unknown): Error {
  return authErrors.upstream_unavailable({ detail: `${name} cannot be reached just now. Please try again, or sign in another way.`, cause })
}

export function refusalOf(upstream: Upstream, error: unknown): Refusal {
  if (error instanceof openid.AuthorizationResponseError)
    return {
      refused: error.error === 'access_denied' || error.error === 'user_cancelled_authorize' ? 'declined' : 'unusable',
      reason: error.error,
    }
  if (isUnreachable(error)) throw unavailable(upstream, error)
  if (!isUnusable(error)) throw error
  const status = statusOf(error)
  return {
    refused: 'unusable',
    reason: error.message,
    ...(status === undefined ? {} : { status }),
    // It may be of ours as well: with the place then.
    ...(error instanceof TypeError ? { err: error } : {}),
  }
}

/** A 401 comes with a challenge (RFC 6749 section 5.2, RFC 6750 section 3), and what is told in an odd form may be no value that a request can carry. */
function isUnusable(error: unknown): error is Error {
  return (
    error instanceof openid.ClientError ||
    error instanceof openid.ResponseBodyError ||
    error instanceof openid.WWWAuthenticateChallengeError ||
    error instanceof z.ZodError ||
    error instanceof TypeError
  )
}
