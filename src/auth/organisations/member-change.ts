// Changing what somebody is in an organisation. One commit: the member, the counts that keep an owner in it, what the account's tokens tell, the end of those
// that tell otherwise, and the end of an organisation that nobody is left in. Whoever is slower reads everything anew, authority included.
import type { Call } from '#kernel/call.ts'
import { type EventDraft, type Operation, updateIn } from '#kernel/collection.ts'
import type { Clock } from '#kernel/clock.ts'
import { accountsCollection, type AccountsRepository } from '../accounts/repository.ts'
import type { Account } from '../accounts/schemas.ts'
import { authErrors } from '../errors.ts'
import type { Revocations } from '../revocations/revocations.ts'
import { laterThan } from '../roles/membership.ts'
import { OWNER } from '../roles/permissions.ts'
import { actorOf, securityEventOf, type SecurityEventType } from '../security-events/security-event.ts'
import { settled } from '../settled.ts'
import type { Stored } from '../../database/contract.ts'
import { endingTold, takingApart } from './ending-asked.ts'
import { ownerGone } from './owner-gone.ts'
import { membersAsked } from './ownerless.ts'
import type { MemberChange, OrganisationsRepository } from './repository.ts'
import { type Member, memberId, type Organisation } from './schemas.ts'
import { stillThere } from './still-there.ts'

const MAX_MEMBERS = 10_000
export const MAX_JOINED = 100

export interface ChangingParts {
  readonly repository: OrganisationsRepository
  readonly accounts: Pick<AccountsRepository, 'find' | 'findStored' | 'findByEmail'>
  readonly revocations: Pick<Revocations, 'superseded' | 'announce'>
  readonly clock: Clock
}

/** What is read before a change is decided on. */
export interface Standing {
  readonly organisation: Organisation
  readonly member: Stored<Member> | undefined
  readonly account: Account | undefined
}

export interface Decision {
  /** `undefined` takes the person out. */
  readonly roles: readonly string[] | undefined
  /** Whether the person acts for the organisation from now on; as it is unless told. */
  readonly activate?: boolean
  /** SHA-256 of the token of an invitation. */
  readonly accepted?: string
  /** Even the last owner: the account goes. Whoever is left is told, and an operator has to find another. */
  readonly leavesNobody?: true
  readonly also?: readonly Operation[]
  readonly events?: readonly EventDraft[]
}

export interface Changing {
  /** `decide` is asked again when somebody was faster; it throws to refuse, and gives nothing when there is nothing to do. */
  change(
    call: Call,
    of: { readonly organisationId: string; readonly accountId: string },
    decide: (standing: Standing) => Promise<Decision | undefined>,
  ): Promise<void>
  find(call: Call, organisationId: string): Promise<Organisation>
}

export function createChanging({ repository, accounts, revocations, clock }: ChangingParts): Changing {
  const find = async (call: Call, organisationId: string): Promise<Organisation> => {
    const organisation = await repository.find(call, organisationId)
    // Of what somebody is no member of, nobody learns whether it is there.
    if (organisation === undefined || organisation.endedAt !== undefined) throw authErrors.organisation_not_found()
    return organisation
  }
  return {
    find,
    async change(call, { organisationId, accountId }, decide) {
      await settled(async () => {
        const organisation = await find(call, organisationId)
        const [stored, whose] = await Promise.all([
          repository.findMember(call, organisationId, accountId),
          accounts.findStored(call, accountId),
        ])
        const account = whose?.value
        const decision = await decide({ organisation, member: stored, account })
        if (decision === undefined) return undefined
        const step = { organisation, stored, whose, account, decision, accountId, now: clock.now() }
        if (joins(step)) await requireRoom(repository, call, accountId)
        const change = changeOf(step)
        const acting = actingAfter(step)
        const operations = [
          ...repository.operations.change(change),
          ...accountOperations(call, step, acting),
          ...(acting === undefined ? [] : [revocations.superseded(accountId, acting.at)]),
          ...(decision.also ?? []),
        ]
        const events = [...eventsOf(call, step), ...endingEvents(call, change), ...jobsOf(step), ...(decision.events ?? [])]
        if (!(await repository.commit(call, operations, events))) return 'moved'
        if (acting !== undefined) await revocations.announce(call, 'membership', [accountId])
        return undefined
      }, call)
    },
  }
}

interface Step {
  readonly organisation: Organisation
  readonly stored: Stored<Member> | undefined
  readonly account: Account | undefined
  readonly decision: Decision
  readonly accountId: string
  readonly now: number
  /** As it was before the organisations of whoever joins were counted. */
  readonly whose: Stored<Account> | undefined
}

const joins = ({ stored, decision }: Pick<Step, 'stored' | 'decision'>): boolean => stored === undefined && decision.roles !== undefined

/** Count after the account is read, and write to the account as it was read: of two who join as the last, one is told so. */
export async function requireRoom(
  repository: Pick<OrganisationsRepository, 'countMemberships'>,
  call: Call,
  accountId: string,
): Promise<void> {
  if ((await repository.countMemberships(call, accountId, MAX_JOINED)) >= MAX_JOINED) throw authErrors.organisations_many()
}

function changeOf({ organisation, stored, decision, accountId, now }: Step): MemberChange {
  const { roles, accepted } = decision
  const owners = organisation.owners + Number(roles?.includes(OWNER) === true) - Number(stored?.value.roles.includes(OWNER) === true)
  const members = organisation.members + Number(roles !== undefined) - Number(stored !== undefined)
  if (owners < 1 && owners < organisation.owners && decision.leavesNobody !== true) throw authErrors.last_owner()
  if (members > MAX_MEMBERS) throw authErrors.organisation_full()
  const after =
    roles === undefined
      ? undefined
      : {
          id: memberId(organisation.id, accountId),
          organisationId: organisation.id,
          accountId,
          roles: [...roles],
          joinedAt: stored?.value.joinedAt ?? now,
          ...(accepted === undefined ? {} : { accepted }),
        }
  return { organisation, counts: { owners, members, ...(members === 0 ? { endedAt: now } : {}) }, before: stored, after }
}

interface ActingAfter {
  readonly organisation: { id: string; roles: string[] } | undefined
  readonly at: number
}

/** What the account acts as afterwards, or nothing when its tokens tell the same as before. */
function actingAfter({ organisation: { id }, account, decision, now }: Step): ActingAfter | undefined {
  if (account === undefined) return undefined
  const { activeOrganisation, membershipAt = 0 } = account
  const before = activeOrganisation?.id === id ? activeOrganisation.roles : undefined
  const after = (decision.activate ?? before !== undefined) ? decision.roles : undefined
  // Equal where it acts neither before nor after it, too.
  if (before?.join(' ') === after?.join(' ')) return undefined
  return { organisation: after && { id, roles: [...after] }, at: laterThan(membershipAt, now) }
}

/** One write for both: what it acts as, and that whoever gets in is still there. */
function accountOperations(call: Call, step: Step, acting: ActingAfter | undefined): Operation[] {
  const { whose, account, accountId } = step
  const isJoining = joins(step)
  if (!isJoining && acting === undefined) return []
  const set = acting === undefined ? {} : { activeOrganisation: acting.organisation, membershipAt: acting.at }
  const where = { ...(isJoining && stillThere(call, account)), ...(acting && { membershipAt: account?.membershipAt }) }
  return [
    updateIn(accountsCollection, accountId, { set, where, ...(isJoining && whose !== undefined ? { ifVersion: whose.version } : {}) }),
  ]
}

function eventsOf(call: Call, { organisation, accountId, stored, decision }: Step): EventDraft[] {
  const told = (type: SecurityEventType): EventDraft[] => [securityEventOf({ type, about: organisation.name, accountId, ...actorOf(call) })]
  if (decision.roles === undefined) return stored === undefined ? [] : told('organisation.left')
  if (stored === undefined) return told('organisation.joined')
  return stored.value.roles.join(' ') === decision.roles.join(' ') ? [] : told('organisation.roles_changed')
}

function endingEvents(call: Call, { organisation, counts }: MemberChange): EventDraft[] {
  return counts.endedAt === undefined ? [] : [takingApart(organisation), endingTold(call, organisation)]
}

function jobsOf({ stored, decision, now: at }: Pick<Step, 'stored' | 'decision' | 'now'>): EventDraft[] {
  const isGone = stored?.value.roles.includes(OWNER) === true && decision.roles?.includes(OWNER) !== true
  if (!isGone) return []
  const { organisationId } = stored.value
  return [ownerGone(organisationId), membersAsked({ organisationId, at })]
}
