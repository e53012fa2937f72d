// What we change in the engine's own classes, all in one place; `model-changes.test.ts` fails when an upgrade moves them.
import type { AccessToken, ClientCredentials, KoaContextWithOIDC, Session } from 'oidc-provider'
import Provider, { errors } from 'oidc-provider'
import { UsedBefore } from './artifact-storage.ts'
import { factsOf } from './client-facts.ts'
import { contexts, forgetFormerCookie, internals, introspectionStack, nameTokensBy, revocationStack, Router } from './engine-internals.ts'
import { acrOf, toldAcr } from '../levels.ts'
import { sidOf } from './ids.ts'
import type { CheckSecret } from './secret-tries.ts'
import type { ComeThrough } from './token-clients.ts'

export function checkClientSecretsBy(provider: Provider, check: CheckSecret): void {
  provider.Client.prototype.compareClientSecret = function compareHashes(actual: string): Promise<boolean> {
    return check(this, actual)
  }
}

/** Of two that show one proof at once the loser is told as whoever comes later: the engine looks first and writes then. */
export function detectReplaysAtOnce(provider: Provider): void {
  const { ReplayDetection } = provider
  const { unique } = ReplayDetection
  ReplayDetection.unique = async function uniqueEvenAtOnce(iss: string, jti: string, exp: number): Promise<boolean> {
    try {
      return await unique.call(this, iss, jti, exp)
    } catch (error) {
      if (error instanceof UsedBefore) return false
      throw error
    }
  }
}

export interface RefreshTokenIds {
  first(): string
  successorOf(value: string): string
}

/** The successor of a refresh token is computed from it, so that every racer arrives at the same one. */
export function nameRefreshTokensBy(provider: Provider, ids: RefreshTokenIds): void {
  nameTokensBy(provider.RefreshToken.prototype, () => {
    const rotated = Provider.ctx?.oidc.entities.RotatedRefreshToken
    return rotated === undefined ? ids.first() : ids.successorOf(rotated.jti)
  })
}

/**
 * No ID token at a refresh, unless the client is registered to get one (OpenID Connect Core section 12.2 has it optional). It would tell of the same
 * sign-in as the first one, and its signature costs as much as everything else of a refresh together.
 */
export function leaveOutIdTokensAtRefresh(provider: Provider): void {
  const { prototype } = provider.IdToken
  const { issue } = prototype
  // The types say that there always is one; the engine itself has answers without.
  Reflect.set(prototype, 'issue', async function issueUnlessRefreshing(this: typeof prototype, options: Parameters<typeof issue>[0]) {
    const { client, params, route } = Provider.ctx?.oidc ?? {}
    const isRefresh = route === 'token' && params?.['grant_type'] === 'refresh_token'
    return isRefresh && factsOf(client).idTokenAtRefresh !== true ? undefined : issue.call(this, options)
  })
}

/** `sid` is computed from the grant, so that whoever has one can tell which grant to end. It is in every token. */
export function nameSessionsByGrant(provider: Provider): void {
  provider.Client.prototype.includeSid = () => true
  const prototype: Session = provider.Session.prototype
  function sidFor(this: Session, clientId: string): string | undefined
  function sidFor(this: Session, clientId: string, value: string): void
  function sidFor(this: Session, clientId: string): string | undefined {
    const grantId = this.grantIdFor(clientId)
    return grantId === undefined ? undefined : sidOf(grantId)
  }
  prototype.sidFor = sidFor
}

/**
 * A session that gets a new cookie is saved under its old record (see session-storage.ts), so nothing is left to delete. As the engine does it,
 * deleting first, the session is absent for a moment, and a refresh in that moment signs the person out.
 */
export function renewCookiesInPlace(provider: Provider): void {
  const prototype: Session = provider.Session.prototype
  const { save } = prototype
  prototype.save = function saveInPlace(ttl: number): Promise<string> {
    forgetFormerCookie(this)
    return save.call(this, ttl)
  }
}

/**
 * Whoever agrees has signed in before, and got a new cookie then. As the engine does it they get one more, and of two tabs where somebody agrees at once the
 * slower one comes with a cookie that opens nothing any more, and signs the browser out.
 */
export function keepCookiesAtConsent(provider: Provider): void {
  const prototype: Session = provider.Session.prototype
  const { resetIdentifier } = prototype
  prototype.resetIdentifier = function resetUnlessAgreeing(): void {
    if (Provider.ctx?.oidc.entities.Interaction?.prompt.name !== 'consent') resetIdentifier.call(this)
  }
}

/** `form_post` answers with a page whose inline script posts to the client, which our content security policy is there to stop. */
export function dropFormPost(provider: Provider): void {
  internals(provider).responseModes.delete('form_post')
}

export interface AccessTokenFinder {
  isOurs(value: string): boolean
  /** Of one that is recorded: whether the clients that it has come through are still here. */
  isGood(token: ComeThrough): Promise<boolean>
  find(value: string): Promise<AccessToken | ClientCredentials | undefined>
}

interface FindOptions {
  readonly ignoreExpiration?: boolean
}

type Find = (this: unknown, value: string, options?: FindOptions) => Promise<unknown>

/** Signed tokens are found by what they say, before the engine looks for a record. Of the three kinds that it asks for at once only one answers. */
export function findAccessTokensBy(provider: Provider, finder: AccessTokenFinder): void {
  const models: readonly { find: unknown; readonly name: string }[] = [
    provider.AccessToken,
    provider.ClientCredentials,
    provider.RefreshToken,
  ]
  for (const model of models) {
    const find: unknown = Reflect.get(model, 'find')
    if (typeof find !== 'function') throw new Error('The OpenID engine finds its tokens in another way than this release knows.')
    const findOurs: Find = async (value, options) => {
      if (finder.isOurs(value)) return model.name === 'AccessToken' ? await finder.find(value) : undefined
      const found: unknown = await Reflect.apply(find, model, [value, options])
      // Revoking one access token revokes that one (RFC 7009 section 2.1); the engine would end the whole grant with it.
      if (model.name === 'AccessToken' && found instanceof Object && Provider.ctx?.oidc.route === 'revocation')
        Reflect.deleteProperty(found, 'grantId')
      return await whileClientsLast(provider, finder, found)
    }
    Reflect.set(model, 'find', findOurs)
  }
}

/** An access token ends with its clients, whoever it speaks for; the engine takes for granted that there is one. */
async function whileClientsLast(provider: Provider, finder: AccessTokenFinder, found: unknown): Promise<unknown> {
  if (!(found instanceof provider.AccessToken || found instanceof provider.ClientCredentials)) return found
  const { clientId, iat, extra } = found
  return (await finder.isGood({ clientId, iat, act: extra?.['act'] })) ? found : undefined
}

/** A token that is encrypted for its resource server is one that we could not read ourselves when we are asked about it, so a record of it is kept. */
export function keepEncryptedTokens(provider: Provider): void {
  for (const { prototype } of [provider.AccessToken, provider.ClientCredentials]) {
    const save: unknown = Reflect.get(prototype, 'save')
    if (typeof save !== 'function') throw new Error('The OpenID engine saves its tokens in another way than this release knows.')
    const saveEncrypted = async function saveEncrypted(this: AccessToken | ClientCredentials): Promise<string> {
      const value = String(await Reflect.apply(save, this, []))
      if (value.split('.').length !== ENCRYPTED_PARTS) return value
      const lifetime = this.expiration
      const now = Math.floor(Date.now() / 1000)
      const fields = RECORDED.flatMap((name): [string, unknown][] =>
        Reflect.get(this, name) === undefined ? [] : [[name, Reflect.get(this, name)]],
      )
      const record = { ...Object.fromEntries(fields), innerId: this.jti, kind: this.kind, iat: now, exp: now + lifetime }
      await this.adapter.upsert(value, record, lifetime)
      return value
    }
    Reflect.set(prototype, 'save', saveEncrypted)
  }
}

const ENCRYPTED_PARTS = 5
const RECORDED = [
  'clientId',
  'accountId',
  'grantId',
  'aud',
  'scope',
  'sid',
  'extra',
  'jkt',
  'x5t#S256',
  'gty',
  'sessionUid',
  'expiresWithSession',
]

/** The endpoints of the engine that refuse signed tokens take them from now on, and introspection takes no public client. */
export function takeStructuredTokens(): void {
  for (const stack of [introspectionStack, revocationStack]) {
    if (stack.includes(onlyConfidential)) continue
    const at = stack.findIndex(({ name }) => name === 'rejectStructuredTokens')
    if (at === -1) throw new Error('The OpenID engine checks tokens at its endpoints in another way than this release knows.')
    stack[at] = onlyConfidential
  }
}

/** RFC 7662 section 2.1: whoever has found a token must not learn here what it is good for, and the id of a public client is no secret. */
async function onlyConfidential({ oidc }: KoaContextWithOIDC, next: () => Promise<unknown>): Promise<void> {
  if (oidc.route === 'introspection' && oidc.client?.tokenEndpointAuthMethod === 'none') {
    throw new errors.InvalidClientAuth('public clients may not ask about tokens')
  }
  await next()
}

/**
 * The engine gives each context its `oidc` by a getter, a function of its own each time. To V8 no two contexts are of one kind then: it keeps a description
 * of each in old memory, which keeps the whole request alive until all garbage is collected, and finds the members of a context the slow way. From now on
 * it is a value, made at once: each request asks for it anyway.
 */
export function giveContextsOneShape(): void {
  for (const method of ['get', 'post', 'put', 'delete', 'options'] as const) {
    const register = Router.prototype[method]
    if (register.name === 'registerPlain') continue
    Router.prototype[method] = function registerPlain(...[name, path, ...steps]) {
      return register.call(this, name, path, ...steps.map((step) => (step.name === 'ensureOIDC' ? giveContext : step)))
    }
  }
}

async function giveContext(context: KoaContextWithOIDC, next: () => Promise<unknown>): Promise<unknown> {
  const { app } = context
  if (!(app instanceof Provider)) throw new TypeError('A context of the OpenID engine belongs to it.')
  Object.defineProperty(context, 'oidc', { value: new app.OIDCContext(context) })
  return await contexts.run(context, next)
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'] as const

/** By which methods some endpoint of the engine can be asked there. */
export function methodsAt(provider: Provider, path: string): string[] {
  const { router } = internals(provider)
  return METHODS.filter((method) => router.match(method, path) !== undefined)
}

/** `acr` says what was proved in the words that the client has asked in, when they are true (see ../levels.ts). */
export function nameAcrAsAsked(provider: Provider): void {
  Object.defineProperty(provider.OIDCContext.prototype, 'acr', {
    configurable: true,
    get(this: KoaContextWithOIDC['oidc']): string | undefined {
      return toldAcr(this.session?.acr ?? acrOf(1), this.params?.['acr_values'])
    },
  })
}
