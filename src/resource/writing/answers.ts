// Writes from request to answer. With a repetition each is done once, whatever happens to the connection in between.
import type { Call } from '#kernel/call.ts'
import { type BulkAnswerInput, bulkAnswer } from '../bulk/answer.ts'
import type { Versioned } from '../contract.ts'
import { etagOf } from '../etag.ts'
import { createOnce, keeping, type PlainAnswer, type Repetition } from '../idempotency/once.ts'
import type { Planner, PlannedWrite, WriteParts } from './parts.ts'
import { shown } from './shown.ts'
import { type Beside, perform } from './store.ts'

export interface WriteRequest {
  readonly plan: Planner
  readonly repetition?: Repetition | undefined
}

export interface Answers {
  one(call: Call, request: WriteRequest): Promise<PlainAnswer>
  bulk(call: Call, request: BulkAnswerInput): Promise<PlainAnswer>
}

export function createAnswers(parts: WriteParts): Answers {
  const once = createOnce(parts)
  return {
    async one(call, { plan, repetition }) {
      if (repetition === undefined) return answerOf(parts, call, await perform(parts, call, { plan }))
      return once.run(call, repetition, async () => {
        let answer: PlainAnswer = { status: 204, headers: {} }
        const beside: Beside = async (planned) => {
          answer = await answerOf(parts, call, planned)
          return [keeping(repetition, answer, parts.clock.now())]
        }
        await perform(parts, call, { plan, beside })
        return answer
      })
    },
    bulk: (call, request) => bulkAnswer(parts, once, { call, ...request }),
  }
}

async function answerOf(parts: WriteParts, call: Call, planned: PlannedWrite): Promise<PlainAnswer> {
  if (planned.kind === 'deleted') return { status: 204, headers: {} }
  return objectAnswer(planned.kind, planned.resource.name, await shown(parts, call, planned))
}

function objectAnswer(kind: 'created' | 'updated', name: string, versioned: Versioned): PlainAnswer {
  const etag = etagOf(versioned)
  const body = JSON.stringify(versioned.object)
  if (kind === 'updated') return { status: 200, headers: { etag }, body }
  return { status: 201, headers: { etag, location: `/api/${name}/${versioned.object.id}` }, body }
}
