// How it is stored which secret a webhook has. Without a record it is the first.
import type { Call } from '#kernel/call.ts'
import { defineCollection, type EventDraft } from '#kernel/collection.ts'
import { committed } from '#kernel/committed.ts'
import type { Database } from '../../database/contract.ts'
import { type WebhookRecord, webhookRecord } from './schemas.ts'

const webhooksCollection = defineCollection<WebhookRecord>({ name: 'webhooks', schema: webhookRecord, indexes: {} })

export interface Replacement {
  readonly next: WebhookRecord
  readonly events: readonly EventDraft[]
}

export interface WebhooksRepository {
  find(call: Call, name: string): Promise<WebhookRecord | undefined>
  /** The next one in the place of `before`; false when somebody was faster. */
  replace(call: Call, before: WebhookRecord | undefined, replacement: Replacement): Promise<boolean>
}

export function createWebhooksRepository(database: Database): WebhooksRepository {
  const webhooks = database.collection(webhooksCollection)
  return {
    find: async (call, name) => (await webhooks.get(call, name))?.value,
    async replace(call, before, { next, events }) {
      if (before !== undefined)
        return (await webhooks.update(call, next.id, { set: next, where: { generation: before.generation } }, { events })) !== undefined
      return await committed(webhooks.insert(call, next, { events }), 'duplicate')
    },
  }
}
