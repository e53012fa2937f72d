// Token exchange (RFC 8693): a resource server that was called with a person's token calls another one on that person's behalf. It is given a token of
// its own for that, for where the app definition lets it go, with no more life than the one that it has, and with its name beside the person's.
import { X509Certificate } from 'node:crypto'
import type { AccessToken, KoaContextWithOIDC, ResourceServerInstance } from 'oidc-provider'
import type Provider from 'oidc-provider'
import { errors } from 'oidc-provider'
import { z } from '#kernel/schema.ts'
import type { SignInRules } from '../engine.ts'
import { provedLevel } from '../levels.ts'
import { grantHelpers } from './engine-internals.ts'
import { EXCHANGED_IDS_CLAIM, markExchanged } from './exchanged.ts'
import { recordId } from './ids.ts'
import type { ClientRegistry, RegisteredClient } from './clients.ts'
import { clientSubject } from '../clients/subject.ts'
import { accessTokenSeconds } from './lifetimes.ts'
import type { ResourceRegistry } from './resources.ts'
import { currentCall } from './scope.ts'
import { actorsOf } from './token-clients.ts'

export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
const JWT = 'urn:ietf:params:oauth:token-type:jwt'

const PARAMETERS = [
  'subject_token',
  'subject_token_type',
  'actor_token',
  'actor_token_type',
  'requested_token_type',
  'audience',
  'resource',
  'scope',
]

const request = z.object({
  subject_token: z.string().min(1),
  subject_token_type: z.enum([ACCESS_TOKEN, JWT]),
  requested_token_type: z.enum([ACCESS_TOKEN, JWT]).optional(),
  audience: z.string().optional(),
  resource: z.string().optional(),
  scope: z.string().optional(),
  actor_token: z.undefined({ error: 'the actor is the client itself' }).optional(),
  // Section 2.1: never without the token that it is of.
  actor_token_type: z.undefined({ error: 'the actor is the client itself' }).optional(),
})

const helpers = new Map(Object.entries(grantHelpers))
const proof = z.object({ thumbprint: z.string() }).optional()
/** By the resources that it has been for, the scopes that it had there. */
const bounds = z.record(z.string(), z.string())
const sessionClaims = z.looseObject({
  sid: z.string().optional(),
  act: z.unknown().optional(),
  exchanged_from: bounds.optional(),
  [EXCHANGED_IDS_CLAIM]: z.array(z.string()).optional(),
})

const signInOf = z.looseObject({ acr: z.string().optional(), amr: z.array(z.string()).optional() })

export interface TokenExchangeParts {
  readonly clients: ClientRegistry
  readonly resources: ResourceRegistry
  readonly rules: Pick<SignInRules, 'forcesAnybody' | 'forcedLevel'>
}

export function offerTokenExchange(provider: Provider, parts: TokenExchangeParts): void {
  provider.registerGrantType(TOKEN_EXCHANGE, (context) => exchange(provider, parts, context), PARAMETERS, ['resource', 'audience'])
}

async function exchange(provider: Provider, parts: TokenExchangeParts, context: KoaContextWithOIDC): Promise<void> {
  const asked = askedOf(context)
  const { client } = context.oidc
  const registered = client === undefined ? undefined : await parts.clients.find(currentCall(), client.clientId)
  if (client === undefined || registered === undefined) throw new errors.InvalidClient('the client is not known')
  const subject = await subjectOf(provider, asked.subject_token, { resources: parts.resources, clientId: client.clientId })
  await requireProof(parts, subject)
  const target = await targetOf(context, asked, registered)
  const issuedType = issuedTypeOf(asked, target)
  const { sid, act, exchanged_from: before, [EXCHANGED_IDS_CLAIM]: ids = [], ...others } = sessionClaims.parse(subject.extra ?? {})
  const from = { ...before, [String(subject.aud)]: subject.scope ?? '' }
  const token = new provider.AccessToken({
    accountId: subject.accountId,
    client,
    gty: 'token_exchange',
    grantId: '',
    resourceServer: target,
    scope: scopesFor(asked.scope, { from, target, registered, resources: parts.resources }),
    // Introspection reads it here, and would leave it out.
    sid,
    expiresIn: Math.max(1, Math.min(accessTokenSeconds(target, client), subject.remainingTTL)),
  })
  // It is part of the person's session, and no authorisation of its own.
  Reflect.deleteProperty(token, 'grantId')
  await bind(provider, context, token)
  const signIn = Object.fromEntries(
    ['auth_time', 'acr', 'amr'].flatMap((name) => (others[name] === undefined ? [] : [[name, others[name]]])),
  )
  const actor = { sub: clientSubject(client.clientId), ...(act === undefined ? {} : { act }) }
  if (actorsOf(actor) === undefined) throw new errors.InvalidRequest('the subject token has been exchanged too often')
  markExchanged(token, {
    ...signIn,
    ...(sid === undefined ? {} : { sid }),
    act: actor,
    exchanged_from: from,
    [EXCHANGED_IDS_CLAIM]: [...ids, idOf(subject, asked.subject_token)],
  })
  context.oidc.entity('AccessToken', token)
  const value = await token.save()
  context.body = {
    access_token: value,
    issued_token_type: issuedType,
    token_type: token.tokenType,
    expires_in: token.expiration,
    ...(token.scope === undefined ? {} : { scope: token.scope }),
  }
}

/** A role that was given since may ask for more than the subject token was proved with, whatever of it the new one would tell. */
async function requireProof({ rules }: TokenExchangeParts, { accountId, extra }: AccessToken): Promise<void> {
  if (!rules.forcesAnybody) return
  if (provedLevel(signInOf.parse(extra ?? {})) < (await rules.forcedLevel(currentCall(), accountId)))
    throw new errors.InvalidRequest('the subject token proves too little for a role of this person')
}

/** What its revocation is stored under. Of one that we alone can read the `jti` is the value itself, which is nobody else's business. */
function idOf({ jti }: AccessToken, value: string): string {
  return jti === value ? recordId(value) : jti
}

function askedOf({ oidc }: KoaContextWithOIDC): z.infer<typeof request> {
  const parsed = request.safeParse(oidc.params)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new errors.InvalidRequest(`${String(issue?.path[0] ?? 'the request')}: ${issue?.message ?? 'cannot be read'}`)
}

interface Recipient {
  readonly resources: ResourceRegistry
  readonly clientId: string
}

/** A person's token that is the client's own, or was given to it as the resource server that it is for. Whoever only found one gets nothing for it. */
async function subjectOf(provider: Provider, value: string, { resources, clientId }: Recipient): Promise<AccessToken> {
  const token = await provider.AccessToken.find<AccessToken>(value)
  if (token !== undefined && (await isLive(provider, token))) {
    const isRecipient = typeof token.aud === 'string' && resources.find(token.aud)?.servers.has(clientId) === true
    if (isRecipient || token.clientId === clientId) return token
  }
  throw new errors.InvalidRequest('the subject token cannot be exchanged by this client')
}

/** Of a signed token the finder knows that already; a recorded one has its grant beside it. A service has no person to act for. */
async function isLive(provider: Provider, token: AccessToken): Promise<boolean> {
  if (token.kind !== 'AccessToken' || token.remainingTTL <= 0) return false
  return token.grantId === undefined || (await provider.Grant.find(token.grantId)) !== undefined
}

async function targetOf(
  context: KoaContextWithOIDC,
  { audience, resource }: z.infer<typeof request>,
  { definition }: RegisteredClient,
): Promise<ResourceServerInstance> {
  const target = resource ?? audience
  if (target === undefined || (audience !== undefined && audience !== target)) throw new errors.InvalidTarget('name one resource')
  if (definition?.exchange?.audiences.includes(target) !== true) throw new errors.InvalidTarget('this client may not go there')
  if (context.oidc.params !== undefined) context.oidc.params['resource'] = target
  await helper('resolveRequestedResources')(context.oidc.provider, context)
  const found = context.oidc.resourceServers?.[target]
  if (found === undefined) throw new errors.InvalidTarget('there is no such resource here')
  return found
}

/** A JWT where one is asked for, or nothing (RFC 8693 section 2.2.1). */
function issuedTypeOf({ requested_token_type: type = ACCESS_TOKEN }: z.infer<typeof request>, target: ResourceServerInstance): string {
  if (type === JWT && target.accessTokenFormat !== 'jwt')
    throw new errors.InvalidRequest('requested_token_type: the tokens of that resource are no JWTs')
  return type
}

interface Bounds {
  readonly from: z.infer<typeof bounds>
  readonly target: ResourceServerInstance
  readonly registered: RegisteredClient
  readonly resources: ResourceRegistry
}

/**
 * Wherever the token has come from, by however many exchanges, no scope is added; elsewhere the client has what it is registered for. The API and its
 * addresses are one place: a way around by another address would add scopes, too.
 */
function scopesFor(asked: string | undefined, { from, target, registered, resources }: Bounds): string | undefined {
  const placeOf = (audience: string): string => resources.find(audience)?.partOf ?? audience
  const place = placeOf(target.identifier())
  const before = Object.entries(from).flatMap(([audience, scope]) => (placeOf(audience) === place ? [scope.split(' ')] : []))
  const offered = [...target.scopes].filter((scope) => registered.apiScopes.includes(scope))
  const allowed = offered.filter((scope) => before.every((had) => had.includes(scope)))
  const wanted = asked?.split(' ') ?? allowed
  const beyond = wanted.find((scope) => !allowed.includes(scope))
  if (beyond !== undefined) throw new errors.InvalidScope('the scope is wider than what may be had for this token', beyond)
  return wanted.length === 0 ? undefined : wanted.join(' ')
}

async function bind(provider: Provider, context: KoaContextWithOIDC, token: AccessToken): Promise<void> {
  const shown = await helper('validateDpop')(provider, context)
  helper('checkDpopRequired')(provider, context, shown)
  const certificate = helper('checkMtlsCert')(provider, context)
  const found = proof.parse(shown)
  if (found !== undefined) {
    await helper('checkDpopReplay')(provider, context, shown, token.clientId)
    token.setThumbprint('jkt', found.thumbprint)
  }
  if (certificate instanceof X509Certificate) token.setThumbprint('x5t', certificate)
}

/** One that an upgrade has taken away must not be a check that is left out. */
function helper(name: string): (provider: Provider, ...values: readonly unknown[]) => unknown {
  const found = helpers.get(name)
  if (found === undefined) throw new Error(`The OpenID engine has no ${name} any more.`)
  return found
}
