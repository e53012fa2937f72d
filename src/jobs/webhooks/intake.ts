// Turns stored events into deliveries, one for each webhook that asks for them. The id comes from the event, so that a second delivery adds nothing.
import type { Json } from '#kernel/json.ts'
import type { Logger } from '#kernel/log.ts'
import type { Webhook } from '#kernel/webhook.ts'
import type { StoredEvent, Subscription } from '../../database/contract.ts'
import { newJob } from '../record.ts'
import type { JobsRepository } from '../repository.ts'
import type { JobRecord } from '../schemas.ts'
import { WEBHOOK_JOB } from './deliver.ts'
import type { WebhookDelivery } from './schemas.ts'

export interface WebhookIntakeParts {
  readonly webhooks: readonly Webhook[]
  readonly jobs: JobsRepository
  readonly logger: Logger
  wake(): void
}

export function webhookIntake({ webhooks, jobs, logger, wake }: WebhookIntakeParts): Subscription {
  const deliveries = (event: StoredEvent): JobRecord[] =>
    webhooks
      .filter(({ topic }) => topic === event.topic)
      .flatMap((webhook) => {
        const message = webhook.select(event.data)
        if (message === undefined) return []
        const { name } = webhook
        const id = `msg_${event.sequence}_${name}`
        const { type, data, kept } = message
        const said = { webhook: name, id, type, timestamp: new Date(event.at).toISOString() }
        const mayRecall = webhook.recall !== undefined && kept !== undefined
        const input: WebhookDelivery = mayRecall ? { ...said, sequence: event.sequence, kept: json(kept) } : { ...said, data: json(data) }
        return [newJob(`webhook-${event.sequence}-${name}`, { name: WEBHOOK_JOB, input }, event.at)]
      })
  return {
    consumer: 'jobs.webhooks',
    topics: [...new Set(webhooks.map(({ topic }) => topic))],
    async handle(events, call) {
      const records = events.flatMap(deliveries)
      await jobs.insertAll(call, records)
      if (records.length > 0) logger.debug({ deliveries: records.length }, 'webhooks have something to tell')
      wake()
    },
  }
}

/** What is not said is absent. */
const json = (data: Json): Extract<WebhookDelivery, { readonly data: unknown }>['data'] => JSON.parse(JSON.stringify(data))
