// Pixel Diary as the shop finds it: addresses from its own server, the rest by discovery (RFC 8414).
import { type AuthorizationServer, allowInsecureRequests, type Client, discoveryRequest, processDiscoveryResponse } from 'oauth4webapi'

interface Config {
  readonly provider: string
  readonly api: string
  readonly files: string
  readonly clientId: string
}

export interface Provider {
  readonly config: Config
  readonly server: AuthorizationServer
  readonly client: Client
  /** Plain HTTP is for development on one's own machine. */
  readonly options: { readonly [allowInsecureRequests]: boolean }
  /** The API that the tokens are for (RFC 8707). */
  readonly resource: string
}

export async function findProvider(): Promise<Provider> {
  const config: Config = await (await fetch('/config.json')).json()
  const issuer = new URL(config.provider)
  const options = { [allowInsecureRequests]: issuer.hostname.endsWith('.localhost') }
  const server = await processDiscoveryResponse(issuer, await discoveryRequest(issuer, options))
  return { config, server, client: { client_id: config.clientId }, options, resource: `${config.api}/api` }
}
