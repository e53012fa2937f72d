// The seam to the pages: what a page may ask of the OpenID engine, in words of people and apps (see ../engine.ts).
import type Provider from 'oidc-provider'
import { type Call, systemCall } from '#kernel/call.ts'
import type { Exchange } from '#kernel/http/route.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import type { Collection } from '../../database/contract.ts'
import { whence } from '../browser.ts'
import type { AccountDirectory, BrowserSession, Engine, Proof } from '../engine.ts'
import type { RunningHooks } from '../hooks/hooks.ts'
import { securityEventOf } from '../security-events/security-event.ts'
import { browserSession, createAccountAccess } from './account-access.ts'
import type { ClientRegistry } from './clients.ts'
import type { SessionRecord } from './collections.ts'
import type { Consents } from './consents.ts'
import type { Endings } from './endings.ts'
import { askedScopes, createInteractions, interactionEnded } from './interactions.ts'
import { inScope } from './scope.ts'
import { proofOf } from './sign-in-proof.ts'
import { signInAddress } from './sign-in-address.ts'

/** Authentication methods as RFC 8176 names them. How somebody has signed in at another provider is not known here. */
const AMR: Readonly<Record<Proof, readonly string[]>> = { password: ['pwd'], passkey: ['pop', 'user'], email: ['otp'], upstream: [] }

export interface EngineDependencies {
  /** Built at start, when the keys are there. */
  provider(): Provider
  readonly issuer: string
  readonly clients: ClientRegistry
  readonly sessions: Collection<SessionRecord>
  readonly consents: Consents
  readonly endings: Endings
  readonly keyRing: KeyRing
  readonly accounts: AccountDirectory
  readonly hooks: Pick<RunningHooks, 'afterSignIn'>
}

export function createEngine(dependencies: EngineDependencies): Engine {
  const { provider, issuer, clients, sessions, consents, endings, keyRing, accounts, hooks } = dependencies
  const within = <Result>(exchange: Exchange, work: () => Promise<Result>): Promise<Result> =>
    inScope({ call: callOf(exchange), exchange }, work)

  const interactions = createInteractions(provider, clients)

  const currentSession = async (exchange: Exchange): Promise<BrowserSession | undefined> => {
    const instance = provider()
    const found = await instance.Session.get(instance.createContext(exchange.request, exchange.response))
    if (found.accountId === undefined) return undefined
    const stored = await sessions.get(callOf(exchange), found.uid)
    return stored === undefined ? undefined : browserSession(stored.value)
  }

  /** The app's last word, before anything of the sign-in is done. */
  const admit = async (exchange: Exchange, accountId: string, clientId: string): Promise<void> => {
    const call = callOf(exchange)
    const person = await accounts.find(call, accountId)
    if (person === undefined) throw interactionEnded()
    await hooks.afterSignIn(call, { accountId, email: person.email, name: person.name, clientId })
  }

  return {
    ...createAccountAccess(dependencies),

    interaction: (exchange) =>
      within(exchange, async () => {
        const found = await interactions.find(exchange)
        return found === undefined ? undefined : await interactions.describe(callOf(exchange), found)
      }),

    finishSignIn: (exchange, { accountId, credential, by = 'password' }) =>
      within(exchange, async () => {
        const found = await interactions.get(exchange, 'login')
        await admit(exchange, accountId, String(found.params['client_id']))
        // Somebody else may be signed in here, since before or from another tab. Their session ends first; this goes on without it.
        const present = await currentSession(exchange)
        if (present !== undefined && present.accountId !== accountId) await endings.endSession(callOf(exchange), present.id)
        if (found.session !== undefined && found.session.accountId !== accountId) {
          delete found.session
          await found.persist()
        }
        return await interactions.finish(exchange, {
          login: { accountId, amr: [...AMR[by]], remember: true },
          // Answers `prompt=select_account` too.
          select_account: {},
          proof: proofOf(exchange, credential),
        })
      }),

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

function callOf(exchange: Exchange): Call {
  return { ...systemCall('auth'), principal: { kind: 'anonymous' }, requestId: exchange.requestId }
}
