// Shapes of webhooks: a delivery as a job carries it, and what is kept of each webhook.
import { z } from '#kernel/schema.ts'

const common = {
  /** Its name: where it leads to now is what counts. */
  webhook: z.string(),
  /** Stays the same when it is tried again, so that receivers can tell a second copy. */
  id: z.string(),
  type: z.string(),
  /** When it happened. */
  timestamp: z.iso.datetime(),
}

export const webhookDelivery = z.union([
  /** Of what can be recalled. */
  z.strictObject({ ...common, sequence: z.int(), kept: z.json() }),
  /** Of all else, and of whatever was stored before deliveries could recall. */
  z.strictObject({ ...common, data: z.json() }),
])
export type WebhookDelivery = z.infer<typeof webhookDelivery>

export const webhookRecord = z.strictObject({
  /** The name of the webhook. */
  id: z.string(),
  /** Which secret it has; the first is 1. */
  generation: z.int().min(1),
  rotatedAt: z.int(),
})
export type WebhookRecord = z.infer<typeof webhookRecord>
