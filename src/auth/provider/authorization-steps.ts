// Steps of the engine's authorization endpoints that are ours; `authorization-steps.test.ts` fails when an upgrade moves those that they stand by.
import { errors, type KoaContextWithOIDC } from 'oidc-provider'
import { askedScopes, offeredScopes } from './asked-scopes.ts'
import { authorizationSteps } from './engine-internals.ts'
import { readRequestObject } from './request-object.ts'

/** Where an authorization begins. */
export const BEGINNINGS = ['authorization', 'pushed_authorization_request', 'device_authorization'] as const

const isRequestObject = ({ name }: { readonly name: string }): boolean => name === 'processRequestObject'

/** For the engine that is built next: it takes its steps then. */
export function settleRequests(): void {
  for (const endpoint of BEGINNINGS) {
    const steps = authorizationSteps(endpoint)
    if (steps.includes(settleScope)) continue
    const gate = steps.findIndex(({ name }) => name === 'checkOpenIdScope')
    const resource = steps.findIndex(({ name }) => name === 'checkResource')
    if (gate === -1 || resource === -1 || !steps.some(isRequestObject))
      throw new Error('The OpenID engine looks at requests in another way than this release knows.')
    steps.splice(resource + 1, 0, settleScope)
    steps[gate] = gateOpenidParameters
    const mode = steps.findIndex(({ name }) => name === 'checkResponseMode')
    // No request of a device has a response type.
    if (mode !== -1) steps.splice(mode, 0, needResponseType)
    steps.splice(steps.findIndex(isRequestObject), 0, readRequestObject)
  }
}

type Next = () => Promise<unknown>

/** What is about the ID token is nothing without one. The engine counts `acr_values` and `max_age` among that, which any client may come with (RFC 9470). */
const OF_ID_TOKENS = ['claims', 'claims_locales', 'id_token_hint', 'nonce'] as const

/** The engine looks at the mode first and, without a type, refuses the one that nobody has asked for. One that was asked for is still its to judge. */
async function needResponseType({ oidc: { params = {} } }: KoaContextWithOIDC, next: Next): Promise<void> {
  if (params['response_type'] === undefined && params['response_mode'] === undefined)
    throw new errors.InvalidRequest("missing required parameter 'response_type'")
  await next()
}

async function gateOpenidParameters({ oidc: { params = {}, requestParamOIDCScopes } }: KoaContextWithOIDC, next: Next): Promise<void> {
  const beyond = requestParamOIDCScopes.has('openid') ? undefined : OF_ID_TOKENS.find((name) => params[name] !== undefined)
  if (beyond !== undefined) throw new errors.InvalidRequest(`the scope openid must be requested with the parameter ${beyond}`)
  await next()
}

/**
 * RFC 6749 section 3.3: a request without a scope has a default, and one that comes to nothing is refused, before anybody signs in for it. The default is
 * what the client is registered for there; where that is nothing, an API without scopes above all, a token still says who somebody is.
 */
async function settleScope({ oidc }: KoaContextWithOIDC, next: Next): Promise<void> {
  const { params } = oidc
  if (params !== undefined && params['scope'] === undefined) {
    const offered = offeredScopes(oidc.resourceServers)
    params['scope'] = offered.length === 0 ? 'openid' : offered.join(' ')
  } else {
    const { openid, api } = askedScopes(oidc)
    if (openid.length === 0 && api.length === 0)
      throw new errors.InvalidScope('this client is registered for none of these scopes', String(params?.['scope']))
  }
  await next()
}
