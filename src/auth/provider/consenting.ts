// Somebody allows a client what it asks for, or does not.
import type { Exchange } from '#kernel/http/route.ts'
import { whence } from '../browser.ts'
import type { BrowserSession, Engine } from '../engine.ts'
import { securityEventOf } from '../security-events/security-event.ts'
import type { ClientRegistry } from './clients.ts'
import type { Consents } from './consents.ts'
import { interactionEnded } from './details.ts'
import { type Interactions, namedScopes } from './interactions.ts'
import { APPEARANCE } from './prompts.ts'
import { callOf } from './scope.ts'

export interface ConsentingDependencies {
  readonly interactions: Pick<Interactions, 'get' | 'finish'>
  readonly clients: Pick<ClientRegistry, 'find'>
  readonly consents: Pick<Consents, 'add'>
  currentSession(this: void, exchange: Exchange): Promise<BrowserSession | undefined>
}

export function createConsenting(dependencies: ConsentingDependencies): Engine['finishConsent'] {
  const { interactions, clients, consents, currentSession } = dependencies
  return async (exchange, approved) => {
    const found = await interactions.get(exchange, 'consent')
    const session = await currentSession(exchange)
    const client = await clients.find(callOf(exchange), String(found.params['client_id']))
    if (session === undefined || client === undefined || session.id !== found.session?.uid) {
      throw interactionEnded()
    }
    if (!approved)
      return await interactions.finish(exchange, found, { error: 'access_denied', error_description: 'the person did not agree' })
    const { accountId } = session
    // In one commit with the consent and what comes of it, or of two answers the one that does not count would leave it behind.
    await found.destroy()
    const events = [securityEventOf({ type: 'app.allowed', accountId, about: client.name, ...whence(exchange) })]
    const { [APPEARANCE]: asked } = found.prompt.details
    const appearance = typeof asked === 'string' ? asked : undefined
    await consents.add(callOf(exchange), { accountId, client, scopes: namedScopes(found), appearance, events })
    return await interactions.finish(exchange, found, { consent: {} })
  }
}
