// Before hooks: part of the decision whether a write happens. Whatever goes wrong in one, nothing is written.
import type { Call } from '#kernel/call.ts'
import type { Resource } from '../compile.ts'
import type { HookAnswer, HookContext, ResourceHooks, Resources } from '../contract.ts'
import { type Fields, invalid } from '../input.ts'
import { limited } from './limited.ts'

const LIMIT_MS = 5000
const NOTHING: Fields = {}

export interface HookSetting {
  readonly resources: Resources
  readonly now: number
}

export interface BeforeHook {
  readonly resource: Resource
  readonly name: 'beforeCreate' | 'beforeUpdate' | 'beforeDelete'
  run(hooks: ResourceHooks, context: HookContext): HookAnswer | void | Promise<HookAnswer | void>
}

/** The fields that the hook sets. Throws `resource.invalid` with its problems. */
export async function runBefore(call: Call, { resources, now }: HookSetting, { resource, name, run }: BeforeHook): Promise<Fields> {
  const { hooks } = resource.definition
  if (hooks?.[name] === undefined) return NOTHING
  const what = `The hook ${name} of ${resource.name}`
  const answer = await limited(call, { ms: LIMIT_MS, what }, (own) => run(hooks, { call: own, resources, now }))
  if (typeof answer !== 'object') return NOTHING
  if ('problems' in answer && answer.problems.length > 0) throw invalid(answer.problems)
  return 'set' in answer && answer.set !== undefined ? answer.set : NOTHING
}
