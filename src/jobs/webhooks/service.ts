// What operators see and do of webhooks: where they lead, what waits and what failed, their secrets, and sending failed deliveries again.
import { type Call, isOperator } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import type { Logger } from '#kernel/log.ts'
import type { Webhook } from '#kernel/webhook.ts'
import type { Stored } from '../../database/contract.ts'
import type { WebhookOverview, Webhooks } from '../contract.ts'
import { jobErrors } from '../errors.ts'
import { retried } from '../record.ts'
import type { JobsRepository } from '../repository.ts'
import type { JobRecord } from '../schemas.ts'
import { WEBHOOK_JOB } from './deliver.ts'
import type { WebhooksRepository } from './repository.ts'
import { webhookDelivery } from './schemas.ts'
import { liveKeys, secretOf } from './signature.ts'

export interface WebhooksServiceParts {
  readonly webhooks: readonly Webhook[]
  readonly repository: WebhooksRepository
  readonly jobs: JobsRepository
  readonly keyRing: KeyRing
  readonly clock: Clock
  readonly logger: Logger
  wake(): void
}

export function createWebhooksService(parts: WebhooksServiceParts): Webhooks {
  const { webhooks, repository, jobs, keyRing, clock, logger, wake } = parts

  const named = (call: Call, name: string): Webhook => {
    requireOperator(call)
    const webhook = webhooks.find((each) => each.name === name)
    if (webhook === undefined) throw jobErrors.webhook_not_found({ detail: `The app definition has no webhook ${JSON.stringify(name)}.` })
    return webhook
  }
  const countsIn = async (call: Call, state: 'waiting' | 'failed'): Promise<Map<string, Count>> => {
    const counts = new Map<string, Count>()
    for await (const page of deliveriesIn(jobs, call, state))
      for (const { value } of page) {
        const name = webhookOf(value)
        const before = counts.get(name)
        counts.set(name, { jobs: (before?.jobs ?? 0) + 1, lastError: before?.lastError ?? value.lastError })
      }
    return counts
  }
  const secretsNow = async (call: Call, name: string): Promise<string[]> =>
    liveKeys(keyRing, { name, state: await repository.find(call, name), now: clock.now() }).map(secretOf)

  return {
    async list(call) {
      requireOperator(call)
      const [waiting, failed] = await Promise.all([countsIn(call, 'waiting'), countsIn(call, 'failed')])
      return webhooks.map(({ name, url }): WebhookOverview => {
        const [open, dead] = [waiting.get(name), failed.get(name)]
        const lastError = dead?.lastError ?? open?.lastError
        return { name, url, waiting: open?.jobs ?? 0, failed: dead?.jobs ?? 0, ...(lastError === undefined ? {} : { lastError }) }
      })
    },
    secrets: async (call, name) => await secretsNow(call, named(call, name).name),
    async rotate(call, name) {
      const event = named(call, name).rotated?.(call)
      const before = await repository.find(call, name)
      const next = { id: name, generation: (before?.generation ?? 1) + 1, rotatedAt: clock.now() }
      if (!(await repository.replace(call, before, { next, events: event === undefined ? [] : [event] })))
        throw jobErrors.webhook_changed({ detail: 'Somebody else has just made a new secret.' })
      logger.info({ event: 'webhook.secret_rotated', webhook: name, requestId: call.requestId }, 'a webhook has a new secret')
      return await secretsNow(call, name)
    },
    async retry(call, name) {
      named(call, name)
      let again = 0
      for await (const page of deliveriesIn(jobs, call, 'failed')) {
        for (const stored of page.filter(({ value }) => webhookOf(value) === name))
          if ((await jobs.change(call, stored, retried(stored.value, clock.now()))) !== undefined) again += 1
        wake()
      }
      return again
    },
  }
}

interface Count {
  readonly jobs: number
  /** Of the newest that has one. */
  readonly lastError: string | undefined
}

/** All of them, a page at a time: other jobs in this state, such as mails of an outage, may be any number. */
async function* deliveriesIn(
  jobs: JobsRepository,
  call: Call,
  state: 'waiting' | 'failed',
): AsyncGenerator<readonly Stored<JobRecord>[], void> {
  let after: string | undefined
  do {
    const { items, next } = await jobs.ofName(call, { name: WEBHOOK_JOB, state }, after)
    yield items
    after = next
  } while (after !== undefined)
}

function webhookOf({ input }: JobRecord): string {
  return webhookDelivery.safeParse(input).data?.webhook ?? ''
}

function requireOperator({ principal }: Call): void {
  if (!isOperator(principal)) throw jobErrors.not_yours({ detail: 'This is for operators.' })
}
