// Telling other machines what has happened: a server says which events and where to, jobs deliver.
import type { Call } from './call.ts'
import type { EventDraft } from './collection.ts'
import type { Json } from './json.ts'

export interface WebhookMessage {
  /** `subject.verb`, for the receiver to decide by. */
  readonly type: string
  readonly data: Json
  /** What of the data is kept with the delivery, where the webhook can recall the rest; all of it else. */
  readonly kept?: Json
}

/** An event that is to be told. */
export interface Told {
  /** Of the stored event. */
  readonly sequence: number
  readonly kept: Json
}

/** The data as it was; or it is not stored yet; or it is there no more. */
export type Recalled = { readonly data: Json } | 'not-yet' | 'gone'

export interface Webhook {
  /** Names it to operators and makes its secret. */
  readonly name: string
  readonly url: string
  /** The topic of the stored events that it is about. */
  readonly topic: string
  /** What is told of one of them; nothing when it is not asked for. */
  select(data: Json): WebhookMessage | undefined
  /** Reads what was told of an event, so that nothing of it is kept for as long as a delivery is tried. */
  recall?(call: Call, told: Told): Promise<Recalled>
  /** What is stored with a new secret of it, for whoever looks into an attack. */
  rotated?(call: Call): EventDraft
}
