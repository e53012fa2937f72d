// The seam to the pages: what a page may ask of the OpenID engine, in words of people and apps (see ../engine.ts).
import { errors } from 'oidc-provider'
import { callIn } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import type { Exchange } from '#kernel/http/route.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import type { Collection } from '../../database/contract.ts'
import type { Devices } from '../accounts/devices.ts'
import { rememberOwner, whence } from '../browser.ts'
import type { AccountDirectory, BrowserSession, Engine, SignInRules } from '../engine.ts'
import type { RunningHooks } from '../hooks/hooks.ts'
import { type Level, provedLevel, stepsOf } from '../levels.ts'
import type { Upstreams } from '../upstream/service.ts'
import { browserSession, createAccountAccess } from './account-access.ts'
import type { ClientRegistry } from './clients.ts'
import type { GrantRecord, SessionRecord } from './collections.ts'
import type { Pending } from './pending.ts'
import type { BuiltProvider } from './provider.ts'
import { createConsenting } from './consenting.ts'
import type { Consents } from './consents.ts'
import type { Endings } from './endings.ts'
import { interactionEnded } from './details.ts'
import { createInteractions } from './interactions.ts'
import { callOf, inScope, noteAdmitted } from './scope.ts'
import { createSignIns, type SignInsDependencies } from './sign-in.ts'
import { signInAddress } from './sign-in-address.ts'
import type { Vault } from './vault.ts'

export interface EngineDependencies {
  /** Built at start, when the keys are there. */
  built(): BuiltProvider
  readonly issuer: string
  readonly clients: ClientRegistry
  readonly sessions: Collection<SessionRecord>
  readonly grants: Collection<GrantRecord>
  readonly vault: Vault
  readonly consents: Consents
  readonly pending: Pick<Pending, 'flush'>
  readonly endings: Endings
  readonly keyRing: KeyRing
  readonly accounts: AccountDirectory
  readonly hooks: Pick<RunningHooks, 'afterSignIn' | 'hasAfterSignIn'>
  readonly rules: SignInRules
  readonly devices: Pick<Devices, 'remember'>
  readonly upstreams: Pick<Upstreams, 'settle'>
  /** What the pages of this browser speak. */
  languageOf(this: void, exchange: Exchange): string
  readonly clock: Clock
}

export function createEngine(dependencies: EngineDependencies): Engine {
  const { built, pending, issuer, clients, endings, keyRing, accounts, hooks, rules, devices, upstreams, languageOf, clock } = dependencies
  const within = createUnits(pending)

  const interactions = createInteractions(built, clients)

  const { currentSession, provedSession, signOutHere } = sessionsHere(dependencies)

  const admit: SignInsDependencies['admit'] = async (exchange, found, { accountId, credential, proofs, arrival }) => {
    const call = callOf(exchange)
    const person = await accounts.find(call, accountId)
    if (person === undefined) throw interactionEnded()
    const clientId = String(found.params['client_id'])
    const inTheirWords = callIn(call, languageOf(exchange))
    await hooks.afterSignIn(inTheirWords, { accountId, email: person.email, name: person.name, clientId })
    // What was proved may have changed meanwhile: a hook has seconds.
    const current = hooks.hasAfterSignIn ? await accounts.find(call, accountId) : person
    if (current?.credential !== credential || current.suspended) throw interactionEnded()
    // Not before: whoever is stopped at the second step, or by the app, would keep a way in that outlives a new password.
    if (arrival !== undefined && !(await upstreams.settle(inTheirWords, { accountId, credential }, { arrival, by: whence(exchange) })))
      throw interactionEnded()
    // Somebody else may be signed in here, since before or from another tab. Their session ends first; this goes on without it.
    const present = await currentSession(exchange)
    if (present !== undefined && present.accountId !== accountId) await endings.endSession(call, present.id)
    if (found.session !== undefined && found.session.accountId !== accountId) delete found.session
    noteAdmitted({ accountId, credential })
    // Never before: who knows the password alone must not be known here as its owner.
    rememberOwner(exchange, devices, { accountId, email: current.email, credential, steps: stepsOf(proofs) })
  }

  const signIns = createSignIns({ interactions, accounts, rules, clock, admit })

  const finishConsent = createConsenting({ ...dependencies, interactions, currentSession, within })

  return {
    ...createAccountAccess(dependencies),

    authorize: (call, exchange) =>
      inScope({ call, exchange, waiting: [] }, async () => {
        const said = await built().authorize(exchange)
        if ('answer' in said) return said
        const interaction = await interactions.describe(call, said.stopped)
        if (interaction === undefined) throw interactionEnded()
        return { interaction }
      }),

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

    finishConsent,

    browserSession: (exchange) => within(exchange, () => provedSession(exchange)),
    signOutHere: (exchange) => within(exchange, () => signOutHere(exchange)),

    signInPath: (returnTo, { again = false } = {}) => signInAddress({ issuer, keyRing, again }, returnTo),
  }
}

/** What is signed in in a browser, by its cookies. */
function sessionsHere({ built, sessions, accounts, rules, endings }: EngineDependencies) {
  const sessionHere = async (exchange: Exchange): Promise<{ session: BrowserSession; proved: Level } | undefined> => {
    const instance = built().provider
    const found = await instance.Session.get(instance.createContext(exchange.request, exchange.response))
    if (found.accountId === undefined) return undefined
    const stored = await sessions.get(callOf(exchange), found.uid)
    const session = stored && browserSession(stored.value)
    return session && { session, proved: provedLevel({ acr: found.acr }) }
  }

  const currentSession = async (exchange: Exchange): Promise<BrowserSession | undefined> => (await sessionHere(exchange))?.session

  /** For the pages: nobody is signed in who is blocked or gone, or has proved less than a role asks for that was given since. */
  const provedSession = async (exchange: Exchange): Promise<BrowserSession | undefined> => {
    const found = await sessionHere(exchange)
    if (found === undefined) return undefined
    const call = callOf(exchange)
    const { accountId } = found.session
    const person = await accounts.find(call, accountId)
    // Their sessions end only after the write that keeps them out.
    if (person?.suspended !== false) return undefined
    if (found.proved >= 2) return found.session
    return found.proved < (await rules.forcedLevel(call, accountId, person.membership)) ? undefined : found.session
  }

  const signOutHere = async (exchange: Exchange): Promise<boolean> => {
    const session = await currentSession(exchange)
    if (session !== undefined) await endings.endSession(callOf(exchange), session.id)
    return session !== undefined
  }
  return { currentSession, provedSession, signOutHere }
}

/** What one page asks of the engine, with one wait for the disk. */
function createUnits(pending: Pick<Pending, 'flush'>): <Result>(exchange: Exchange, work: () => Promise<Result>) => Promise<Result> {
  return (exchange, work) =>
    inScope({ call: callOf(exchange), exchange, waiting: [] }, async () => {
      try {
        const result = await work()
        await pending.flush()
        return result
      } catch (error) {
        // The session ended before it could be saved: to whoever is asked something here, that was the end of it.
        throw error instanceof errors.SessionNotFound ? interactionEnded() : error
      }
    })
}
