// The logout token (OpenID Connect Back-Channel Logout 1.0 section 2.4), signed as the client's ID tokens are.
import type Provider from 'oidc-provider'
import { randomToken } from '#kernel/ids.ts'
import type { SignOutNotice } from '../logout/backchannel.ts'

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
const ID_BYTES = 16

export async function logoutToken(provider: Provider, { clientId, accountId, sid }: SignOutNotice): Promise<string> {
  const client = await provider.Client.find(clientId)
  if (client === undefined) throw new Error(`The client ${clientId} is gone.`)
  // Never a nonce: it must not pass for an ID token.
  const token = Object.assign(new provider.IdToken({ sub: accountId }, { client }), { mask: { sub: null } })
  token.set('events', { [EVENT]: {} })
  token.set('jti', randomToken(ID_BYTES))
  token.set('sid', sid)
  return await token.issue({ use: 'logout' })
}
