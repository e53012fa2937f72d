// The moments when the authorization endpoint has stopped to ask the person: found by the cookie of this one interaction.
import { errors, type InteractionResults } from 'oidc-provider'
import type { Call } from '#kernel/call.ts'
import type { Answer, Exchange } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import type { Interaction } from '../engine.ts'
import { withWords } from './authorised-apps.ts'
import type { ClientRegistry, RegisteredClient } from './clients.ts'
import { type Details, interactionEnded } from './details.ts'
import { ANOTHER, ASKED } from './prompts.ts'
import type { BuiltProvider } from './provider.ts'

export interface Interactions {
  /** Not when it would lead where its client is no longer reached. */
  find(exchange: Exchange): Promise<Details | undefined>
  /** Throws when it has ended, is another browser's, or asks something else. */
  get(exchange: Exchange, prompt: Interaction['prompt']): Promise<Details>
  /** Goes on with the authorization, in this request. */
  finish(exchange: Exchange, found: Details, result: InteractionResults): Promise<Answer>
  describe(call: Call, found: Details): Promise<Interaction | undefined>
}

export function createInteractions(built: () => BuiltProvider, clients: ClientRegistry): Interactions {
  const find: Interactions['find'] = async (exchange) => {
    try {
      const found = await built().provider.interactionDetails(exchange.request, exchange.response)
      const isHere = exchange.path === `/interaction/${found.uid}` || exchange.path.startsWith(`/interaction/${found.uid}/`)
      return isHere && !(await leadsAstray(built(), found)) ? found : undefined
    } catch (error) {
      if (error instanceof errors.SessionNotFound) return undefined
      throw error
    }
  }
  return {
    find,
    async get(exchange, prompt) {
      const found = await find(exchange)
      if (found === undefined || promptOf(found) !== prompt) throw interactionEnded()
      return found
    },
    async finish(exchange, found, result) {
      // Whatever came before took its time: a hook has seconds.
      if (await leadsAstray(built(), found)) throw interactionEnded()
      // What was answered at the stop before this one still counts: whoever agrees has signed in.
      found.result = 'error' in result ? result : { ...found.lastSubmission, ...result }
      return built().resume(exchange, found)
    },
    async describe(call, found) {
      const client = await clients.find(call, String(found.params['client_id']))
      return client === undefined ? undefined : interactionOf(found, client, clients)
    },
  }
}

/**
 * RFC 6749 section 4.1.1: the code goes to an address that is registered. The engine compares when it begins and takes that for good when it goes on, up
 * to an hour later; an address may have been taken from its client meanwhile, since somebody else has it.
 */
async function leadsAstray({ provider }: BuiltProvider, { deviceCode, params }: Details): Promise<boolean> {
  if (deviceCode !== undefined) return false
  try {
    const client = await provider.Client.find(String(params['client_id']))
    return client?.redirectUriAllowed(String(params['redirect_uri'])) === false
  } catch (error) {
    // For the engine to say, which looks for the client as well.
    if (error instanceof errors.InvalidClient) return false
    throw error
  }
}

/** Reasons of the engine to ask for the credential of whoever is signed in: `prompt=login`, and `max_age`. */
const ASKED_AGAIN: ReadonlySet<string> = new Set(['login_prompt', 'max_age'])

function interactionOf(found: Details, client: RegisteredClient, clients: ClientRegistry): Interaction | undefined {
  const redirect = redirectOf(found)
  const name = promptOf(found)
  if (redirect === null || name === undefined) return undefined
  const { login_hint: loginHint } = found.params
  return {
    uid: found.uid,
    prompt: name,
    client: { ...shownClient(client, redirect), ...(found.deviceCode === undefined ? {} : { host: homeOf(client) }) },
    scopes: name === 'consent' ? withWords(namedScopes(found), clients) : [],
    ...(found.session === undefined || isToBeAnother(found) ? {} : { accountId: found.session.accountId }),
    ...(typeof loginHint === 'string' ? { loginHint } : {}),
    again: found.prompt.reasons.some((reason) => ASKED_AGAIN.has(reason)),
  }
}

/** Whoever chooses an account is nobody yet, and whom the client does not ask for is not who it waits for. */
function isToBeAnother({ prompt: { name, reasons } }: Details): boolean {
  return name === 'select_account' || reasons.includes(ANOTHER)
}

/** Choosing an account is signing in. */
function promptOf({ prompt: { name } }: Details): Interaction['prompt'] | undefined {
  if (name === 'select_account') return 'login'
  return name === 'login' || name === 'consent' ? name : undefined
}

/** Whoever connects another device stays here. */
function redirectOf({ deviceCode, params, returnTo }: Details): URL | null {
  return URL.parse(deviceCode === undefined ? String(params['redirect_uri']) : returnTo)
}

function homeOf({ clientId, definition }: RegisteredClient): string {
  return URL.parse(definition?.clientUri ?? '')?.host ?? clientId
}

function shownClient(client: RegisteredClient, redirect: URL): Interaction['client'] {
  const { clientId, name, firstParty, source, createdAt, definition } = client
  const isKnown = firstParty || (definition?.verified ?? source === 'app')
  const isStranger = source === 'registration' || source === 'document'
  return {
    clientId,
    name,
    // An app of a scheme of its own has no host.
    host: redirect.host === '' ? redirect.protocol : redirect.host,
    redirectOrigin: redirect.origin === 'null' ? redirect.protocol : redirect.origin,
    firstParty,
    ...(isKnown ? {} : { isUnknown: true as const }),
    ...(source === 'document' ? { describedBy: new URL(clientId).host } : {}),
    // An operator has put the others here.
    ...(createdAt === undefined || !isStranger ? {} : { createdAt }),
    ...saidOf(definition),
  }
}

/** What a client says of itself. */
function saidOf(definition: RegisteredClient['definition']): Pick<Interaction['client'], 'logo' | 'clientUri' | 'policyUri' | 'tosUri'> {
  const { logo, clientUri, policyUri, tosUri } = definition ?? {}
  return {
    ...(logo === undefined ? {} : { logo }),
    ...(clientUri === undefined ? {} : { clientUri }),
    ...(policyUri === undefined ? {} : { policyUri }),
    ...(tosUri === undefined ? {} : { tosUri }),
  }
}

/** What the page names: what was not allowed before; all that is asked for when the client wanted the question itself. */
export function namedScopes({ prompt: { details } }: Details): string[] {
  const { missingOIDCScope, missingResourceScopes, [ASKED]: all } = details
  const missing = scopeNames.parse([missingOIDCScope ?? [], ...Object.values(Object(missingResourceScopes))].flat())
  // An interaction of a former release does not say what was asked beside that.
  const asked = scopeNames.safeParse(all).data ?? missing
  const fresh = asked.filter((scope) => missing.includes(scope))
  return fresh.length > 0 ? fresh : asked
}

const scopeNames = z.array(z.string())
