// Telling other machines what has happened: a server says which events and where to, jobs deliver.
import type { Call } from './call.ts'
import type { EventDraft } from './collection.ts'
import type { Json } from './json.ts'

export interface WebhookMessage {
  /** `subject.verb`, for the receiver to decide by. */
  readonly type: string
  readonly data: Json
}

export interface Webhook {
  /** Names it to operators and makes its secret. */
  readonly name: string
  readonly url: string
  /** The topic of the stored events that it is about. */
  readonly topic: string
  /** What is told of one of them; nothing when it is not asked for. */
  select(data: Json): WebhookMessage | undefined
  /** What is stored with a new secret of it, for whoever looks into an attack. */
  rotated?(call: Call): EventDraft
}
