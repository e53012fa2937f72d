// Grants that name a permission, in words of roles: tokens say which roles somebody has, and what these allow the app says once, for all resources.
import type { RoleDefinition } from '../auth/organisations/contract.ts'
import type { AccessGrant, ResourceDefinition } from './contract.ts'

type Roles = Readonly<Record<string, RoleDefinition>>

/** In an organisation an owner may do everything that a role there allows. */
const OWNER = 'owner'

export function withRoles(definition: ResourceDefinition, roles: Roles): ResourceDefinition {
  return { ...definition, access: definition.access.flatMap((grant) => expanded(grant, roles)) }
}

export function permissionProblems({ name, access }: ResourceDefinition, roles: Roles): string[] {
  return access
    .map(permissionIn)
    .filter((permission) => permission !== undefined && rolesWith(permission, roles).length === 0)
    .map((permission) => `Resource ${name}: no role has the permission ${permission}; say under "auth.roles" which does.`)
}

function permissionIn({ who }: AccessGrant): string | undefined {
  return typeof who === 'object' && 'permission' in who ? who.permission : undefined
}

function rolesWith(permission: string, roles: Roles): string[] {
  return Object.entries(roles)
    .filter(([, { permissions }]) => permissions.includes(permission))
    .map(([role]) => role)
}

function expanded(grant: AccessGrant, roles: Roles): AccessGrant[] {
  const { who } = grant
  const permission = permissionIn(grant)
  if (permission === undefined || typeof who !== 'object') return [grant]
  if (!('organisation' in who)) return rolesWith(permission, roles).map((role) => ({ ...grant, who: { role } }))
  const { organisation } = who
  return [...new Set([OWNER, ...rolesWith(permission, roles)])].map((role) => ({ ...grant, who: { organisation, role } }))
}
