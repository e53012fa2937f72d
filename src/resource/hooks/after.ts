// After hooks: run from the stored event of a write, so that none is lost. One that fails is handed to a job, which tries it again later and keeps it
// for the operator when it never succeeds; the hooks of later writes do not wait for it.
import { type Call, systemCall } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { type JobDefinition, job, jobRequested } from '#kernel/job.ts'
import type { Logger } from '#kernel/log.ts'
import type { z } from '#kernel/schema.ts'
import type { StoredEvent, Subscription } from '../../database/contract.ts'
import type { Resource } from '../compile.ts'
import type { HookContext, ResourceHooks, Resources, Written } from '../contract.ts'
import type { ResourceRepository } from '../repository.ts'
import { resourceEvent } from '../schemas.ts'
import { limited } from './limited.ts'

const LIMIT_MS = 30_000
export const HOOK_JOB = 'resource.after_hook'
/** As it was parsed. */
type AfterEvent = z.output<typeof resourceEvent>

const AFTER = { created: 'afterCreate', updated: 'afterUpdate', deleted: 'afterDelete' } as const

export interface AfterHookParts {
  readonly resources: ReadonlyMap<string, Resource>
  readonly repository: ResourceRepository
  readonly service: Resources
  readonly clock: Clock
  readonly logger: Logger
}

export interface AfterHooks {
  /** One for each resource that has such hooks: a slow hook delays those of its own resource. */
  readonly subscriptions: readonly Subscription[]
  readonly jobs: readonly JobDefinition[]
}

export function createAfterHooks(parts: AfterHookParts): AfterHooks {
  const hooked = [...parts.resources.values()].filter(({ definition }) => hasAfter(definition.hooks))
  if (hooked.length === 0) return { subscriptions: [], jobs: [] }
  return {
    subscriptions: hooked.map(({ name }) => ({
      consumer: `resource.hooks.${name}`,
      topics: [`resource.${name}`],
      // A hook that is new is not told of what was written before it.
      beginAtEnd: true,
      handle: async (events, call) => {
        for (const event of events) await runOrHandOver(parts, call, event)
      },
    })),
    jobs: [
      job({
        name: HOOK_JOB,
        input: resourceEvent,
        maxAttempts: 20,
        timeoutMs: LIMIT_MS + 5000,
        handle: ({ call }, event) => runAfter(parts, call, event),
      }),
    ],
  }
}

function hasAfter(hooks: ResourceHooks | undefined): boolean {
  return hooks !== undefined && Object.values(AFTER).some((name) => hooks[name] !== undefined)
}

async function runOrHandOver(parts: AfterHookParts, call: Call, stored: StoredEvent): Promise<void> {
  const event = resourceEvent.parse(stored.data)
  try {
    await runAfter(parts, call, event)
  } catch (error) {
    // The platform stops: the event comes again at the next start.
    if (call.signal.aborted) throw error
    parts.logger.warn({ err: error, resource: event.resource, id: event.id, type: event.type }, 'an after hook failed and becomes a job')
    const request = jobRequested({ name: HOOK_JOB, input: stored.data, uniqueKey: `${HOOK_JOB}/${stored.sequence}` })
    await parts.repository.commit(call, [], [request])
  }
}

async function runAfter({ resources, repository, service, clock }: AfterHookParts, call: Call, event: AfterEvent): Promise<void> {
  const resource = resources.get(event.resource)
  const hooks = resource?.definition.hooks
  const name = AFTER[event.type]
  if (resource === undefined || hooks?.[name] === undefined) return
  const stored = event.type === 'deleted' ? undefined : await repository.of(resource).get(call, event.id)
  const { id, ownerId, changed } = event
  const written: Written = stored === undefined ? { id, ownerId, changed } : { id, ownerId, changed, object: stored.value }
  const own: Call = { ...systemCall('resource.hooks'), signal: call.signal }
  await limited(own, { ms: LIMIT_MS, what: `The hook ${name} of ${resource.name}` }, async (within) => {
    const context: HookContext = { call: within, resources: service, now: clock.now() }
    await hooks[name]?.(context, written)
  })
}
