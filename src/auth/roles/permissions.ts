// What roles allow: the app says so once, and access rules and tokens name it.
import type { RoleDefinition } from '../organisations/contract.ts'

type Roles = Readonly<Record<string, RoleDefinition>>

/** Which roles there are. */
export interface KnownRoles {
  /** By their names; without them any name may be one. */
  readonly roles?: object | undefined
  readonly organisations?: object | undefined
}

const PERMISSION = /^[a-z0-9][a-z0-9_.:-]{0,62}$/
const ROLE = /^[a-z0-9][a-z0-9_.-]{0,62}$/
/** Everybody who may do everything in an organisation; the app cannot give it another meaning. */
export const OWNER = 'owner'

/** What roles allow. */
export interface Permissions {
  ofApp(held: readonly string[]): readonly string[]
  /** An owner has there what any role allows: access rules let one do as much. */
  ofOrganisation(held: readonly string[]): readonly string[]
}

export function permissionsOf(roles: Roles = {}): Permissions {
  const known = new Map(Object.entries(roles))
  const ofApp = (held: readonly string[]): readonly string[] =>
    [...new Set(held.flatMap((role) => known.get(role)?.permissions ?? []))].toSorted()
  return { ofApp, ofOrganisation: (held) => ofApp(held.includes(OWNER) ? [...known.keys()] : held) }
}

/** Throws with every problem. */
export function checkRoles(roles: Roles = {}, ofOrganisations: readonly string[] = []): void {
  const problems = [
    ...Object.entries(roles).flatMap(([role, { permissions }]) => [
      ...nameProblems(role),
      ...permissions
        .filter((each) => !PERMISSION.test(each))
        .map((each) => `${JSON.stringify(each)} cannot be a permission: use lower-case letters, digits, "_", ".", ":" and "-".`),
    ]),
    ...ofOrganisations
      .filter((role) => role !== OWNER && !Object.hasOwn(roles, role))
      .map((role) => `organisations name the role ${JSON.stringify(role)}, which "roles" does not have.`),
  ]
  if (problems.length > 0) throw new Error(`The roles cannot be used:\n${problems.map((problem) => `- ${problem}`).join('\n')}`)
}

/** What is wrong with the name of a role that asks for a second factor: one that nobody can have would ask nobody. */
export function forcedRoleProblem(role: string, { roles, organisations }: KnownRoles): string | undefined {
  const [problem] = nameProblems(role)
  const isThere = roles === undefined || Object.hasOwn(roles, role) || (role === OWNER && organisations !== undefined)
  if (problem !== undefined || isThere) return problem
  return `${JSON.stringify(role)} is none of "roles", so it would ask nobody for a second factor`
}

/** Why people cannot be given these: a role that the app does not have allows nothing, and they would be told of it all the same. */
export function unknownRolesProblem(given: readonly string[], { roles }: Pick<KnownRoles, 'roles'>): string | undefined {
  if (roles === undefined) return undefined
  const unknown = given.filter((role) => !Object.hasOwn(roles, role))
  if (unknown.length === 0) return undefined
  const known = Object.keys(roles)
  const there = known.length === 0 ? 'which has none' : `which has ${known.join(', ')}`
  return `${unknown.map((role) => JSON.stringify(role)).join(', ')}: no ${unknown.length === 1 ? 'role' : 'roles'} of this app, ${there}`
}

function nameProblems(role: string): string[] {
  return ROLE.test(role) ? [] : [`${JSON.stringify(role)} cannot be a role: use up to 63 lower-case letters, digits, "_", "." and "-".`]
}
