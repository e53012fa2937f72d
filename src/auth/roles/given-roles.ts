// Roles that are given one by one, of those that there are: in an organisation, and to service accounts.
import { authErrors } from '../errors.ts'
import type { RolesChange, RolesWanted } from '../organisations/contract.ts'
import { choiceProblem } from '../texts/problem.ts'

const isChange = (wanted: RolesWanted): wanted is RolesChange => !Array.isArray(wanted)

export function givenRoles(all: readonly string[], wanted: readonly string[]): readonly string[] {
  const none = wanted.filter((role) => !all.includes(role))
  if (none.length > 0) throw authErrors.bad_details({ fields: [choiceProblem('roles', 'role_unknown', { none, of: all })] })
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
