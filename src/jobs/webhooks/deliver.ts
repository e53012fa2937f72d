// The job `webhook.deliver`: one message to one receiver, signed, to a checked address. Tried again for about a day, then kept for an operator.
import { setTimeout as delay } from 'node:timers/promises'
import type { Call } from '#kernel/call.ts'
import type { Circuit } from '#kernel/circuit.ts'
import type { Clock } from '#kernel/clock.ts'
import { OutwardError, sendOutward } from '#kernel/http/outward.ts'
import type { Reach } from '#kernel/http/public-address.ts'
import { type JobDefinition, job, type Postponed } from '#kernel/job.ts'
import type { Json } from '#kernel/json.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import type { Webhook } from '#kernel/webhook.ts'
import { jobErrors } from '../errors.ts'
import { UNKNOWN_FOR_MS } from '../record.ts'
import type { WebhooksRepository } from './repository.ts'
import { type WebhookDelivery, webhookDelivery } from './schemas.ts'
import { liveKeys, signatureHeaders } from './signature.ts'

export const WEBHOOK_JOB = 'webhook.deliver'

const MAX_ATTEMPTS = 60
const TIMEOUT_MS = 10_000
const MAX_ANSWER_BYTES = 64 * 1024
const GONE = 410
/** What an event tells is stored by somebody who hears of it at the same moment. */
const STORED_WITHIN_MS = [10, 20, 40, 80, 160]

export interface DeliverParts {
  readonly webhooks: readonly Webhook[]
  readonly repository: WebhooksRepository
  readonly keyRing: KeyRing
  readonly circuit: Circuit
  readonly clock: Clock
  readonly reach: Reach
  readonly timeoutMs?: number | undefined
}

export function deliverJob(parts: DeliverParts): JobDefinition {
  const { webhooks, repository, keyRing, circuit, clock, reach, timeoutMs = TIMEOUT_MS } = parts
  return job({
    name: WEBHOOK_JOB,
    input: webhookDelivery,
    maxAttempts: MAX_ATTEMPTS,
    timeoutMs: timeoutMs + 5000,
    async handle({ call }, delivery): Promise<Postponed | undefined> {
      const { webhook: name, id } = delivery
      const webhook = webhooks.find((each) => each.name === name)
      if (webhook === undefined) return { reason: `The app has no webhook ${JSON.stringify(name)} here.`, withinMs: UNKNOWN_FOR_MS }
      const data = await dataOf({ webhook, clock }, call, delivery)
      if (data === undefined) return { reason: 'What it tells of is not stored yet.', withinMs: UNKNOWN_FOR_MS }
      const keys = liveKeys(keyRing, { name, state: await repository.find(call, name), now: clock.now() })
      if (!circuit.enter(name, clock.now()))
        throw new Error(`The receiver has not answered just now; it is left alone for a while. ${circuit.reason(name) ?? ''}`.trim())
      let hasAnswered = false
      let reason: string | undefined
      try {
        const body = bodyOf(delivery, data)
        const headers = signatureHeaders(keys, { id, timestamp: Math.floor(clock.now() / 1000), body })
        const status = await post(webhook.url, { headers, body, reach, timeoutMs, signal: call.signal })
        hasAnswered = true
        if (status === GONE) throw jobErrors.hopeless({ detail: 'The receiver answered with 410: it wants no more of these.' })
        if (status < 200 || status > 299) throw new Error(`The receiver answered with status ${status}.`)
        return undefined
      } catch (error) {
        reason = error instanceof Error ? error.message : undefined
        throw error
      } finally {
        circuit.leave(name, { hasAnswered, now: clock.now(), ...(reason === undefined ? {} : { reason }) })
      }
    },
  })
}

function bodyOf({ type, timestamp }: WebhookDelivery, data: Json): string {
  return JSON.stringify({ type, timestamp, data })
}

/** `undefined` when it may still come. */
async function dataOf(
  { webhook, clock }: Pick<DeliverParts, 'clock'> & { readonly webhook: Webhook },
  call: Call,
  delivery: WebhookDelivery,
): Promise<Json | undefined> {
  if ('data' in delivery) return delivery.data
  const { kept, timestamp } = delivery
  // The webhook of a process that cannot recall: all that there is of it.
  if (webhook.recall === undefined) return kept
  for (const waitMs of [...STORED_WITHIN_MS, 0]) {
    const recalled = await webhook.recall(call, delivery)
    if (recalled === 'gone') return kept
    if (recalled !== 'not-yet') return recalled.data
    if (waitMs > 0) await delay(waitMs, undefined, { signal: call.signal })
  }
  // Whoever stores it does not know this type, or is away: the receiver hears of it at least.
  return clock.now() < Date.parse(timestamp) + UNKNOWN_FOR_MS ? undefined : kept
}

interface Posted {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly reach: Reach
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

async function post(url: string, { headers, body, reach, timeoutMs, signal }: Posted): Promise<number> {
  try {
    const answer = await sendOutward({
      url,
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', 'user-agent': 'ninefold-webhooks' },
      body,
      timeoutMs,
      maxBytes: MAX_ANSWER_BYTES,
      signal,
      reach,
    })
    return answer.status
  } catch (error) {
    // Its cause may name the address that the host has inside the network.
    throw error instanceof OutwardError ? new Error(error.message) : error
  }
}
