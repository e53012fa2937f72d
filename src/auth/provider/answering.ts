// Asking the engine within a request of ours: what it would have written to a socket comes back instead. For browsers it becomes an answer that the
// gateway sends like any other; an interaction goes on that way in the request that finishes it, so that nothing of a sign-in that is proved is ever
// stored for a later request to pick up. For servers of this process it is the back channel (see exchange.ts).
import { IncomingMessage, ServerResponse } from 'node:http'
import type { KoaContextWithOIDC } from 'oidc-provider'
import Provider from 'oidc-provider'
import type { Answer, Exchange } from '#kernel/http/route.ts'
import { isRefusal } from './answers.ts'
import type { Details } from './details.ts'
import { isUnsavedSession } from './engine-internals.ts'

interface Asking {
  /** The interaction that goes on, with its result. */
  readonly finished: Details | undefined
  context?: KoaContextWithOIDC
  /** What the engine has failed with. */
  failure?: Error
}

export interface Answered {
  readonly context: KoaContextWithOIDC
  /** For which the context says `server_error`. */
  readonly failure: Error | undefined
}

export type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void>

const asking = new WeakMap<IncomingMessage, Asking>()

export async function answerOf(handle: Handle, request: IncomingMessage, finished?: Details): Promise<Answered> {
  const asks: Asking = { finished }
  asking.set(request, asks)
  try {
    await handle(request, new ServerResponse(request))
  } finally {
    // The value leads to its key, and a collection of young garbage takes the values of such a map for alive: all of the request would become old.
    asking.delete(request)
  }
  const { context, failure } = asks
  if (context === undefined) throw new Error('The OpenID engine has not answered.')
  return { context, failure }
}

/** Keeps the engine from writing what is to be returned. */
export function keepAnswer(context: KoaContextWithOIDC, failure: unknown): void {
  const asks = asking.get(context.req)
  if (asks === undefined) return
  context.respond = false
  asks.context = context
  if (failure !== undefined)
    asks.failure = failure instanceof Error ? failure : new Error('The OpenID engine has failed.', { cause: failure })
}

/** As if the browser of this request had asked for that address. */
export async function askForBrowser(
  handle: Handle,
  exchange: Exchange,
  { url, finished }: { readonly url: string; readonly finished?: Details },
): Promise<{ readonly answer: Answer; readonly context: KoaContextWithOIDC }> {
  const request = messageTo(url, exchange.request)
  const { context, failure } = await answerOf(handle, request, finished)
  if (failure !== undefined && isRefusal(failure)) throw failure
  // Also with an error that came after the session was stored under a new cookie; never for one that was not stored.
  const { session } = context.oidc
  if (session === undefined || !isUnsavedSession(session))
    for (const cookie of [context.response.headers['set-cookie'] ?? []].flat()) exchange.addCookie(cookie)
  return { answer: asAnswer(context), context }
}

function messageTo(url: string, { socket, headers, httpVersion }: IncomingMessage): IncomingMessage {
  const message = new IncomingMessage(socket)
  Object.assign(message, { method: 'GET', url, headers: { ...headers }, httpVersion, complete: true })
  message.push(null)
  return message
}

/** Said in another way, or decided by the gateway. */
const LEFT_OUT: ReadonlySet<string> = new Set(['set-cookie', 'content-type', 'content-length', 'content-security-policy'])

function asAnswer({ status, body, response }: KoaContextWithOIDC): Answer {
  const headers: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined && !LEFT_OUT.has(name)) headers[name] = typeof value === 'number' ? String(value) : value
  }
  if (status >= 300 && status < 400) return { status, headers }
  if (typeof body === 'string') return { status, headers, body: { text: body, type: response.get('content-type') } }
  return { status, headers, body: { json: body } }
}

/**
 * The engine names the interaction that goes on by a cookie of its own, for the address where it does. There is no such address here, so the browser
 * gets no such cookie, and an interaction that is finished is found in this request alone.
 */
export function goOnInTheRequest(provider: Provider): void {
  const name = provider.cookieName('resume')
  const { Interaction } = provider
  const { find } = Interaction
  Reflect.set(Interaction, 'find', async (uid: string) => {
    const finished = Provider.ctx === undefined ? undefined : asking.get(Provider.ctx.req)?.finished
    return finished?.uid === uid ? finished : find.call(Interaction, uid)
  })
  provider.use(async (context: KoaContextWithOIDC, next: () => Promise<unknown>) => {
    if (STOPPING.test(context.path)) {
      const { cookies } = context
      const { get, set } = cookies
      type Cookies = typeof cookies
      Object.assign(cookies, {
        get: (...args: Parameters<Cookies['get']>) =>
          args[0] === name ? asking.get(context.req)?.finished?.uid : get.apply(cookies, args),
        set: (...args: Parameters<Cookies['set']>) => (args[0] === name ? cookies : set.apply(cookies, args)),
      } satisfies Pick<Cookies, 'get' | 'set'>)
    }
    await next()
  })
}

/** The endpoints that stop to ask. */
const STOPPING = /^\/(?:authorize|device)(?:\/|$)/
