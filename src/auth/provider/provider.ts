// Builds the OpenID engine: configuration, our changes to its classes, and a net under it, so that no error of its own takes away the headers
// that the gateway has set or says more than it should.
import type { EventEmitter } from 'node:events'
import type { Configuration, KoaContextWithOIDC } from 'oidc-provider'
import Provider, { errors } from 'oidc-provider'
import { breath } from '#kernel/breath.ts'
import type { Answer, Exchange } from '#kernel/http/route.ts'
import type { Logger } from '#kernel/log.ts'
import type { RegistrationDefinition } from '../clients/contract.ts'
import { storeWhatIsGiven, type WritesOfGrants } from './all-or-nothing.ts'
import { publish } from './publishing.ts'
import { askForBrowser, goOnInTheRequest, type Handle, keepAnswer } from './answering.ts'
import { isOutage, isRefusal, nameGrantedScopes, nameUnregisteredGrants, refuseMethod, tellInterval, tellOutage } from './answers.ts'
import { settleRequests } from './authorization-steps.ts'
import { factsOf } from './client-facts.ts'
import { offerCodeGrant } from './code-grant.ts'
import {
  checkClientSecretsBy,
  detectReplaysAtOnce,
  dropFormPost,
  leaveOutIdTokensAtRefresh,
  methodsAt,
  nameAcrAsAsked,
  nameRefreshTokensBy,
  keepCookiesAtConsent,
  nameSessionsByGrant,
  keepEncryptedTokens,
  type RefreshTokenIds,
  renewCookiesInPlace,
  giveContextsOneShape,
  takeStructuredTokens,
} from './model-changes.ts'
import type { Details } from './details.ts'
import type { ProviderPages } from './provider-pages.ts'
import { offerNarrowing } from './narrowing.ts'
import { nameEndpointAsAsked } from './certificate-host.ts'
import { pinAddress, pinRequest } from './pinned.ts'
import { knowStructuredTokens } from './token-endpoints.ts'
import type { CheckSecret } from './secret-tries.ts'
import { offerServiceGrant } from './service-grant.ts'
import { offerSignOut, settleSignOut, type SignOutParts } from './sign-out.ts'
import { offerTokenExchange, type TokenExchangeParts } from './token-exchange.ts'

export interface ProviderParts {
  readonly issuer: string
  readonly configuration: Configuration
  /** The same in every process. */
  readonly refreshTokens: RefreshTokenIds
  /** Stores what a request has left to be stored, before it is answered. */
  flush(this: void): Promise<void>
  /** Of the token endpoint. */
  readonly grants: WritesOfGrants
  readonly logger: Logger
  readonly checkSecret: CheckSecret
  readonly apiScopes: readonly string[]
  readonly ownResources: readonly string[]
  readonly registration: RegistrationDefinition
  /** Whether a proxy in front shows us the certificates of clients. */
  readonly takesCertificates: boolean
  readonly certificates: string | undefined
  readonly languages: readonly string[]
  readonly pages: Pick<ProviderPages, 'error' | 'holdBack'>
  clientUsed(this: void, clientId: string): Promise<void>
  noteWrongTry(this: void, code: string): Promise<void>
  readonly exchange: TokenExchangeParts
  readonly signOut: SignOutParts
  readonly structured: Parameters<typeof knowStructuredTokens>[1]
}

export interface BuiltProvider {
  readonly provider: Provider
  /** Serves one request of the engine's own paths. */
  readonly dispatch: Handle
  /** What the authorization endpoint says: an answer, or what to ask the person. */
  authorize(exchange: Exchange): Promise<{ readonly answer: Answer } | { readonly stopped: Details }>
  /** What follows an interaction that has its result: the redirect to the client, or to the next thing to ask. */
  resume(exchange: Exchange, finished: Details): Promise<Answer>
}

export function buildProvider(parts: ProviderParts): BuiltProvider {
  const { issuer, configuration, logger } = parts
  assertSafe(issuer, configuration)
  // Before it is built: it puts its endpoints together then.
  takeStructuredTokens()
  settleRequests()
  settleSignOut()
  giveContextsOneShape()
  const provider = new Provider(issuer, configuration)
  change(provider, parts)
  const failures = new WeakMap<object, unknown>()
  const failed = (context: object, error: unknown): void => {
    failures.set(context, error)
    if (isOutage(error)) logger.warn({ event: 'auth.outage', reason: error.code, err: error.cause }, error.detail ?? error.title)
    else if (!isRefusal(error)) logger.error({ err: error }, 'the OpenID engine failed')
  }
  provider.use(async (context: KoaContextWithOIDC, next: () => Promise<unknown>) => {
    await net(
      context,
      async () => {
        // The gateway's part of the request is over.
        await breath()
        await next()
        await parts.flush()
        if (isKnown(context) && !isUnanswered(context)) await settleAnswer(context, parts)
        else refuseMethod(context, methodsAt(provider, context.path))
      },
      { failed, pages: parts.pages },
    )
    const failure = failures.get(context)
    if (isOutage(failure)) tellOutage(context, failure, parts.pages)
    keepAnswer(context, isOutage(failure) ? undefined : failure)
  })
  listen(provider, logger)
  provider.on('server_error', failed)
  const handle = provider.callback()
  const dispatch: Handle = async (request, response) => {
    pinRequest(request, issuer)
    await handle(request, response)
  }
  return { provider, dispatch, ...forBrowsers(dispatch) }
}

/** Everything that we change in the engine itself. */
function change(provider: Provider, parts: ProviderParts): void {
  const { issuer, certificates, structured, exchange, checkSecret, refreshTokens, grants, noteWrongTry, signOut } = parts
  knowStructuredTokens(provider, structured)
  keepEncryptedTokens(provider)
  offerTokenExchange(provider, exchange)
  offerSignOut(provider, signOut)
  checkClientSecretsBy(provider, checkSecret)
  detectReplaysAtOnce(provider)
  nameRefreshTokensBy(provider, refreshTokens)
  leaveOutIdTokensAtRefresh(provider)
  nameSessionsByGrant(provider)
  renewCookiesInPlace(provider)
  keepCookiesAtConsent(provider)
  dropFormPost(provider)
  nameAcrAsAsked(provider)
  offerCodeGrant(provider, noteWrongTry)
  offerServiceGrant(provider)
  offerNarrowing(provider, exchange.resources)
  storeWhatIsGiven(provider, grants)
  pinAddress(provider, issuer)
  nameEndpointAsAsked(provider, certificates)
  goOnInTheRequest(provider)
}

function forBrowsers(dispatch: Handle): Pick<BuiltProvider, 'authorize' | 'resume'> {
  return {
    async authorize(exchange) {
      // The gateway has normalised the address; the engine must not see the raw one (an absolute form would move its links).
      const url = exchange.search === '' ? exchange.path : `${exchange.path}?${exchange.search}`
      const { answer, context } = await askForBrowser(dispatch, exchange, { url })
      const { Interaction: stopped } = context.oidc.entities
      return stopped === undefined || answer.status !== 303 ? { answer } : { stopped }
    },
    async resume(exchange, finished) {
      const { pathname } = new URL(finished.returnTo)
      return (await askForBrowser(dispatch, exchange, { url: pathname, finished })).answer
    },
  }
}

/** RFC 9700, and our list of what must never reach production: checked at every start, in development too. */
export function assertSafe(issuer: string, { features, cookies, jwks, adapter, pkce, responseTypes }: Configuration): void {
  const { protocol, hostname } = new URL(issuer)
  const loopback = hostname === '127.0.0.1' || /^(?:[\w-]+\.)*localhost$/.test(hostname)
  const wrong: readonly (readonly [boolean, string])[] = [
    [features?.devInteractions?.enabled !== false, 'the engine would accept any password (devInteractions)'],
    [cookies?.keys === undefined, 'cookies would not be signed'],
    [(jwks?.keys.length ?? 0) < 2, 'signing keys are missing'],
    [adapter === undefined, 'storage would be in memory'],
    [pkce?.required === undefined, 'PKCE would not be required'],
    [responseTypes?.join() !== 'code', 'other flows than the code flow would be offered'],
    [protocol !== 'https:' && !loopback, 'the issuer is neither https nor on a loopback address'],
  ]
  const problems = wrong.filter(([isWrong]) => isWrong).map(([, problem]) => problem)
  if (problems.length > 0) throw new Error(`The authorization server does not start: ${problems.join('; ')}.`)
}

/** What the engine has answered becomes what we say. */
async function settleAnswer(context: KoaContextWithOIDC, parts: ProviderParts): Promise<void> {
  nameUnregisteredGrants(context)
  nameGrantedScopes(context, parts.exchange.resources)
  tellInterval(context)
  holdBack(context, parts.pages)
  await noteUse(context, parts)
  publish(context, parts)
}

interface Net {
  failed(this: void, context: object, error: unknown): void
  readonly pages: Pick<ProviderPages, 'error'>
}

async function net(context: KoaContextWithOIDC, next: () => Promise<unknown>, { failed, pages }: Net): Promise<void> {
  try {
    await next()
  } catch (error) {
    // Without this the framework would drop every header that was set so far. Where an answer would have led to holds no more.
    context.remove('location')
    const known = error instanceof errors.OIDCProviderError && error.expose
    if (!known) failed(context, error)
    context.status = known ? error.status : 500
    const out = known ? { error: error.error, ...describing(error) } : { error: 'server_error' }
    // People read a page. What fails before the engine knows what is asked has none.
    if (isKnown(context)) pages.error(context, out)
    else context.body = out
  }
}

function describing({ error_description: words }: errors.OIDCProviderError): { error_description?: string } {
  return words === undefined ? {} : { error_description: words }
}

/** Whether the engine has an endpoint for the request: it has no notion of any other, and its types do not say so. */
function isKnown(context: { readonly oidc?: { readonly route?: string } }): boolean {
  return context.oidc?.route !== undefined
}

function isUnanswered({ method, status }: Pick<KoaContextWithOIDC, 'method' | 'status'>): boolean {
  return method === 'OPTIONS' && status === 404
}

/** Of clients that came by themselves those that get tokens stay. Before the answer, so that none is forgotten that has one. */
async function noteUse({ path, status, oidc }: KoaContextWithOIDC, { clientUsed, logger }: ProviderParts): Promise<void> {
  if (path !== '/token' || status !== 200 || factsOf(oidc.client).isStranger !== true) return
  await clientUsed(oidc.client?.clientId ?? '').catch((error: unknown) => {
    logger.warn({ err: error }, 'the use of a client could not be noted')
  })
}

/** RFC 9700 section 4.11.2: an error does not send people to a client that nobody here knows, unless they have had a say. */
function holdBack(context: KoaContextWithOIDC, pages: Pick<ProviderPages, 'holdBack'>): void {
  if (context.path !== '/authorize' || context.status !== 303 || factsOf(context.oidc.client).isStranger !== true) return
  const location = URL.parse(context.response.get('location'))
  if (location !== null && /[?#&]error=/.test(location.href)) pages.holdBack(context, location)
}

function listen(provider: Provider, logger: Logger): void {
  const emitter: EventEmitter = provider
  emitter.on('error', (error) => logger.error({ err: error }, 'the OpenID engine failed to answer'))
  const refused =
    (where: string) =>
    (context: KoaContextWithOIDC, error: errors.OIDCProviderError): void => {
      const { client } = context.oidc
      logger.info(
        { event: where, client: client?.clientId, error: error.error, detail: error.error_detail ?? error.error_description },
        'refused',
      )
    }
  provider.on('authorization.error', refused('authorization.refused'))
  provider.on('grant.error', refused('token.refused'))
  provider.on('revocation.error', refused('revocation.refused'))
  provider.on('pushed_authorization_request.error', refused('par.refused'))
}
