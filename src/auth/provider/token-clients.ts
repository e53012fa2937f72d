// Which clients a token has come through: whom it was issued to, and who acts or acted by it (RFC 8693 section 4.1). It ends with any of them.
import type { Call } from '#kernel/call.ts'
import { z } from '#kernel/schema.ts'
import type { ClientRegistry, RegisteredClient } from './clients.ts'
import { clientOfSubject } from '../clients/subject.ts'

const actor = z.looseObject({ sub: z.string(), act: z.unknown().optional() })
/** Gateways take no longer chains. */
export const MAX_ACTORS = 16
/** What clocks may differ by. */
const TOLERANCE_MS = 5000

export interface ComeThrough {
  readonly clientId: string | undefined
  readonly act?: unknown
  /** Epoch seconds. */
  readonly iat: number | undefined
}

/** `undefined` when it cannot be read. */
export function actorsOf(act: unknown): readonly string[] | undefined {
  const found: string[] = []
  for (let next = act; next !== undefined; ) {
    const parsed = actor.safeParse(next)
    if (!parsed.success || found.length >= MAX_ACTORS) return undefined
    found.push(parsed.data.sub)
    next = parsed.data.act
  }
  return found
}

export interface Given {
  /** Of its client, when it was given; see collections.ts. */
  readonly clientFrom: number | undefined
  /** Epoch milliseconds. */
  readonly at: number
}

/**
 * Whether something was given to the client that is here, and not to an earlier one of its id, or before it was blocked. Whatever ends with a client is
 * looked for when that happens, and a process that remembers it may store something afterwards. Told by what the giver knew of the client, since the
 * clocks of two processes differ.
 */
export function isGivenTo({ goodFrom = 0 }: Pick<RegisteredClient, 'goodFrom'>, { clientFrom, at }: Given): boolean {
  return clientFrom === undefined ? at + TOLERANCE_MS >= goodFrom : clientFrom >= goodFrom
}

/** Whether all of them are still here, and are who they were when it was issued. */
export async function doClientsLast(clients: Pick<ClientRegistry, 'find'>, call: Call, token: ComeThrough): Promise<boolean> {
  const { clientId, iat = 0 } = token
  const actors = actorsOf(token.act)
  if (clientId === undefined || actors === undefined) return false
  for (const one of new Set([clientId, ...actors.map(clientOfSubject)])) {
    const client = one === undefined ? undefined : await clients.find(call, one)
    if (client === undefined || iat * 1000 + TOLERANCE_MS < (client.goodFrom ?? 0)) return false
  }
  return true
}
