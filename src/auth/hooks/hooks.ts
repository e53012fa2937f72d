// Runs the hooks of the app. Whatever goes wrong in one means no: a hook that should keep somebody out must not let them in by failing.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { limited } from '#kernel/limited.ts'
import type { Logger } from '#kernel/log.ts'
import type { Schema } from '#kernel/schema.ts'
import { nameProblem } from '../accounts/name.ts'
import { authErrors } from '../errors.ts'
import type { AuthHookContext, AuthHooks, SignedInPerson, SignUpDraft, TokenAnswer, TokenRequest } from './contract.ts'
import { signInAnswer, signUpAnswer, tokenAnswer } from './schemas.ts'

const LIMIT_MS = 5000

export interface RunningHooks {
  /** The name that the account gets. Throws `auth.bad_details` when the app refuses, `auth.unavailable` when the hook fails. */
  beforeSignUp(call: Call, draft: SignUpDraft): Promise<string>
  /** Throws `auth.sign_in_refused`, or `auth.unavailable`. */
  afterSignIn(call: Call, person: SignedInPerson): Promise<void>
  readonly hasAfterSignIn: boolean
  /** Throws `auth.unavailable`. */
  tokenClaims(call: Call, request: TokenRequest): Promise<TokenAnswer>
  /** Whether tokens carry claims of the app at all. */
  readonly hasTokenClaims: boolean
}

export interface HooksDependencies {
  readonly clock: Clock
  readonly logger: Logger
  readonly limitMs?: number
  /** What pages speak where nobody asks for another language. */
  readonly language?: string | undefined
}

interface Asked<Answer> {
  readonly name: keyof AuthHooks
  readonly schema: Schema<Answer>
  run(context: AuthHookContext): unknown
}

/** Asks a hook, and says no for one that fails. */
function createAsking({ clock, logger, limitMs = LIMIT_MS }: HooksDependencies) {
  const failed = (call: Call, hook: keyof AuthHooks, cause: unknown): Error => {
    logger.error(
      { requestId: call.requestId, event: 'auth.hook_failed', hook, err: cause },
      'a hook of the app failed, so the answer was no',
    )
    return authErrors.unavailable({ detail: 'Please try again in a moment.', cause })
  }
  const ask = async <Answer>(call: Call, { name, schema, run }: Asked<Answer>): Promise<Answer> => {
    try {
      const limit = { ms: limitMs, late: () => new Error(`It took longer than ${limitMs} ms.`) }
      return schema.parse(await limited(call, limit, (own) => run({ call: own, now: clock.now() })))
    } catch (error) {
      throw failed(call, name, error)
    }
  }
  return { ask, failed }
}

export function createHooks(hooks: AuthHooks | undefined, dependencies: HooksDependencies): RunningHooks {
  const { logger, language = 'en' } = dependencies
  const { ask, failed } = createAsking(dependencies)
  const refused = (call: Call, hook: keyof AuthHooks): void => logger.info({ requestId: call.requestId, event: 'auth.hook_refused', hook })
  const readBy = (call: Call): string => call.language ?? language

  return {
    hasAfterSignIn: hooks?.afterSignIn !== undefined,
    hasTokenClaims: hooks?.tokenClaims !== undefined,
    async beforeSignUp(call, draft) {
      if (hooks?.beforeSignUp === undefined) return draft.name
      const answer = await ask(call, {
        name: 'beforeSignUp',
        schema: signUpAnswer,
        run: (context) => hooks.beforeSignUp?.({ ...context, language: readBy(call) }, draft),
      })
      if (answer !== undefined && 'refuse' in answer) {
        refused(call, 'beforeSignUp')
        const { message, field } = answer.refuse
        throw field === undefined ? authErrors.bad_details({ detail: message }) : authErrors.bad_details({ fields: [{ field, message }] })
      }
      const name = answer?.name ?? draft.name
      const problem = nameProblem(name)
      if (problem !== undefined) throw failed(call, 'beforeSignUp', new Error(`The name that it gives cannot be one: ${problem}`))
      return name
    },
    async afterSignIn(call, person) {
      if (hooks?.afterSignIn === undefined) return
      const answer = await ask(call, {
        name: 'afterSignIn',
        schema: signInAnswer,
        run: (context) => hooks.afterSignIn?.({ ...context, language: readBy(call) }, person),
      })
      if (answer === undefined) return
      refused(call, 'afterSignIn')
      throw authErrors.sign_in_refused({ detail: answer.refuse })
    },
    async tokenClaims(call, request) {
      if (hooks?.tokenClaims === undefined) return {}
      const answer = await ask(call, {
        name: 'tokenClaims',
        schema: tokenAnswer,
        run: (context) => hooks.tokenClaims?.(context, request),
      })
      return answer ?? {}
    },
  }
}
