// What a token of a service account tells: its roles, in the app or in the organisation that it acts for.
import { errors } from 'oidc-provider'
import type { Call } from '#kernel/call.ts'
import { type Membership, membershipClaims } from '../roles/membership.ts'
import { currentCall } from './scope.ts'

/** What the engine must know of service accounts. Implemented by `service-accounts/`. */
export interface ServiceDirectory {
  /** `undefined` when the client is no service account, `ended` when it may get no token. */
  membershipOf(call: Call, clientId: string): Promise<Membership | 'ended' | undefined>
}

export async function serviceClaims(services: ServiceDirectory, clientId: string): Promise<Readonly<Record<string, unknown>>> {
  const found = await services.membershipOf(currentCall(), clientId)
  if (found === undefined) return {}
  if (found === 'ended') throw new errors.InvalidClient('this service account has ended', 'no such service account')
  return membershipClaims(found, { roles: true, organisation: true })
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
