// Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): a write and its answer are one commit, so that a request which is sent again, after
// whatever went wrong, finds either nothing or the whole of it. Refusals are not kept: they have changed nothing and are decided again.
import type { Call } from '#kernel/call.ts'
import { insertInto, type Operation } from '#kernel/collection.ts'
import { httpErrors } from '#kernel/http/problem.ts'
import { sha256 } from '#kernel/keyring.ts'
import { resourceErrors } from '../errors.ts'
import type { WriteParts } from '../writing/parts.ts'
import { type KeptAnswer, keptAnswers } from './schemas.ts'

const KEPT_MS = 24 * 60 * 60 * 1000

/** An answer as it goes out: `body` is JSON text. */
export type PlainAnswer = Pick<KeptAnswer, 'status' | 'headers' | 'body'>

/** What a request is known by. */
export interface RequestKey {
  readonly key: string
  /** Method and path. */
  readonly target: string
  /** All else that decides what the request does. */
  readonly content: unknown
}

export interface Repetition {
  readonly id: string
  readonly fingerprint: string
}

/** Throws for callers that nobody could tell from each other. */
export function repetitionOf({ principal }: Call, { key, target, content }: RequestKey): Repetition {
  if (principal.kind !== 'user') throw httpErrors.bad_request({ detail: 'An Idempotency-Key needs a caller who is signed in.' })
  return {
    id: sha256(JSON.stringify([principal.accountId, principal.clientId, target, key])),
    fingerprint: sha256(JSON.stringify(content) ?? ''),
  }
}

/** One step of a request with many. */
export function partOf({ id, fingerprint }: Repetition, part: string): Repetition {
  return { id: sha256(`${id}/${part}`), fingerprint }
}

/** The operation that keeps the answer, for the commit of the write. */
export function keeping({ id, fingerprint }: Repetition, answer: PlainAnswer, now: number): Operation {
  return insertInto(keptAnswers, { id, fingerprint, ...answer, expiresAt: now + KEPT_MS })
}

export interface Once {
  /** Runs it, or gives the answer that it gave before. In this process, repetitions wait for the one that is under way. */
  run(call: Call, repetition: Repetition, first: () => Promise<PlainAnswer>): Promise<PlainAnswer>
}

export function createOnce({ repository }: Pick<WriteParts, 'repository'>): Once {
  const underWay = new Map<string, Promise<unknown>>()
  const kept = async (call: Call, { id, fingerprint }: Repetition): Promise<PlainAnswer | undefined> => {
    const found = await repository.answers.get(call, id)
    if (found === undefined) return undefined
    if (found.value.fingerprint !== fingerprint)
      throw resourceErrors.key_reused({ detail: 'A new request needs a new key; a repetition must be the same in every part.' })
    const { status, headers, body } = found.value
    return body === undefined ? { status, headers } : { status, headers, body }
  }
  const attempt = async (call: Call, repetition: Repetition, first: () => Promise<PlainAnswer>): Promise<PlainAnswer> => {
    const known = await kept(call, repetition)
    if (known !== undefined) return known
    try {
      return await first()
    } catch (error) {
      // Another process may have been faster: then this one was refused by what that one had stored.
      const theirs = await kept(call, repetition)
      if (theirs !== undefined) return theirs
      throw error
    }
  }
  return {
    async run(call, repetition, first) {
      const { id } = repetition
      const before = underWay.get(id) ?? Promise.resolve()
      const mine = before.then(() => attempt(call, repetition, first))
      const settled = mine.catch(() => undefined)
      underWay.set(id, settled)
      try {
        return await mine
      } finally {
        if (underWay.get(id) === settled) underWay.delete(id)
      }
    },
  }
}
