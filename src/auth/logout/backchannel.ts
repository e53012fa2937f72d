// Telling clients that a person is signed out (OpenID Connect Back-Channel Logout 1.0). The notice is asked for by the write that ends the session or the
// authorisation, so that there is none without the other, and tried again and again when the client cannot be reached. The app's own frontends need none:
// their gateway hears of every revocation within a second.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import type { EventDraft } from '#kernel/collection.ts'
import { sendOutward } from '#kernel/http/outward.ts'
import { type JobDefinition, job, jobRequested, type Postponed } from '#kernel/job.ts'
import { z } from '#kernel/schema.ts'
import type { ClientDefinition, ClientSource } from '../clients/contract.ts'
import { createLane } from './lane.ts'

const NAME = 'auth.backchannel_logout'
/** With growing pauses: about a day. */
const MAX_ATTEMPTS = 30
/** How long waiting for a place takes no try. */
const WAITS_MS = 24 * 60 * 60 * 1000
/** Whoever registers by itself chooses the receiver: slow ones must leave workers for mails and for what ends access. */
const MOST_OF_STRANGERS = 1
/** A place and a memory of their own, so that no stranger, not even one who names their host, keeps these from being told. */
const MOST_OF_OTHERS = 2
const TIMEOUT_MS = 5000
const MAX_BYTES = 16 * 1024

const notice = z.strictObject({ clientId: z.string(), accountId: z.string(), sid: z.string() })

export type SignOutNotice = z.infer<typeof notice>

/** Whoever is told; `undefined` when the client is gone or wants to hear nothing. */
export type FindClient = (
  call: Call,
  clientId: string,
) => Promise<{ readonly source: ClientSource; readonly definition?: Pick<ClientDefinition, 'backchannelLogoutUri'> } | undefined>

/** The notice for one authorisation that has ended, when its client wants one. */
export async function noticesOf(
  find: FindClient,
  call: Call,
  ended: { readonly id: string; readonly clientId: string; readonly accountId?: string | undefined },
): Promise<EventDraft[]> {
  const { id: sid, clientId, accountId } = ended
  const client = accountId === undefined ? undefined : await find(call, clientId)
  if (accountId === undefined || client?.definition?.backchannelLogoutUri === undefined) return []
  return [jobRequested({ name: NAME, input: { clientId, accountId, sid }, uniqueKey: `${NAME}:${sid}` })]
}

export interface BackchannelLogoutParts {
  readonly find: FindClient
  /** A logout token, signed just now: one that waited for hours would have expired. */
  sign(this: void, notice: SignOutNotice): Promise<string>
  readonly development: boolean
  readonly clock: Clock
}

export function backchannelLogoutJob(parts: BackchannelLogoutParts): JobDefinition {
  const { find, clock } = parts
  const strangers = createLane(MOST_OF_STRANGERS)
  const others = createLane(MOST_OF_OTHERS)
  return job({
    name: NAME,
    input: notice,
    maxAttempts: MAX_ATTEMPTS,
    timeoutMs: TIMEOUT_MS + 5000,
    async handle({ call }, ended): Promise<Postponed | undefined> {
      const client = await find(call, ended.clientId)
      const uri = client?.definition?.backchannelLogoutUri
      if (client === undefined || uri === undefined) return undefined
      const { host } = new URL(uri)
      const lane = client.source === 'registration' || client.source === 'document' ? strangers : others
      const reason = lane.enter(host, clock.now())
      if (reason !== undefined) return { reason, withinMs: WAITS_MS }
      let hasAnswered = false
      try {
        const status = await send(parts, call, { uri, ended })
        hasAnswered = true
        // Section 2.8; some frameworks answer 204.
        if (status !== 200 && status !== 204)
          throw new Error(`The client ${ended.clientId} answered the notice of a sign-out with status ${status}.`)
        return undefined
      } finally {
        lane.leave(host, { hasAnswered, now: clock.now() })
      }
    },
  })
}

async function send(
  { sign, development }: BackchannelLogoutParts,
  call: Call,
  { uri, ended }: { readonly uri: string; readonly ended: SignOutNotice },
): Promise<number> {
  const { status } = await sendOutward({
    url: uri,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ logout_token: await sign(ended) }).toString(),
    timeoutMs: TIMEOUT_MS,
    maxBytes: MAX_BYTES,
    signal: call.signal,
    reach: { loopback: development },
  })
  return status
}
