// Puts organisations together. Without a word in the app definition there are none: no pages, no routes, no claims.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import type { JobDefinition } from '#kernel/job.ts'
import type { Json } from '#kernel/json.ts'
import type { Database, Stored } from '../../database/contract.ts'
import { normaliseEmail } from '../accounts/email.ts'
import { tidyName } from '../accounts/name.ts'
import type { AccountsShared } from '../accounts/create.ts'
import { createMailLimits } from '../accounts/mail-limits.ts'
import type { AuthDefinition } from '../contract.ts'
import type { Leaver } from '../leaving/personal-data.ts'
import { authErrors } from '../errors.ts'
import type { Revocations } from '../revocations/revocations.ts'
import { rolesAfter } from '../roles/given-roles.ts'
import { checkRoles, OWNER } from '../roles/permissions.ts'
import type { Whence } from '../security-events/security-event.ts'
import { fieldProblem } from '../texts/problem.ts'
import type { OrganisationOnDesk, OrganisationsDesk, RolesWanted } from './contract.ts'
import { createEnding } from './ending.ts'
import { createInvitations, type Invitations } from './invitations.ts'
import { shownInvitations } from './shown-invitations.ts'
import { ownerlessJob } from './ownerless.ts'
import type { Member, Organisation } from './schemas.ts'
import { createOrganisationsRepository, type OrganisationsRepository } from './repository.ts'
import { type Acting, createOrganisations, type Organisations, shownMembers, viewOf } from './service.ts'
import { createStanding, type Standing } from './standing.ts'
import { requireOperator } from '../operators-only.ts'

export interface OrganisationsPart extends Standing {
  /** The app has organisations. */
  readonly isOn: boolean
  readonly organisations: Organisations
  readonly invitations: Invitations
  readonly desk: OrganisationsDesk
  readonly jobs: readonly JobDefinition[]
  /** By an owner who has typed its name; of several at once, for each. It counts for nothing at once; its members are told, and taken out by a job. */
  end(call: Call, acting: Acting & Whence, typedName: string): Promise<void>
  /** When an account goes: nothing of an organisation tells of it any more, nor who was invited by it or at one of its addresses. One that nobody is left
   * in ends, as does one that its last owner has chosen to end with the account; of one that nobody owns any more, those who are left are told. */
  forget(call: Call, leaver: Leaver): Promise<void>
  /** Of the download of one's own data. */
  invitationsOf(call: Call, accountId: string): Promise<Json>
}

export interface OrganisationsDependencies {
  readonly database: Database
  readonly clock: Clock
  readonly shared: AccountsShared
  readonly revocations: Revocations
  readonly origin: string
  readonly definition: Pick<AuthDefinition, 'roles' | 'organisations'>
  /** What else belongs to one, and ends with it. */
  ended(call: Call, organisationId: string): Promise<void>
}

const PAGE = 100

/** Make it before the database starts, since it declares its collections. */
export function createOrganisationsPart(dependencies: OrganisationsDependencies): OrganisationsPart {
  const { database, shared, revocations, clock, origin, definition } = dependencies
  checkRoles(definition.roles, definition.organisations?.roles)
  const isOn = definition.organisations !== undefined
  const repository = createOrganisationsRepository(database)
  const settings = { definition: definition.organisations ?? {}, roles: definition.roles }
  const parts = { repository, accounts: shared.repository, revocations, clock, settings }
  const organisations = createOrganisations(parts)
  const ending = createEnding({ ...parts, ended: (call, id) => dependencies.ended(call, id) })
  const goFrom = async (call: Call, stored: Stored<Member>, ends: ReadonlySet<string>): Promise<void> => {
    const of = stored.value
    const isChosen = ends.has(of.organisationId) && of.roles.includes(OWNER)
    if (isChosen) await ending.endWithOwner(call, of)
    const organisation = await repository.find(call, of.organisationId)
    if (organisation === undefined || organisation.endedAt !== undefined) return await ending.takeOut(call, stored)
    await organisations.changing.change(call, of, async ({ member }) =>
      member === undefined ? undefined : { roles: undefined, leavesNobody: true },
    )
  }
  const invitations = createInvitations({ ...parts, organisations, limits: createMailLimits(shared), throttle: shared.throttle, origin })
  return {
    isOn,
    ...createStanding({ repository, roles: isOn ? organisations.roles : [] }),
    organisations,
    invitations,
    jobs: [ending.job, ownerlessJob(parts)],
    async end(call, { organisationId, ...by }, typedName) {
      const { name } = await organisations.requireOwner(call, { organisationId, accountId: by.accountId })
      if (tidyName(typedName) !== name) throw authErrors.bad_details({ fields: [fieldProblem('name', 'name_other')] })
      // False when it has ended since: by a second press of theirs, or by another owner. It is what they want either way.
      await ending.end(call, organisationId, by)
    },
    invitationsOf: shownInvitations(parts),
    desk: createDesk({ ...parts, isOn }, { organisations, end: (call, id) => ending.end(call, id) }),
    async forget(call, { accountId, addresses, organisations: chosen = [] }) {
      const ends = new Set(chosen)
      for (const whose of [{ invitedBy: accountId }, ...addresses.map((email) => ({ email }))]) await withdraw(repository, call, whose)
      for (let left = PAGE; left === PAGE; ) {
        const { items } = await repository.memberships(call, accountId, { limit: PAGE })
        left = items.length
        for (const each of items) await goFrom(call, each, ends)
      }
    },
  }
}

async function withdraw(
  repository: OrganisationsRepository,
  call: Call,
  whose: Parameters<OrganisationsRepository['invitationsOf']>[1],
): Promise<void> {
  for (;;) {
    const { items } = await repository.invitationsOf(call, whose, { limit: PAGE })
    if (items.length === 0) return
    // One that was used meanwhile is gone as well.
    for (const each of items) await repository.commit(call, [repository.operations.withdraw(each)], [])
  }
}

/** `undefined` for no member. */
function memberAfter(all: readonly string[], before: readonly string[] | undefined, wanted: RolesWanted | undefined) {
  if (wanted === undefined) return undefined
  const after = rolesAfter(all, before ?? [], wanted)
  const onlyTakes = 'addRoles' in wanted && wanted.addRoles.length === 0 && wanted.removeRoles.length > 0
  return before === undefined && onlyTakes ? undefined : after
}

type DeskParts = Parameters<typeof createOrganisations>[0] & { readonly isOn: boolean }

function createDesk(
  parts: DeskParts,
  { organisations, end }: { readonly organisations: Organisations; end(call: Call, organisationId: string): Promise<boolean> },
): OrganisationsDesk {
  const { repository } = parts
  const byAddress = async (call: Call, typed: string) => {
    const email = normaliseEmail(typed)
    return email === undefined ? undefined : parts.accounts.findByEmail(call, email)
  }
  const onDesk = async (call: Call, value: Organisation): Promise<OrganisationOnDesk> => ({
    ...viewOf(value),
    owners: value.owners,
    isAttended: value.owners > 0 && (await organisations.owners.isAttended(call, value.id)),
  })
  return {
    isOn: parts.isOn,
    async list(call, after) {
      requireOperator(call)
      const { items, next } = await repository.list(call, { limit: PAGE, after })
      const standing = items.filter(({ value }) => value.endedAt === undefined)
      const shown = await Promise.all(standing.map(({ value }) => onDesk(call, value)))
      return next === undefined ? { items: shown } : { items: shown, next }
    },
    async create(call, { name, owner }) {
      requireOperator(call)
      const account = await byAddress(call, owner)
      return account === undefined ? undefined : await organisations.create(call, { name, accountId: account.id })
    },
    async members(call, organisationId, after) {
      requireOperator(call)
      await organisations.changing.find(call, organisationId)
      return await shownMembers(parts, call, { organisationId, after })
    },
    async setMember(call, { organisationId, email, roles }) {
      requireOperator(call)
      const account = await byAddress(call, email)
      if (account === undefined) return undefined
      let after: readonly string[] | undefined
      await organisations.changing.change(call, { organisationId, accountId: account.id }, async ({ member, account: now }) => {
        after = memberAfter(organisations.roles, member?.value.roles, roles)
        if (member?.value.roles.join(' ') === after?.join(' ')) return undefined
        const isNew = member === undefined && now?.activeOrganisation === undefined
        return { roles: after, ...(isNew ? { activate: true } : {}) }
      })
      return { roles: after }
    },
    async end(call, organisationId) {
      requireOperator(call)
      return await end(call, organisationId)
    },
  }
}
