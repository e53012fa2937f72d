// How often a device may ask whether somebody has decided (RFC 8628 section 3.5). When it last asked is remembered beside the database, so that one
// that waits as it should costs no write; that one must wait longer is written down, and holds in every process.
import Provider, { errors } from 'oidc-provider'
import type { Call } from '#kernel/call.ts'
import type { Collection } from '../../database/contract.ts'
import type { Counts } from '../accounts/counts.ts'
import type { DeviceCodeRecord } from './collections.ts'
import { POLL_SECONDS } from './device-flow.ts'

/** What a request may have been faster on its way than the one before. */
const LEEWAY_MS = 1000
/** Whoever asks without a stop causes no more writes from here on. */
const MOST_SECONDS = 300

/** Throws `slow_down` when the device that asks just now has not waited. */
export async function keepPace(
  { codes, counts }: { readonly codes: Collection<DeviceCodeRecord>; readonly counts: Counts },
  call: Call,
  { id, pollSeconds }: Pick<DeviceCodeRecord, 'id' | 'pollSeconds'>,
): Promise<void> {
  const gate = `device-poll:${id}`
  const seconds = pollSeconds ?? POLL_SECONDS
  if (await counts.close(call, gate, seconds * 1000 - LEEWAY_MS)) return
  const next = Math.min(MOST_SECONDS, seconds + POLL_SECONDS)
  // Of several at once one is enough.
  if (next !== seconds) await codes.update(call, id, { set: { pollSeconds: next }, where: { pollSeconds } })
  await counts.open(call, gate)
  await counts.close(call, gate, next * 1000 - LEEWAY_MS)
  throw new errors.SlowDown()
}

/** Only its own client is kept to a pace: another one learns nothing of the code. */
export function isPolledBy(clientId: unknown): boolean {
  const oidc = Provider.ctx?.oidc
  return oidc?.route === 'token' && oidc.client?.clientId === clientId
}
