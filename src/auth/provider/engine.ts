// The seam to the pages: what a page may ask of the OpenID engine, in words of people and apps (see ../engine.ts).
import type Provider from 'oidc-provider'
import type { Clock } from '#kernel/clock.ts'
import type { Exchange } from '#kernel/http/route.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import type { Collection } from '../../database/contract.ts'
import { whence } from '../browser.ts'
import type { AccountDirectory, BrowserSession, Engine, SignInRules } from '../engine.ts'
import type { RunningHooks } from '../hooks/hooks.ts'
import { securityEventOf } from '../security-events/security-event.ts'
import { browserSession, createAccountAccess } from './account-access.ts'
import type { ClientRegistry } from './clients.ts'
import type { SessionRecord } from './collections.ts'
import type { Pending } from './pending.ts'
import type { Consents } from './consents.ts'
import type { Endings } from './endings.ts'
import { askedScopes, createInteractions, type Details, interactionEnded } from './interactions.ts'
import { callOf, inScope } from './scope.ts'
import { createSignIns } from './sign-in.ts'
import { signInAddress } from './sign-in-address.ts'

export interface EngineDependencies {
  /** Built at start, when the keys are there. */
  provider(): Provider
  readonly issuer: string
  readonly clients: ClientRegistry
  readonly sessions: Collection<SessionRecord>
  readonly consents: Consents
  readonly pending: Pick<Pending, 'flush'>
  readonly endings: Endings
  readonly keyRing: KeyRing
  readonly accounts: AccountDirectory
  readonly hooks: Pick<RunningHooks, 'afterSignIn'>
  readonly rules: SignInRules
  readonly clock: Clock
}

export function createEngine(dependencies: EngineDependencies): Engine {
  const { provider, pending, issuer, clients, sessions, consents, endings, keyRing, accounts, hooks, rules, clock } = dependencies
  const within = createUnits(pending)

  const interactions = createInteractions(provider, clients)

  const currentSession = async (exchange: Exchange): Promise<BrowserSession | undefined> => {
    const instance = provider()
    const found = await instance.Session.get(instance.createContext(exchange.request, exchange.response))
    if (found.accountId === undefined) return undefined
    const stored = await sessions.get(callOf(exchange), found.uid)
    return stored === undefined ? undefined : browserSession(stored.value)
  }

  const admit = async (exchange: Exchange, found: Details, accountId: string): Promise<void> => {
    const call = callOf(exchange)
    const person = await accounts.find(call, accountId)
    if (person === undefined) throw interactionEnded()
    const clientId = String(found.params['client_id'])
    await hooks.afterSignIn(call, { accountId, email: person.email, name: person.name, clientId })
    // Somebody else may be signed in here, since before or from another tab. Their session ends first; this goes on without it.
    const present = await currentSession(exchange)
    if (present !== undefined && present.accountId !== accountId) await endings.endSession(call, present.id)
    if (found.session !== undefined && found.session.accountId !== accountId) {
      delete found.session
      await found.persist()
    }
  }

  const signIns = createSignIns({ interactions, accounts, rules, clock, admit })

  return {
    ...createAccountAccess(dependencies),

    interaction: (exchange) =>
      within(exchange, async () => {
        const found = await interactions.find(exchange)
        const described = found && (await interactions.describe(callOf(exchange), found))
        if (found === undefined || described?.prompt !== 'login') return described
        const half = await signIns.half(exchange, found)
        return half === undefined ? described : { ...described, half }
      }),

    finishSignIn: (exchange, who) => within(exchange, () => signIns.finishSignIn(exchange, who)),
    continueSignIn: (exchange) => within(exchange, () => signIns.continueSignIn(exchange)),
    restartSignIn: (exchange) => within(exchange, () => signIns.restartSignIn(exchange)),

    finishConsent: (exchange, approved) =>
      within(exchange, async () => {
        const found = await interactions.get(exchange, 'consent')
        const session = await currentSession(exchange)
        const client = await clients.find(callOf(exchange), String(found.params['client_id']))
        if (session === undefined || client === undefined || session.id !== found.session?.uid) {
          throw interactionEnded()
        }
        if (!approved) return await interactions.finish(exchange, { error: 'access_denied', error_description: 'the person did not agree' })
        const { accountId } = session
        const events = [securityEventOf({ type: 'app.allowed', accountId, about: client.name, ...whence(exchange) })]
        await consents.add(callOf(exchange), { accountId, clientId: client.clientId, scopes: askedScopes(found, client), events })
        return await interactions.finish(exchange, { consent: {} })
      }),

    browserSession: (exchange) => within(exchange, () => currentSession(exchange)),

    signInPath: (returnTo, { again = false } = {}) => signInAddress({ issuer, keyRing, again }, returnTo),
  }
}

/** What one page asks of the engine, with one wait for the disk. */
function createUnits(pending: Pick<Pending, 'flush'>): <Result>(exchange: Exchange, work: () => Promise<Result>) => Promise<Result> {
  return (exchange, work) =>
    inScope({ call: callOf(exchange), exchange, waiting: [] }, async () => {
      const result = await work()
      await pending.flush()
      return result
    })
}
