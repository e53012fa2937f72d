// Somebody allows a client what it asks for, or does not.
import type { Answer, Exchange } from '#kernel/http/route.ts'
import type { Collection } from '../../database/contract.ts'
import { whence } from '../browser.ts'
import type { BrowserSession, Engine } from '../engine.ts'
import { securityEventOf } from '../security-events/security-event.ts'
import type { ClientRegistry, RegisteredClient } from './clients.ts'
import type { SessionRecord } from './collections.ts'
import type { Addition, Consents } from './consents.ts'
import { type Details, interactionEnded } from './details.ts'
import { type Interactions, namedScopes } from './interactions.ts'
import { APPEARANCE } from './prompts.ts'
import { callOf } from './scope.ts'

export interface ConsentingDependencies {
  readonly interactions: Pick<Interactions, 'get' | 'finish'>
  readonly clients: Pick<ClientRegistry, 'find'>
  readonly consents: Pick<Consents, 'add'>
  readonly sessions: Pick<Collection<SessionRecord>, 'get'>
  currentSession(this: void, exchange: Exchange): Promise<BrowserSession | undefined>
  /** Stores what the work leaves to be stored. */
  within(this: void, exchange: Exchange, work: () => Promise<Answer>): Promise<Answer>
}

interface Agreement {
  readonly session: BrowserSession
  readonly client: RegisteredClient
  /** Once it is on its way. */
  addition?: Addition
}

export function createConsenting(dependencies: ConsentingDependencies): Engine['finishConsent'] {
  const { interactions, clients, consents, sessions, currentSession, within } = dependencies

  const agree = async (exchange: Exchange, found: Details, given: Agreement): Promise<Answer> => {
    const { accountId } = given.session
    const { client } = given
    // In one commit with the consent and what comes of it, or of two answers the one that does not count would leave it behind.
    await found.destroy()
    const events = [securityEventOf({ type: 'app.allowed', accountId, about: client.name, ...whence(exchange) })]
    const { [APPEARANCE]: asked } = found.prompt.details
    const appearance = typeof asked === 'string' ? asked : undefined
    given.addition = await consents.add(callOf(exchange), { accountId, client, scopes: namedScopes(found), appearance, events })
    return await interactions.finish(exchange, found, { consent: {} })
  }

  /**
   * Whoever ends all that an account has open ends its sessions, and then removes what it has allowed; what is allowed is stored, and then asks for its
   * session. Whatever comes in between, one of the two sees the other.
   */
  const takeBackIfEnded = async (exchange: Exchange, { session, client, addition }: Agreement): Promise<void> => {
    const call = callOf(exchange)
    const { id, accountId } = session
    const stored = (await sessions.get(call, id))?.value
    if (stored !== undefined && stored.endedAt === undefined) return
    await addition?.takeBack(call, [securityEventOf({ type: 'app.revoked', accountId, about: client.name })])
  }

  return async (exchange, approved) => {
    let given: Agreement | undefined
    try {
      return await within(exchange, async () => {
        const found = await interactions.get(exchange, 'consent')
        const session = await currentSession(exchange)
        const client = await clients.find(callOf(exchange), String(found.params['client_id']))
        if (session === undefined || client === undefined || session.id !== found.session?.uid) throw interactionEnded()
        if (!approved)
          return await interactions.finish(exchange, found, { error: 'access_denied', error_description: 'the person did not agree' })
        given = { session, client }
        return await agree(exchange, found, given)
      })
    } finally {
      if (given !== undefined) await takeBackIfEnded(exchange, given)
    }
  }
}
