// Claims of the app in access and ID tokens: one claim that holds them all, so that none can take the place of the protocol's.
import type { KoaContextWithOIDC } from 'oidc-provider'
import { errors } from 'oidc-provider'
import type { TokenAnswer } from '../hooks/contract.ts'
import type { RunningHooks } from '../hooks/hooks.ts'
import type { ClientRegistry } from './clients.ts'
import type { MembershipReader } from './membership-now.ts'
import type { ResourceRegistry } from './resources.ts'
import { currentCall } from './scope.ts'

export const APP_CLAIM = 'app'

/** What tokens are issued for: a code, a refresh token, a device code, or the access token itself. */
export interface TokenSource {
  readonly clientId?: string | undefined
  readonly scope?: string | undefined
  /** Where they may be used: several for what tokens come of, one for a token. */
  readonly resource?: string | readonly string[] | undefined
  /** What was proved at the sign-in that it comes from. */
  readonly acr?: string | undefined
  readonly amr?: readonly string[] | undefined
  /** Set when it was used before. */
  readonly consumed?: unknown
}

interface IssuedToken extends TokenSource {
  readonly accountId?: string | undefined
  readonly aud?: string | readonly string[] | undefined
}

type Claims = Readonly<Record<string, unknown>>

export interface ClaimsReader {
  readonly isUsed: boolean
  /** Asks the app, once for a request. Before a refresh token is used up: a hook that fails for a while must not cost anybody the session. */
  prepare(context: KoaContextWithOIDC, accountId: string, source: TokenSource): Promise<void>
  ofAccessToken(context: KoaContextWithOIDC, token: IssuedToken): Promise<Claims>
  ofIdToken(context: KoaContextWithOIDC): Promise<Claims>
}

export interface ClaimsReaderParts {
  readonly clients: Pick<ClientRegistry, 'isFirstParty'>
  readonly resources: Pick<ResourceRegistry, 'api'>
  readonly membershipNow: MembershipReader
}

export function createClaimsReader(
  hooks: Pick<RunningHooks, 'tokenClaims' | 'hasTokenClaims'>,
  { clients, resources, membershipNow }: ClaimsReaderParts,
): ClaimsReader {
  const answers = new WeakMap<KoaContextWithOIDC, Promise<TokenAnswer>>()

  const ask = async (context: KoaContextWithOIDC, accountId: string, source: TokenSource): Promise<TokenAnswer> => {
    const { clientId = '' } = source
    const asked = context.oidc.params?.['scope']
    const scope = typeof asked === 'string' ? asked : (source.scope ?? '')
    const named = context.oidc.params?.['resource'] ?? source.resource ?? []
    const { roles, organisation } = await membershipNow(currentCall(), accountId)
    try {
      return await hooks.tokenClaims(currentCall(), {
        accountId,
        clientId,
        firstParty: clients.isFirstParty(clientId),
        scopes: scope.split(' ').filter((each) => each !== ''),
        resource: audienceOf([named].flat(), resources.api.audience),
        roles,
        ...(organisation === undefined ? {} : { organisation }),
      })
    } catch (cause) {
      throw unavailable(cause)
    }
  }
  const claimsOf = (claims: Claims | undefined): Claims =>
    claims === undefined || Object.keys(claims).length === 0 ? {} : { [APP_CLAIM]: claims }

  return {
    isUsed: hooks.hasTokenClaims,
    async prepare(context, accountId, source) {
      if (!hooks.hasTokenClaims || context.oidc.route !== 'token') return
      const asked = answers.get(context) ?? ask(context, accountId, source)
      answers.set(context, asked)
      await asked
    },
    async ofAccessToken(context, token) {
      if (!hooks.hasTokenClaims || token.accountId === undefined) return {}
      const answer = await (answers.get(context) ?? ask(context, token.accountId, { ...token, resource: token.aud }))
      return claimsOf(answer.accessToken)
    },
    ofIdToken: async (context) => claimsOf((await answers.get(context))?.idToken),
  }
}

/** As the token will have it (see resource.ts): the API when it is among several. What names more than one at once gets no token. */
function audienceOf(named: readonly unknown[], api: string): string {
  const [first = api] = named.includes(api) ? [api] : named
  return String(first)
}

/** RFC 6749 gives the token endpoint no code for this; that of the authorization endpoint says it best. */
function unavailable(cause: unknown): Error {
  const error = new errors.TemporarilyUnavailable('no token can be issued just now', { cause, detail: 'the hook tokenClaims failed' })
  return Object.assign(error, { status: 503, statusCode: 503 })
}
