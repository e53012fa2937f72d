// Puts webhooks together: what they are about, their secrets, their delivery.
import { createCircuit } from '#kernel/circuit.ts'
import type { Clock } from '#kernel/clock.ts'
import type { Reach } from '#kernel/http/public-address.ts'
import type { JobDefinition } from '#kernel/job.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import type { Logger } from '#kernel/log.ts'
import type { Webhook } from '#kernel/webhook.ts'
import type { Database, Subscription } from '../../database/contract.ts'
import type { Webhooks } from '../contract.ts'
import { jobErrors } from '../errors.ts'
import type { JobsRepository } from '../repository.ts'
import { deliverJob } from './deliver.ts'
import { webhookIntake } from './intake.ts'
import { createWebhooksRepository } from './repository.ts'
import { createWebhooksService } from './service.ts'

export interface WebhookOptions {
  readonly list: readonly Webhook[]
  readonly keyRing: KeyRing
  readonly reach: Reach
  /** How long a receiver that did not answer is left alone, 20,000 unless told. */
  readonly pauseMs?: number
  /** For an answer, 10,000 unless told. */
  readonly timeoutMs?: number | undefined
}

export interface WebhooksPart {
  readonly service: Webhooks
  readonly definitions: readonly JobDefinition[]
  readonly subscriptions: readonly Subscription[]
}

export interface WebhooksParts {
  readonly database: Database
  readonly clock: Clock
  readonly logger: Logger
  readonly jobs: JobsRepository
  readonly webhooks?: WebhookOptions
  wake(): void
}

export function createWebhooks({ database, clock, logger, jobs, webhooks: options, wake }: WebhooksParts): WebhooksPart {
  if (options === undefined) return { service: noWebhooks, definitions: [], subscriptions: [] }
  const { list: webhooks, keyRing, reach, pauseMs, timeoutMs } = options
  const repository = createWebhooksRepository(database)
  return {
    service: createWebhooksService({ webhooks, repository, jobs, keyRing, clock, logger, wake }),
    definitions: [deliverJob({ webhooks, repository, keyRing, circuit: createCircuit(pauseMs), clock, reach, timeoutMs })],
    subscriptions: webhooks.length === 0 ? [] : [webhookIntake({ webhooks, jobs, logger, wake })],
  }
}

const none = (): Promise<never> => Promise.reject(jobErrors.webhook_not_found())
const noWebhooks: Webhooks = { list: async () => [], secrets: none, rotate: none, retry: none }
