// One-time links for operators: the console opens with a code that is stored as a hash, good once, for 15 minutes.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { defineCollection } from '#kernel/collection.ts'
import { newId, randomToken } from '#kernel/ids.ts'
import { sha256 } from '#kernel/keyring.ts'
import { z } from '#kernel/schema.ts'
import type { Database } from '../../database/contract.ts'
import type { OperatorSession } from '../contract.ts'
import type { Revocations } from '../revocations/revocations.ts'
import { actorOf, commandOf, securityEventOf } from '../security-events/security-event.ts'

const LINK_LIFE_MS = 15 * 60_000
const SESSION_LIFE_MS = 12 * 3_600_000

const link = z.strictObject({ id: z.string(), usedAt: z.int().optional(), expiresAt: z.int() })

const linksCollection = defineCollection<z.infer<typeof link>>({
  name: 'auth_operator_links',
  schema: link,
  indexes: {},
  expiry: 'expiresAt',
})

export interface Operators {
  createLink(call: Call): Promise<string>
  redeemLink(call: Call, code: string): Promise<OperatorSession | undefined>
  /** Signs an operator out, for every gateway and whatever is started anew: the cookie would be good for the rest of its twelve hours. */
  endSession(call: Call, sessionId: string): Promise<void>
}

export interface OperatorsDependencies {
  readonly database: Database
  readonly revocations: Pick<Revocations, 'operation' | 'announce'>
  readonly clock: Clock
}

export function createOperators({ database, revocations, clock }: OperatorsDependencies): Operators {
  const links = database.collection(linksCollection)
  return {
    async createLink(call) {
      const code = randomToken()
      const events = [securityEventOf({ type: 'operator.link_created', ...by(call) })]
      await links.insert(call, { id: sha256(code), expiresAt: clock.now() + LINK_LIFE_MS }, { events })
      return code
    },
    async redeemLink(call, code) {
      const now = clock.now()
      const sessionId = newId(now)
      // What an operator does later is recorded with the session: this says which link it came of, and when.
      const events = [securityEventOf({ type: 'operator.signed_in', ...actorOf({ principal: { kind: 'operator', sessionId } }) })]
      // Compare-and-set: of two people with the same link, one gets in.
      const used = await links.update(call, sha256(code), { set: { usedAt: now }, where: { usedAt: undefined } }, { events })
      return used === undefined ? undefined : { sessionId, expiresAt: now + SESSION_LIFE_MS }
    },
    async endSession(call, sessionId) {
      await database.commit(call, [revocations.operation('session', sessionId, SESSION_LIFE_MS)])
      await revocations.announce(call, 'session', [sessionId])
    },
  }
}

function by(call: Call): { about?: string } {
  const { principal } = call
  return principal.kind === 'system' ? { about: commandOf(call) ?? principal.name } : {}
}
