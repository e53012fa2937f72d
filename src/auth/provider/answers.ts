// What we put right in answers of the engine's endpoints.
import type { KoaContextWithOIDC } from 'oidc-provider'
import { z } from '#kernel/schema.ts'
import { DEVICE_GRANT, POLL_SECONDS } from './device-flow.ts'

type Context = Pick<KoaContextWithOIDC, 'path' | 'status' | 'body' | 'oidc'>

const refusal = z.looseObject({ error: z.literal('invalid_request') })
const begun = z.looseObject({ device_code: z.string() })

/** RFC 6749 section 5.2: who asks for a grant that it is not registered for is told so, and not that it asked in a wrong way. */
export function nameUnregisteredGrants(context: Context): void {
  const { client, params } = context.oidc
  const wanted = context.path === '/device-authorization' ? DEVICE_GRANT : params?.['grant_type']
  const isAbout = context.path === '/token' || context.path === '/device-authorization'
  if (!isAbout || context.status !== 400 || client === undefined || typeof wanted !== 'string' || client.grantTypeAllowed(wanted)) return
  const found = refusal.safeParse(context.body)
  if (found.success) context.body = { error: 'unauthorized_client', error_description: 'the client is not registered for this grant type' }
}

/** RFC 8628 section 3.2. */
export function tellInterval(context: Context): void {
  const found = context.path === '/device-authorization' && context.status === 200 ? begun.safeParse(context.body) : undefined
  if (found?.success === true) context.body = { ...found.data, interval: POLL_SECONDS }
}
