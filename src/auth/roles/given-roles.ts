// Roles that are given one by one, of those that there are: in an organisation, and to service accounts.
import { authErrors } from '../errors.ts'
import type { RolesChange, RolesWanted } from '../organisations/contract.ts'
import { fieldProblem } from '../texts/problem.ts'

const isChange = (wanted: RolesWanted): wanted is RolesChange => !Array.isArray(wanted)

export function givenRoles(all: readonly string[], wanted: readonly string[]): readonly string[] {
  if (wanted.some((role) => !all.includes(role))) throw authErrors.bad_details({ fields: [fieldProblem('roles', 'role_unknown')] })
  return all.filter((role) => wanted.includes(role))
}

export function rolesAfter(all: readonly string[], before: readonly string[], wanted: RolesWanted): readonly string[] {
  if (!isChange(wanted)) return givenRoles(all, wanted)
  const { addRoles, removeRoles } = wanted
  givenRoles([...all, ...before], [...addRoles, ...removeRoles])
  const left = [...before, ...addRoles].filter((role) => !removeRoles.includes(role))
  // What the app names no more stays with who has it, until it is taken away.
  return [...new Set([...all.filter((role) => left.includes(role)), ...left])]
}
