// The code grant as OAuth 2.1 has it: `redirect_uri` may be left out at the token endpoint, since PKCE binds the code to its client
// (draft section 10.2). The engine insists on it when several are registered, so it is filled in from the code. And a code bears a few wrong tries only.
import type Provider from 'oidc-provider'
import type { AuthorizationCode } from 'oidc-provider'
import { errors } from 'oidc-provider'
import { ProvedTooLittle } from './account-claims.ts'
import { codeGrant, grantHelpers } from './engine-internals.ts'

/** RFC 7636 section 4.1. */
const VERIFIER = /^[\w.~-]{43,128}$/

const { grantType, handler, parameters } = codeGrant

export function offerCodeGrant(provider: Provider, noteWrongTry: (code: string) => Promise<void>): void {
  const helpers = Object.fromEntries(Object.entries(grantHelpers).map(([name, helper]) => [name, helper.bind(undefined, provider)]))
  provider.registerGrantType(
    grantType,
    async (context) => {
      const { params } = context.oidc
      const { code: value, code_verifier: verifier } = params
      if (params['redirect_uri'] === undefined && typeof value === 'string') {
        const code = await provider.AuthorizationCode.find<AuthorizationCode>(value, { ignoreExpiration: true })
        if (code !== undefined) params['redirect_uri'] = code.redirectUri
      }
      try {
        // What cannot be a verifier is a wrong one (section 4.6); the engine would call it a bad request.
        if (typeof verifier === 'string' && !VERIFIER.test(verifier))
          throw new errors.InvalidGrant('the code verifier is not that of the code')
        await handler(provider, helpers, context)
      } catch (error) {
        if (error instanceof errors.InvalidGrant && !(error instanceof ProvedTooLittle) && typeof value === 'string')
          await noteWrongTry(value)
        throw error
      }
    },
    [...parameters, 'resource'],
    ['resource'],
  )
}
