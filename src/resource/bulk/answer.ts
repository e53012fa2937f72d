// The answer to a bulk request, kept like that of a single write. Without `atomic` every operation keeps its own result in its own commit, so that a
// repetition after a crash goes on where it stopped and does nothing twice.
import type { Call } from '#kernel/call.ts'
import { AppError } from '#kernel/errors.ts'
import { type Problem, problemOf } from '#kernel/http/problem.ts'
import type { Resource } from '../compile.ts'
import type { BulkRequest, BulkResult, ResourceObject } from '../contract.ts'
import { etagOf } from '../etag.ts'
import { keeping, type Once, partOf, type PlainAnswer, type Repetition } from '../idempotency/once.ts'
import { invalid } from '../input.ts'
import type { WriteParts } from '../writing/parts.ts'
import { bulkAtomic, bulkEach, bulkOne, requireBulkSize } from './bulk.ts'

export interface BulkAnswerInput {
  readonly resource: Resource
  readonly request: BulkRequest
  readonly repetition?: Repetition | undefined
}

/** One operation's result as it is sent. */
export interface SentResult {
  readonly status: number
  readonly object?: ResourceObject
  readonly etag?: string
  readonly problem?: Problem
}

/** Characters. A small change of large objects has a large answer, and no database takes a document of any size. */
const MAX_KEPT = 4 * 1024 * 1024

const isKeepable = ({ body = '' }: PlainAnswer): boolean => body.length <= MAX_KEPT

export async function bulkAnswer(
  parts: WriteParts,
  once: Once,
  { call, resource, request, repetition }: BulkAnswerInput & { readonly call: Call },
): Promise<PlainAnswer> {
  requireBulkSize(request)
  const input = { resource, request }
  if (request.atomic === true) {
    if (repetition === undefined) return answerOf(call, await bulkAtomic(parts, call, input))
    return once.run(call, repetition, async () => {
      const beside = async (results: readonly BulkResult[]): Promise<ReturnType<typeof keeping>[]> => {
        const answer = answerOf(call, results)
        if (isKeepable(answer)) return [keeping(repetition, answer, parts.clock.now())]
        throw invalid([{ field: 'operations', message: 'Send fewer: the answer is too long to be kept for a repetition' }])
      }
      return answerOf(call, await bulkAtomic(parts, call, { ...input, beside }))
    })
  }
  if (repetition === undefined) return answerOf(call, await bulkEach(parts, call, input))
  return once.run(call, repetition, async () => {
    const sent = await eachOnce(parts, once, { call, resource, request, repetition })
    const answer = answerWith(sent)
    // The parts are kept, and make the same answer again.
    if (!isKeepable(answer)) return answer
    await parts.repository.commit(call, [keeping(repetition, answer, parts.clock.now())], [])
    return answer
  })
}

async function eachOnce(
  parts: WriteParts,
  once: Once,
  { call, resource, request, repetition }: Required<BulkAnswerInput> & { readonly call: Call; readonly repetition: Repetition },
): Promise<SentResult[]> {
  const sent: SentResult[] = []
  for (const [index, operation] of request.operations.entries()) {
    const part = partOf(repetition, String(index))
    const first = async (): Promise<PlainAnswer> => {
      let kept: PlainAnswer = { status: 200, headers: {} }
      const beside = async (done: BulkResult): Promise<ReturnType<typeof keeping>[]> => {
        kept = { status: 200, headers: {}, body: JSON.stringify(sentOf(call, done)) }
        return [keeping(part, kept, parts.clock.now())]
      }
      const done = await bulkOne(parts, call, { resource, operation, beside })
      if (done.kind === 'refused') throw done.error
      return kept
    }
    sent.push(await once.run(call, part, first).then(parsed, (error: unknown) => sentOf(call, { kind: 'refused', error })))
  }
  return sent
}

function parsed({ body = '{}' }: PlainAnswer): SentResult {
  const result: SentResult = JSON.parse(body)
  return result
}

function answerOf(call: Call, results: readonly BulkResult[]): PlainAnswer {
  return answerWith(results.map((result) => sentOf(call, result)))
}

function answerWith(results: readonly SentResult[]): PlainAnswer {
  return { status: 200, headers: {}, body: JSON.stringify({ results }) }
}

function sentOf({ requestId }: Call, result: BulkResult): SentResult {
  if (result.kind === 'deleted') return { status: 204 }
  if (result.kind === 'refused') {
    const { problem } = problemOf(result.error, requestId)
    return { status: result.error instanceof AppError ? result.error.status : 500, problem }
  }
  const { versioned } = result
  return { status: result.kind === 'created' ? 201 : 200, object: versioned.object, etag: etagOf(versioned) }
}
