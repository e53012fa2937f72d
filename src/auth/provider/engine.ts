// The seam to the pages: what a page may ask of the OpenID engine, in words of people and apps (see ../engine.ts).
import type Provider from 'oidc-provider'
import { errors } from 'oidc-provider'
import { type Call, systemCall } from '#kernel/call.ts'
import { type Answer, type Exchange, seeOther } from '#kernel/http/route.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import type { Collection } from '../../database/contract.ts'
import type { BrowserSession, Engine, Interaction } from '../engine.ts'
import { authErrors } from '../errors.ts'
import { type ClientRegistry, OPENID_SCOPES } from './clients.ts'
import type { SessionRecord } from './collections.ts'
import type { Consents } from './consents.ts'
import type { Endings } from './endings.ts'
import { inScope } from './scope.ts'
import { signInAddress } from './sign-in-address.ts'

export interface EngineDependencies {
  /** Built at start, when the keys are there. */
  provider(): Provider
  readonly issuer: string
  readonly clients: ClientRegistry
  readonly sessions: Collection<SessionRecord>
  readonly consents: Consents
  readonly endings: Endings
  readonly keyRing: KeyRing
}

type Details = Awaited<ReturnType<Provider['interactionDetails']>>

export function createEngine(dependencies: EngineDependencies): Engine {
  const { provider, issuer, clients, sessions, consents, endings, keyRing } = dependencies
  const within = <Result>(exchange: Exchange, work: () => Promise<Result>): Promise<Result> => inScope({ call: callOf(exchange), exchange }, work)

  const details = async (exchange: Exchange): Promise<Details | undefined> => {
    try {
      const found = await provider().interactionDetails(exchange.request, exchange.response)
      return exchange.path === `/interaction/${found.uid}` || exchange.path.startsWith(`/interaction/${found.uid}/`) ? found : undefined
    } catch (error) {
      if (error instanceof errors.SessionNotFound) return undefined
      throw error
    }
  }
  const needDetails = async (exchange: Exchange, prompt: Interaction['prompt']): Promise<Details> => {
    const found = await details(exchange)
    if (found?.prompt.name !== prompt) throw authErrors.interaction_ended({ detail: 'Go back to the app and start again.' })
    return found
  }
  const finish = async (exchange: Exchange, result: Parameters<Provider['interactionResult']>[2]): Promise<Answer> =>
    seeOther(await provider().interactionResult(exchange.request, exchange.response, result))

  const currentSession = async (exchange: Exchange): Promise<BrowserSession | undefined> => {
    const instance = provider()
    const found = await instance.Session.get(instance.createContext(exchange.request, exchange.response))
    if (found.accountId === undefined) return undefined
    const stored = await sessions.get(callOf(exchange), found.uid)
    return stored === undefined ? undefined : browserSession(stored.value)
  }

  return {
    interaction: (exchange) =>
      within(exchange, async () => {
        const found = await details(exchange)
        return found === undefined ? undefined : interactionOf(found, clients)
      }),

    finishSignIn: (exchange, accountId) =>
      within(exchange, async () => {
        const found = await needDetails(exchange, 'login')
        if (found.session !== undefined && found.session.accountId !== accountId) {
          // Somebody else was signed in here. Their session ends first; the interaction goes on without it.
          await endings.endSession(callOf(exchange), found.session.uid)
          delete found.session
          await found.persist()
        }
        return await finish(exchange, { login: { accountId, amr: ['pwd'], remember: true } })
      }),

    finishConsent: (exchange, approved) =>
      within(exchange, async () => {
        const found = await needDetails(exchange, 'consent')
        const session = await currentSession(exchange)
        const client = clients.find(String(found.params['client_id']))
        if (session === undefined || client === undefined || session.id !== found.session?.uid) {
          throw authErrors.interaction_ended({ detail: 'Go back to the app and start again.' })
        }
        if (!approved) return await finish(exchange, { error: 'access_denied', error_description: 'the person did not agree' })
        const { accountId } = session
        await consents.add(callOf(exchange), { accountId, clientId: client.clientId, scopes: askedScopes(found, clients) })
        return await finish(exchange, { consent: {} })
      }),

    browserSession: (exchange) => within(exchange, () => currentSession(exchange)),

    signInPath: (returnTo) => signInAddress({ issuer, keyRing }, returnTo),

    async sessions(call, accountId) {
      const page = await sessions.list(call, { index: 'account', where: { accountId }, order: 'descending', limit: 100 })
      return page.items.flatMap(({ value }) => browserSession(value) ?? [])
    },

    async endBrowserSession(call, accountId, sessionId) {
      const stored = await sessions.get(call, sessionId)
      if (stored?.value.accountId === accountId) await endings.endSession(call, sessionId)
    },

    async authorisedApps(call, accountId) {
      const given = await consents.list(call, accountId)
      return given.flatMap(({ clientId, scopes, since }) => {
        const client = clients.find(clientId)
        if (client === undefined || client.firstParty) return []
        return [{ clientId, name: client.name, scopes: withWords(scopes, clients), since }]
      })
    },

    async revokeApp(call, accountId, clientId) {
      // The consent first: a grant that is made at this moment then has nothing to be made from.
      await consents.remove(call, accountId, clientId)
      await endings.endClient(call, accountId, clientId)
    },

    revokeAccount: (call, accountId, exceptSessionId) => endings.endAccount(call, accountId, exceptSessionId),
  }
}

function callOf(exchange: Exchange): Call {
  return { ...systemCall('auth'), principal: { kind: 'anonymous' }, requestId: exchange.requestId }
}

function browserSession({ id, accountId, signedInAt, lastUsedAt, device, endedAt }: SessionRecord): BrowserSession | undefined {
  if (accountId === undefined || endedAt !== undefined) return undefined
  return { id, accountId, signedInAt: signedInAt ?? lastUsedAt, lastUsedAt, device }
}

function interactionOf(found: Details, clients: ClientRegistry): Interaction | undefined {
  const client = clients.find(String(found.params['client_id']))
  const redirect = URL.parse(String(found.params['redirect_uri']))
  const { name } = found.prompt
  if (client === undefined || redirect === null || (name !== 'login' && name !== 'consent')) return undefined
  const { login_hint: loginHint } = found.params
  const { clientId, firstParty } = client
  return {
    uid: found.uid,
    prompt: name,
    client: { clientId, name: client.name, host: redirect.host, redirectOrigin: redirect.origin, firstParty },
    scopes: name === 'consent' ? withWords(newScopes(found, clients), clients) : [],
    ...(found.session === undefined ? {} : { accountId: found.session.accountId }),
    ...(typeof loginHint === 'string' ? { loginHint } : {}),
  }
}

/** What the request asks for and the client may have. */
function askedScopes({ params }: Details, clients: ClientRegistry): string[] {
  const registered = clients.find(String(params['client_id']))
  const asked = typeof params['scope'] === 'string' ? params['scope'].split(' ') : []
  return asked.filter((scope) => OPENID_SCOPES.some((openid) => openid === scope) || registered?.apiScopes.includes(scope) === true)
}

/** What of it was not allowed before; all of it when the client asked for the question itself. */
function newScopes(found: Details, clients: ClientRegistry): string[] {
  const { missingOIDCScope, missingResourceScopes } = found.prompt.details
  const missing = new Set([missingOIDCScope, ...Object.values(Object(missingResourceScopes))].flat())
  const asked = askedScopes(found, clients)
  const fresh = asked.filter((scope) => missing.has(scope))
  return fresh.length > 0 ? fresh : asked
}

function withWords(scopes: readonly string[], clients: ClientRegistry): { readonly name: string; readonly words: string }[] {
  return scopes.filter((scope) => scope !== 'openid').map((name) => ({ name, words: clients.words(name) }))
}
