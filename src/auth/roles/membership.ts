// What operators make of people: roles and groups, kept on the account and carried in access tokens (RFC 9068 section 2.2.3.1).
import { z } from '#kernel/schema.ts'
import type { Permissions } from './permissions.ts'

/** The organisation that somebody acts for, and what they are there. */
export interface ActiveOrganisation {
  readonly id: string
  readonly roles: readonly string[]
}

export interface Membership {
  readonly roles: readonly string[]
  readonly groups: readonly string[]
  readonly organisation?: ActiveOrganisation | undefined
  /** Epoch milliseconds of the last change, 0 before the first. Tokens say which state they carry, so that older ones can be told. */
  readonly at: number
}

export interface MembershipChange {
  readonly addRoles?: readonly string[]
  readonly removeRoles?: readonly string[]
  readonly addGroups?: readonly string[]
  readonly removeGroups?: readonly string[]
}

/** A scope that every app has: without it, a third party is not told what somebody is. */
export const ROLES_SCOPE = 'roles'
/** The same for the organisation that somebody acts for, and for what roles allow. */
export const ORGANISATIONS_SCOPE = 'organizations'
export const PERMISSIONS_SCOPE = 'permissions'
export const MEMBERSHIP_SCOPES: readonly string[] = [ROLES_SCOPE, ORGANISATIONS_SCOPE, PERMISSIONS_SCOPE]

const WORD = /^[a-z0-9][a-z0-9_.-]{0,62}$/
/** As they stand in a token, which travels with every request, in a cookie of 4096 bytes among others. With the roles in an organisation they have room there. */
const MAX_BYTES = 800
/** No token with more of either is taken. */
const MAX_NAMES = 100

const bytesOf = (...lists: readonly (readonly string[])[]): number => Buffer.byteLength(JSON.stringify(lists.flat()))

export function isMembershipWord(word: string): boolean {
  return WORD.test(word)
}

export const membershipShape = {
  roles: z.array(z.string()).optional(),
  groups: z.array(z.string()).optional(),
  activeOrganisation: z.strictObject({ id: z.string(), roles: z.array(z.string()) }).optional(),
  membershipAt: z.int().optional(),
}

interface Stored {
  readonly roles?: readonly string[] | undefined
  readonly groups?: readonly string[] | undefined
  readonly activeOrganisation?: ActiveOrganisation | undefined
  readonly membershipAt?: number | undefined
}

export function membershipOf({ roles = [], groups = [], activeOrganisation, membershipAt = 0 }: Stored): Membership {
  const acting = activeOrganisation === undefined ? {} : { organisation: activeOrganisation }
  return { roles, groups, ...acting, at: membershipAt }
}

/** The new state, the same object when nothing changes, or one line that says what is wrong. */
export function changedMembership(before: Membership, change: MembershipChange, now: number): Membership | string {
  const words = [change.addRoles, change.removeRoles, change.addGroups, change.removeGroups].flatMap((list) => list ?? [])
  const bad = words.find((word) => !isMembershipWord(word))
  if (bad !== undefined)
    return `${JSON.stringify(bad)} cannot be a role or a group: use up to 63 lower-case letters, digits, "_", "." and "-", beginning with a letter or a digit.`
  const roles = applied(before.roles, change.addRoles, change.removeRoles)
  const groups = applied(before.groups, change.addGroups, change.removeGroups)
  const bytes = bytesOf(roles, groups)
  // Who has more from before can lose some.
  if (bytes > MAX_BYTES && bytes > bytesOf(before.roles, before.groups))
    return `The names of all roles and groups of a person have ${MAX_BYTES} bytes together at most, as a list in JSON: they travel with every request. These have ${bytes}.`
  if (isMore(roles, before.roles) || isMore(groups, before.groups))
    return `A person has ${MAX_NAMES} roles and ${MAX_NAMES} groups at most.`
  const isSame = roles.join(' ') === before.roles.join(' ') && groups.join(' ') === before.groups.join(' ')
  return isSame ? before : { ...before, roles, groups, at: laterThan(before.at, now) }
}

function isMore(after: readonly string[], before: readonly string[]): boolean {
  return after.length > MAX_NAMES && after.length > before.length
}

/** A clock that stands, or goes back, must not leave older tokens good. */
export function laterThan(before: number, now: number): number {
  return Math.max(now, before + 1)
}

function applied(list: readonly string[], added: readonly string[] = [], removed: readonly string[] = []): string[] {
  return [...new Set([...list, ...added])].filter((word) => !removed.includes(word)).toSorted()
}

export interface Telling {
  readonly roles: boolean
  readonly organisation: boolean
  /** What roles allow, when it is to be told. */
  readonly permissions?: Permissions | undefined
}

/** Claims of an access token. `membership_at` is ours: the state that the others tell of. */
export function membershipClaims({ roles, groups, organisation, at }: Membership, told: Telling): Readonly<Record<string, unknown>> {
  const { permissions } = told
  return {
    ...(told.roles && roles.length > 0 ? { roles } : {}),
    ...(told.roles && groups.length > 0 ? { groups } : {}),
    ...(permissions !== undefined && roles.length > 0 ? { permissions: permissions.ofApp(roles) } : {}),
    ...(told.organisation && organisation !== undefined
      ? {
          organization: {
            ...organisation,
            ...(permissions === undefined ? {} : { permissions: permissions.ofOrganisation(organisation.roles) }),
          },
        }
      : {}),
    membership_at: at,
  }
}
