// What operators make of people: roles and groups, kept on the account and carried in access tokens (RFC 9068 section 2.2.3.1).
import { z } from '#kernel/schema.ts'

export interface Membership {
  readonly roles: readonly string[]
  readonly groups: readonly string[]
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

const WORD = /^[a-z0-9][a-z0-9_.-]{0,62}$/
/** Tokens travel with every request, in a cookie of 4096 bytes among others. */
const MAX_CHARACTERS = 800

export const membershipShape = {
  roles: z.array(z.string()).optional(),
  groups: z.array(z.string()).optional(),
  membershipAt: z.int().optional(),
}

interface Stored {
  readonly roles?: readonly string[] | undefined
  readonly groups?: readonly string[] | undefined
  readonly membershipAt?: number | undefined
}

export function membershipOf({ roles = [], groups = [], membershipAt = 0 }: Stored): Membership {
  return { roles, groups, at: membershipAt }
}

/** The new state, the same object when nothing changes, or one line that says what is wrong. */
export function changedMembership(before: Membership, change: MembershipChange, now: number): Membership | string {
  const words = [change.addRoles, change.removeRoles, change.addGroups, change.removeGroups].flatMap((list) => list ?? [])
  const bad = words.find((word) => !WORD.test(word))
  if (bad !== undefined)
    return `${JSON.stringify(bad)} cannot be a role or a group: use up to 63 lower-case letters, digits, "_", "." and "-", beginning with a letter or a digit.`
  const roles = applied(before.roles, change.addRoles, change.removeRoles)
  const groups = applied(before.groups, change.addGroups, change.removeGroups)
  if ([...roles, ...groups].join(' ').length > MAX_CHARACTERS)
    return `The names of all roles and groups of a person have ${MAX_CHARACTERS} characters together at most: they travel with every request.`
  const isSame = roles.join(' ') === before.roles.join(' ') && groups.join(' ') === before.groups.join(' ')
  return isSame ? before : { roles, groups, at: Math.max(now, before.at + 1) }
}

function applied(list: readonly string[], added: readonly string[] = [], removed: readonly string[] = []): string[] {
  return [...new Set([...list, ...added])].filter((word) => !removed.includes(word)).toSorted()
}

/** Claims of an access token. `membership_at` is ours: the state that the others tell of. */
export function membershipClaims({ roles, groups, at }: Membership): Readonly<Record<string, unknown>> {
  return { ...(roles.length === 0 ? {} : { roles }), ...(groups.length === 0 ? {} : { groups }), membership_at: at }
}
