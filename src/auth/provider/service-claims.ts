// What a token of a service account tells: its roles, in the app or in the organisation that it acts for.
import type { Adapter, ClientCredentials } from 'oidc-provider'
import { errors } from 'oidc-provider'
import type { Call } from '#kernel/call.ts'
import { z } from '#kernel/schema.ts'
import { type Membership, membershipClaims, PERMISSIONS_SCOPE } from '../roles/membership.ts'
import type { Permissions } from '../roles/permissions.ts'
import { currentCall } from './scope.ts'

/** What the engine must know of service accounts. Implemented by `service-accounts/`. */
export interface ServiceDirectory {
  /** `undefined` when the client is no service account, `ended` when it may get no token. */
  membershipOf(call: Call, clientId: string): Promise<Membership | 'ended' | undefined>
  /** Of a service account: those of its scopes that count now. `undefined` for every other client. */
  scopesOf(call: Call, clientId: string): Promise<readonly string[] | undefined>
}

export interface ServiceClaimsParts {
  readonly services: ServiceDirectory
  readonly permissions: Permissions
}

/** What it is, always; what that allows, when it asks. */
export async function serviceClaims(
  { services, permissions }: ServiceClaimsParts,
  { clientId = '', scope = '' }: Pick<ClientCredentials, 'clientId' | 'scope'>,
): Promise<Readonly<Record<string, unknown>>> {
  const found = await services.membershipOf(currentCall(), clientId)
  if (found === undefined) return {}
  if (found === 'ended') throw new errors.InvalidClient('this service account has ended', 'no such service account')
  const allowed = scope.split(' ').includes(PERMISSIONS_SCOPE)
  return membershipClaims(found, { roles: true, organisation: true, permissions: allowed ? permissions : undefined })
}

/** Whether a token of a client that acts for itself still tells what is so. */
export async function isServiceCurrent(
  services: ServiceDirectory,
  call: Call,
  { clientId, membershipAt }: { readonly clientId: string; readonly membershipAt: number | undefined },
): Promise<boolean> {
  const found = await services.membershipOf(call, clientId)
  if (found === undefined) return true
  return found !== 'ended' && membershipAt !== undefined && membershipAt >= found.at
}

const ofService = z.looseObject({ clientId: z.string(), extra: z.looseObject({ membership_at: z.number().optional() }).optional() })

/** Random values say nothing by themselves: whether the service account is still what it was, is looked up each time that one is shown. */
export function whileServiceLasts(storage: Adapter, services: ServiceDirectory): Adapter {
  return {
    ...storage,
    async find(token) {
      const payload = await storage.find(token)
      if (payload === undefined) return undefined
      const found = ofService.safeParse(payload)
      if (!found.success) return payload
      const { clientId, extra } = found.data
      const isCurrent = await isServiceCurrent(services, currentCall(), { clientId, membershipAt: extra?.membership_at })
      return isCurrent ? payload : undefined
    },
  }
}
