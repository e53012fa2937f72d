// The code grant as OAuth 2.1 has it: `redirect_uri` may be left out at the token endpoint, since PKCE binds the code to its client
// (draft section 10.2). The engine insists on it when several are registered, so it is filled in from the code.
import type Provider from 'oidc-provider'
import type { AuthorizationCode } from 'oidc-provider'
import { grantType, handler, parameters } from 'oidc-provider/lib/actions/grants/authorization_code.js'
import * as grantHelpers from 'oidc-provider/lib/helpers/grants.js'

export function allowOmittedRedirectUri(provider: Provider): void {
  const helpers = Object.fromEntries(Object.entries(grantHelpers).map(([name, helper]) => [name, helper.bind(undefined, provider)]))
  provider.registerGrantType(
    grantType,
    async (context) => {
      const { params } = context.oidc
      const { code: value } = params
      if (params['redirect_uri'] === undefined && typeof value === 'string') {
        const code = await provider.AuthorizationCode.find<AuthorizationCode>(value, { ignoreExpiration: true })
        if (code?.codeChallenge !== undefined) params['redirect_uri'] = code.redirectUri
      }
      await handler(provider, helpers, context)
    },
    [...parameters, 'resource'],
    ['resource'],
  )
}
