// How organisations, members and invitations are stored. A change of a member is one commit with the counts of the organisation, so that none of them
// can be true without the other.
import type { Call } from '#kernel/call.ts'
import { defineCollection, deleteFrom, type EventDraft, insertInto, type Operation, updateIn } from '#kernel/collection.ts'
import { committed } from '#kernel/committed.ts'
import type { Database, Page, Stored } from '../../database/contract.ts'
import { OWNER } from '../roles/permissions.ts'
import { type Invitation, invitation, type Member, member, memberId, type Organisation, organisation } from './schemas.ts'

const organisationsCollection = defineCollection<Organisation>({
  name: 'auth_organisations',
  schema: organisation,
  indexes: { name: { fields: ['name'] } },
})

const isOwner = (roles: unknown): boolean => Array.isArray(roles) && roles.includes(OWNER)

const membersCollection = defineCollection<Member>({
  name: 'auth_members',
  schema: member,
  indexes: {
    organisation: { fields: ['organisationId', 'joinedAt'] },
    account: { fields: ['accountId', 'joinedAt'] },
    owners: { fields: ['organisationId', 'owner', 'joinedAt'] },
  },
  migrations: [
    {
      changes: ['owner'],
      up: (document) => (isOwner(document['roles']) ? { ...document, owner: true } : document),
    },
  ],
})

export const organisationInvitationsCollection = defineCollection<Invitation>({
  name: 'auth_organisation_invitations',
  schema: invitation,
  indexes: {
    token: { fields: ['token'], unique: true },
    organisation: { fields: ['organisationId', 'sentAt'] },
    address: { fields: ['organisationId', 'email'], unique: true },
    recipient: { fields: ['email'] },
    sender: { fields: ['invitedBy'] },
  },
  expiry: 'expiresAt',
})

/** What a commit does to a member: `before` is what was read, `after` what is to be; one of the two at least. */
export interface MemberChange {
  readonly organisation: Organisation
  /** With `endedAt`, it ends with this. */
  readonly counts: Pick<Organisation, 'owners' | 'members' | 'endedAt'>
  readonly before?: Stored<Member> | undefined
  readonly after?: Member | undefined
}

export interface PageRequest {
  readonly limit: number
  readonly after?: string | undefined
}

export interface OrganisationsRepository {
  find(call: Call, id: string): Promise<Organisation | undefined>
  findStored(call: Call, id: string): Promise<Stored<Organisation> | undefined>
  list(call: Call, page: PageRequest): Promise<Page<Organisation>>
  findMember(call: Call, organisationId: string, accountId: string): Promise<Stored<Member> | undefined>
  members(call: Call, organisationId: string, page: PageRequest): Promise<Page<Member>>
  owners(call: Call, organisationId: string, page: PageRequest): Promise<Page<Member>>
  memberships(call: Call, accountId: string, page: PageRequest): Promise<Page<Member>>
  /** Those in which others are being taken out count until they are. */
  countMemberships(call: Call, accountId: string, upTo: number): Promise<number>
  findInvitation(call: Call, key: { readonly token: string } | { readonly id: string }): Promise<Stored<Invitation> | undefined>
  findInvitationTo(call: Call, organisationId: string, email: string): Promise<Stored<Invitation> | undefined>
  invitations(call: Call, organisationId: string, page: PageRequest): Promise<Page<Invitation>>
  /** Those to this address, or from this account. */
  invitationsOf(call: Call, whose: Pick<Invitation, 'email'> | Pick<Invitation, 'invitedBy'>, page: PageRequest): Promise<Page<Invitation>>
  operations: {
    make(organisation: Organisation, owner: Member): Operation[]
    change(change: MemberChange): Operation[]
    rename(id: string, before: string, name: string): Operation
    /** Without counting: of an organisation that has ended. */
    takeOut(member: Stored<Member>): Operation[]
    /** Holds while nobody has come or gone since; with a version, while nothing of it has changed. */
    end(organisation: Organisation, at: number, version?: number): Operation
    /** How far its members have been told that nobody owns it. */
    told(organisation: Stored<Organisation>, ownerGone: Organisation['ownerGone']): Operation
    /** Changes nothing, and holds only while nobody has changed the organisation since, nor held it by this. */
    hold(organisation: Stored<Organisation>): Operation
    /** Changes nothing, and holds only while nobody has changed the member since. */
    unchanged(member: Stored<Member>): Operation
    remove(id: string): Operation
    /** In the place of `before`, or new. */
    invite(invitation: Invitation, before: Stored<Invitation> | undefined): Operation
    withdraw(invitation: Stored<Invitation>): Operation
    /** Whatever has become of it, as long as it is there. */
    revoke(invitationId: string): Operation
  }
  /** False when something was changed meanwhile. */
  commit(call: Call, operations: readonly Operation[], events: readonly EventDraft[]): Promise<boolean>
}

const pageOf = ({ limit, after }: PageRequest): { limit: number; after?: string } => ({ limit, ...(after === undefined ? {} : { after }) })

export function createOrganisationsRepository(database: Database): OrganisationsRepository {
  const organisations = database.collection(organisationsCollection)
  const members = database.collection(membersCollection)
  const invitations = database.collection(organisationInvitationsCollection)
  return {
    find: async (call, id) => (await organisations.get(call, id))?.value,
    findStored: (call, id) => organisations.get(call, id),
    list: (call, page) => organisations.list(call, { index: 'name', ...pageOf(page) }),
    findMember: (call, organisationId, accountId) => members.get(call, memberId(organisationId, accountId)),
    members: (call, organisationId, page) => members.list(call, { index: 'organisation', where: { organisationId }, ...pageOf(page) }),
    owners: (call, organisationId, page) =>
      members.list(call, { index: 'owners', where: { organisationId, owner: true }, ...pageOf(page) }),
    memberships: (call, accountId, page) => members.list(call, { index: 'account', where: { accountId }, ...pageOf(page) }),
    countMemberships: (call, accountId, upTo) => members.count(call, { index: 'account', where: { accountId } }, upTo),
    findInvitation: (call, key) =>
      'id' in key ? invitations.get(call, key.id) : invitations.getByKey(call, 'token', { token: key.token }),
    findInvitationTo: (call, organisationId, email) => invitations.getByKey(call, 'address', { organisationId, email }),
    invitations: (call, organisationId, page) =>
      invitations.list(call, { index: 'organisation', where: { organisationId }, order: 'descending', ...pageOf(page) }),
    invitationsOf: (call, whose, page) =>
      invitations.list(call, { index: 'email' in whose ? 'recipient' : 'sender', where: whose, ...pageOf(page) }),
    operations,
    async commit(call, changes, events) {
      return await committed(database.commit(call, changes, events), 'conflict', 'duplicate')
    },
  }
}

/** As the index of owners needs it. */
const marked = ({ owner: _before, ...rest }: Member): Member => (isOwner(rest.roles) ? { ...rest, owner: true } : rest)

const operations: OrganisationsRepository['operations'] = {
  make: (made, owner) => [insertInto(organisationsCollection, made), insertInto(membersCollection, marked(owner))],
  change({ organisation: { id, owners, members, endedAt }, counts, before, after }) {
    const counted = updateIn(organisationsCollection, id, { set: { ...counts }, where: { owners, members, endedAt } })
    if (after === undefined)
      return before === undefined ? [counted] : [counted, deleteFrom(membersCollection, before.value.id, { ifVersion: before.version })]
    if (before === undefined) return [counted, insertInto(membersCollection, marked(after))]
    const accepted = after.accepted === undefined ? {} : { accepted: after.accepted }
    const set = { roles: after.roles, owner: marked(after).owner, ...accepted }
    return [counted, updateIn(membersCollection, after.id, { set, ifVersion: before.version })]
  },
  takeOut: ({ value, version }) => [deleteFrom(membersCollection, value.id, { ifVersion: version })],
  rename: (id, before, name) => updateIn(organisationsCollection, id, { set: { name }, where: { name: before, endedAt: undefined } }),
  end: ({ id, owners, members }, at, version) =>
    updateIn(organisationsCollection, id, {
      set: { endedAt: at },
      where: { owners, members, endedAt: undefined },
      ...(version === undefined ? {} : { ifVersion: version }),
    }),
  told: ({ value, version }, gone) => updateIn(organisationsCollection, value.id, { set: { ownerGone: gone }, ifVersion: version }),
  hold: ({ value, version }) => updateIn(organisationsCollection, value.id, { set: { name: value.name }, ifVersion: version }),
  unchanged: ({ value, version }) => updateIn(membersCollection, value.id, { set: { roles: value.roles }, ifVersion: version }),
  remove: (id) => deleteFrom(organisationsCollection, id, { ifPresent: true }),
  invite: (made, before) =>
    before === undefined
      ? insertInto(organisationInvitationsCollection, made)
      : updateIn(organisationInvitationsCollection, before.value.id, { set: { ...made, id: before.value.id }, ifVersion: before.version }),
  withdraw: ({ value, version }) => deleteFrom(organisationInvitationsCollection, value.id, { ifVersion: version }),
  revoke: (id) => deleteFrom(organisationInvitationsCollection, id),
}
