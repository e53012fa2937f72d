// What others ask of organisations: whether one is there, and what somebody is in any of them.
import type { Call } from '#kernel/call.ts'
import type { OrganisationsRepository } from './repository.ts'
import type { Member } from './schemas.ts'

export interface Standing {
  /** False for one that has ended, or never was. */
  stands(this: void, call: Call, organisationId: string): Promise<boolean>
  /** Whether somebody has one of these roles in any of them, whichever they act for. */
  holdsOneOf(this: void, call: Call, accountId: string, roles: readonly string[]): Promise<boolean>
  /** Also in one that has ended, until the job has taken its members out: the look-ups are the same for everybody. */
  mayHoldOneOf(this: void, call: Call, accountId: string, roles: readonly string[]): Promise<boolean>
}

export interface StandingParts {
  readonly repository: Pick<OrganisationsRepository, 'find' | 'memberships'>
  /** Roles that members can have; none where the app has no organisations. */
  readonly roles: readonly string[]
}

const PAGE = 100

export function createStanding({ repository, roles: offered }: StandingParts): Standing {
  const stands: Standing['stands'] = async (call, organisationId) => {
    const found = await repository.find(call, organisationId)
    return found !== undefined && found.endedAt === undefined
  }
  async function* membershipsWith(call: Call, accountId: string, roles: readonly string[]): AsyncGenerator<Member, void> {
    const wanted = new Set(roles.filter((role) => offered.includes(role)))
    if (wanted.size === 0) return
    let after: string | undefined
    do {
      const { items, next } = await repository.memberships(call, accountId, { limit: PAGE, after })
      for (const { value } of items) if (value.roles.some((role) => wanted.has(role))) yield value
      after = next
    } while (after !== undefined)
  }
  return {
    stands,
    async holdsOneOf(call, accountId, roles) {
      for await (const { organisationId } of membershipsWith(call, accountId, roles)) if (await stands(call, organisationId)) return true
      return false
    },
    async mayHoldOneOf(call, accountId, roles) {
      return (await membershipsWith(call, accountId, roles).next()).done !== true
    },
  }
}
