// Asks another system about people, by a hook of the app, and believes nothing that it has not said in time and in the form that was agreed.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { limited } from '#kernel/limited.ts'
import type { Logger } from '#kernel/log.ts'
import type { Schema } from '#kernel/schema.ts'
import { authErrors } from '../errors.ts'
import type { AuthHookContext } from '../hooks/contract.ts'

export interface AskingDependencies {
  readonly clock: Clock
  readonly logger: Logger
  readonly legacyLimitMs?: number
}

export interface Asked<Answer> {
  readonly hook: 'legacySignIn' | 'legacyFind'
  readonly schema: Schema<Answer>
  run(context: AuthHookContext): unknown
  /** What is wrong with an answer of the right form. */
  problem?(answer: Answer): string | undefined
}

const LIMIT_MS = 5000

/** Throws `auth.unavailable` where the hook fails. */
export async function asked<Answer>(
  { clock, logger, legacyLimitMs: ms = LIMIT_MS }: AskingDependencies,
  call: Call,
  { hook, schema, run, problem }: Asked<Answer>,
): Promise<Answer> {
  try {
    const limit = { ms, late: () => new Error(`It took longer than ${ms} ms.`) }
    const answer = schema.parse(await limited(call, limit, (own) => run({ call: own, now: clock.now() })))
    const wrong = problem?.(answer)
    if (wrong !== undefined) throw new Error(wrong)
    return answer
  } catch (cause) {
    logger.error(
      { requestId: call.requestId, event: 'auth.hook_failed', hook, err: cause },
      'a hook of the app failed, so nobody is let in by it',
    )
    throw unanswered(cause)
  }
}

export function unanswered(cause?: unknown): Error {
  return authErrors.unavailable({ detail: 'Please try again in a moment.', ...(cause === undefined ? {} : { cause }) })
}
