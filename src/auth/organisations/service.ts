// The decisions about organisations: who may see, make and change what. Every question is answered from what is stored now, never from a token.
import type { Call } from '#kernel/call.ts'
import { newId } from '#kernel/ids.ts'
import type { FieldProblem } from '#kernel/schema.ts'
import type { Page } from '../../database/contract.ts'
import { labelProblem, tidyName } from '../accounts/name.ts'
import { authErrors } from '../errors.ts'
import { givenRoles } from '../roles/given-roles.ts'
import { OWNER } from '../roles/permissions.ts'
import { actorOf, securityEventOf } from '../security-events/security-event.ts'
import { fieldProblem } from '../texts/problem.ts'
import type { MembershipView, MemberView, OrganisationsDefinition, OrganisationView, RoleDefinition } from './contract.ts'
import { type Changing, type ChangingParts, createChanging, requireRoom } from './member-change.ts'
import { createOwners, type Owners } from './owners.ts'
import { type Member, memberId, type Organisation } from './schemas.ts'
import { requireOperator } from '../operators-only.ts'
import { settled } from '../settled.ts'
import { holdingStill } from './still-there.ts'

/** As a list in JSON, beside the roles and groups in the whole app, in a token that travels in a cookie of 4096 bytes among others: an owner must not shut a member out. */
const MAX_ROLE_BYTES = 400

const SHOWN = 100
/** At once; nobody joins more, but some have from before. */
const READ = 100

export interface OrganisationsSettings {
  readonly definition: OrganisationsDefinition
  readonly roles: Readonly<Record<string, RoleDefinition>> | undefined
}

/** A person, and the organisation that they do something in. */
export interface Acting {
  readonly accountId: string
  readonly organisationId: string
}

export interface Organisations {
  /** Roles that a member can have. */
  readonly roles: readonly string[]
  readonly peopleMayCreate: boolean
  list(call: Call, accountId: string): Promise<readonly MembershipView[]>
  /** `auth.organisation_not_found` for whoever is no member, as for everybody when there is none. */
  get(call: Call, acting: Acting): Promise<MembershipView>
  create(call: Call, made: { readonly name: string; readonly accountId: string }): Promise<OrganisationView>
  rename(call: Call, acting: Acting, name: string): Promise<void>
  members(call: Call, acting: Acting, after?: string): Promise<{ readonly items: readonly MemberView[]; readonly next?: string }>
  /** By an owner: exactly these roles. Throws `auth.last_owner` for the last one. */
  setRoles(call: Call, acting: Acting, of: { readonly accountId: string; readonly roles: readonly string[] }): Promise<void>
  /** By an owner. */
  remove(call: Call, acting: Acting, accountId: string): Promise<void>
  leave(call: Call, acting: Acting): Promise<void>
  /** The tokens of the person tell of this one from now on; with `undefined` of none. */
  activate(call: Call, accountId: string, organisationId: string | undefined): Promise<void>
  /** Throws unless an owner. */
  requireOwner(call: Call, acting: Acting): Promise<Organisation>
  checkedRoles(roles: readonly string[]): readonly string[]
  readonly changing: Changing
  readonly owners: Owners
}

export interface OrganisationsParts extends ChangingParts {
  readonly settings: OrganisationsSettings
}

export const viewOf = ({ id, name, members, createdAt }: Organisation): OrganisationView => ({ id, name, members, createdAt })

export function createOrganisations(parts: OrganisationsParts): Organisations {
  const { repository, settings } = parts
  const changing = createChanging(parts)
  const roles = [...new Set([OWNER, ...(settings.definition.roles ?? Object.keys(settings.roles ?? {}))])]

  const requireMember = async (
    call: Call,
    { organisationId, accountId }: Acting,
  ): Promise<{ organisation: Organisation; member: Member }> => {
    const organisation = await changing.find(call, organisationId)
    const member = await repository.findMember(call, organisationId, accountId)
    if (member === undefined) throw authErrors.organisation_not_found()
    return { organisation, member: member.value }
  }
  const requireOwner = async (call: Call, acting: Acting): Promise<Organisation> => {
    const { organisation, member } = await requireMember(call, acting)
    if (!member.roles.includes(OWNER)) throw authErrors.owners_only()
    return organisation
  }
  const checkedRoles = (wanted: readonly string[]): readonly string[] => {
    const given = givenRoles(roles, wanted)
    if (Buffer.byteLength(JSON.stringify(given)) <= MAX_ROLE_BYTES) return given
    throw authErrors.bad_details({ fields: [fieldProblem('roles', 'roles_too_long')] })
  }
  return {
    roles,
    peopleMayCreate: settings.definition.create !== 'operators',
    requireOwner,
    checkedRoles,
    changing,
    owners: createOwners(parts),
    ...reading(parts, requireMember),
    ...making(parts, requireOwner),

    async setRoles(call, acting, { accountId, roles: wanted }) {
      const after = checkedRoles(wanted)
      await changing.change(call, { organisationId: acting.organisationId, accountId }, async ({ member }) => {
        await requireOwner(call, acting)
        if (member === undefined) throw authErrors.organisation_not_found()
        return member.value.roles.join(' ') === after.join(' ') ? undefined : { roles: after }
      })
    },
    async remove(call, acting, accountId) {
      await changing.change(call, { organisationId: acting.organisationId, accountId }, async ({ member }) => {
        await requireOwner(call, acting)
        return member === undefined ? undefined : { roles: undefined }
      })
    },
    async leave(call, acting) {
      await changing.change(call, acting, async ({ member }) => (member === undefined ? undefined : { roles: undefined }))
    },
    async activate(call, accountId, organisationId) {
      const now = (await parts.accounts.find(call, accountId))?.activeOrganisation?.id
      const other = organisationId ?? now
      if (other === undefined) return
      await changing.change(call, { organisationId: other, accountId }, async ({ member }) => {
        if (member === undefined) throw authErrors.organisation_not_found()
        return { roles: member.value.roles, activate: organisationId !== undefined }
      })
    },
  }
}

function reading(
  { repository, accounts }: OrganisationsParts,
  requireMember: (call: Call, acting: Acting) => Promise<{ organisation: Organisation; member: Member }>,
): Pick<Organisations, 'list' | 'get' | 'members'> {
  const activeOf = async (call: Call, accountId: string): Promise<string | undefined> =>
    (await accounts.find(call, accountId))?.activeOrganisation?.id
  return {
    async list(call, accountId) {
      const active = await activeOf(call, accountId)
      const found: { member: Member; organisation: Organisation | undefined }[] = []
      let after: string | undefined
      do {
        const { items, next } = await repository.memberships(call, accountId, { limit: READ, after })
        const read = items.map(async ({ value }) => ({ member: value, organisation: await repository.find(call, value.organisationId) }))
        found.push(...(await Promise.all(read)))
        after = next
      } while (after !== undefined)
      return found.flatMap(({ member, organisation }) =>
        organisation === undefined || organisation.endedAt !== undefined
          ? []
          : [{ organisation: viewOf(organisation), roles: member.roles, active: active === organisation.id }],
      )
    },
    async get(call, acting) {
      const { organisation, member } = await requireMember(call, acting)
      return {
        organisation: viewOf(organisation),
        roles: member.roles,
        active: (await activeOf(call, acting.accountId)) === organisation.id,
      }
    },
    async members(call, acting, after) {
      await requireMember(call, acting)
      return await shownMembers({ repository, accounts }, call, { organisationId: acting.organisationId, after })
    },
  }
}

export async function shownMembers(
  { repository, accounts }: Pick<OrganisationsParts, 'repository' | 'accounts'>,
  call: Call,
  { organisationId, after }: { readonly organisationId: string; readonly after?: string | undefined },
): Promise<{ readonly items: readonly MemberView[]; readonly next?: string }> {
  const page: Page<Member> = await repository.members(call, organisationId, { limit: SHOWN, after })
  const items = await Promise.all(
    page.items.map(async ({ value: { accountId, roles, joinedAt } }) => {
      const account = await accounts.find(call, accountId)
      return account === undefined ? [] : [{ accountId, name: account.name, email: account.email, roles, joinedAt }]
    }),
  )
  return page.next === undefined ? { items: items.flat() } : { items: items.flat(), next: page.next }
}

/** Names are mailed to strangers with invitations: nothing in them that a mail program makes a link of. */
const LINKED = /[/@<>]|\bwww\.|[^\s.\u3002][.\u3002][\p{L}\p{N}]/iu
/** As mail programs and browsers read an address: with the dots of every script (UTS 46), and without what is shown as nothing. */
const asRead = (name: string): string => name.normalize('NFKC').replace(/\p{Default_Ignorable_Code_Point}/gu, '')

export function organisationNameProblems(name: string): FieldProblem[] {
  const problem = labelProblem(name) ?? (LINKED.test(asRead(name)) ? 'name_link' : undefined)
  return problem === undefined ? [] : [fieldProblem('name', problem)]
}

function making(
  { repository, clock, settings, ...parts }: OrganisationsParts,
  requireOwner: Organisations['requireOwner'],
): Pick<Organisations, 'create' | 'rename'> {
  const changing = createChanging({ repository, clock, ...parts })
  const actFor = (call: Call, acting: Acting): Promise<void> =>
    changing.change(call, acting, async ({ member, account }) =>
      member === undefined || account?.activeOrganisation !== undefined ? undefined : { roles: member.value.roles, activate: true },
    )
  const checkedName = (name: string): string => {
    const fields = organisationNameProblems(name)
    if (fields.length > 0) throw authErrors.bad_details({ fields })
    return tidyName(name)
  }
  return {
    async create(call, { name: typed, accountId }) {
      if (settings.definition.create === 'operators') requireOperator(call)
      const name = checkedName(typed)
      const now = clock.now()
      const made: Organisation = { id: newId(now), name, owners: 1, members: 1, createdAt: now }
      const owner: Member = { id: memberId(made.id, accountId), organisationId: made.id, accountId, roles: [OWNER], joinedAt: now }
      const events = [securityEventOf({ type: 'organisation.created', accountId, about: name, ...actorOf(call) })]
      await settled(async () => {
        const account = await parts.accounts.findStored(call, accountId)
        const held = holdingStill(call, account?.value, { id: accountId, version: account?.version })
        await requireRoom(repository, call, accountId)
        return (await repository.commit(call, [...repository.operations.make(made, owner), held], events)) ? undefined : 'moved'
      }, call)
      await actFor(call, { accountId, organisationId: made.id })
      return viewOf(made)
    },
    async rename(call, acting, typed) {
      const name = checkedName(typed)
      const organisation = await requireOwner(call, acting)
      if (organisation.name === name) return
      const events = [securityEventOf({ type: 'organisation.renamed', accountId: acting.accountId, about: name })]
      if (await repository.commit(call, [repository.operations.rename(organisation.id, organisation.name, name)], events)) return
      // Whoever presses twice has done it themselves.
      if ((await requireOwner(call, acting)).name !== name) throw authErrors.changed_meanwhile()
    },
  }
}
