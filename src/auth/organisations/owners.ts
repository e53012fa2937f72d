// Whether anybody answers for an organisation. Blocking its last owner must reach what acts for it, or the blocked go on by their machines.
import type { Call } from '#kernel/call.ts'
import type { Operation } from '#kernel/collection.ts'
import type { AccountsRepository } from '../accounts/repository.ts'
import type { Account } from '../accounts/schemas.ts'
import { authErrors } from '../errors.ts'
import { OWNER } from '../roles/permissions.ts'
import type { OrganisationsRepository } from './repository.ts'
import type { Organisation } from './schemas.ts'

export interface Owners {
  /** Whether it is there and has an owner who is not blocked; another than `besides`. */
  isAttended(call: Call, organisationId: string, besides?: string): Promise<boolean>
  /** Of what this person owns, that which nobody answers for. */
  unattended(call: Call, accountId: string): Promise<readonly string[]>
  /** Of what this person owns, that which others are in and no owner would be left for: those who are about to go themselves count for none. */
  leftBy(call: Call, accountId: string): Promise<readonly Organisation[]>
  /**
   * For a commit about what belongs to an organisation: holds while that stands and, where somebody is named, while they own it. Of two such commits the
   * slower one fails, so that what was counted after this still is so many.
   */
  hold(call: Call, of: { readonly organisationId: string; readonly by?: string | undefined }): Promise<readonly Operation[]>
}

export interface OwnersParts {
  readonly repository: Pick<OrganisationsRepository, 'find' | 'findStored' | 'findMember' | 'owners' | 'memberships' | 'operations'>
  readonly accounts: Pick<AccountsRepository, 'find'>
}

const PAGE = 100
/** Few have more, and the first who is not blocked is enough. */
const OWNERS = 10

export function createOwners({ repository, accounts }: OwnersParts): Owners {
  const standing = async (call: Call, organisationId: string): Promise<Organisation | undefined> => {
    const organisation = await repository.find(call, organisationId)
    return organisation?.endedAt === undefined ? organisation : undefined
  }
  const hasOwner = async (call: Call, organisationId: string, counts: (owner: Account) => boolean): Promise<boolean> => {
    let after: string | undefined
    do {
      const { items, next } = await repository.owners(call, organisationId, { limit: OWNERS, after })
      for (const { value } of items) {
        const account = await accounts.find(call, value.accountId)
        if (account !== undefined && counts(account)) return true
      }
      after = next
    } while (after !== undefined)
    return false
  }
  const isAttended: Owners['isAttended'] = async (call, organisationId, besides) =>
    (await standing(call, organisationId)) !== undefined &&
    (await hasOwner(call, organisationId, ({ id, suspendedAt }) => suspendedAt === undefined && id !== besides))
  async function* ownedBy(call: Call, accountId: string): AsyncGenerator<string, void> {
    let after: string | undefined
    do {
      const { items, next } = await repository.memberships(call, accountId, { limit: PAGE, after })
      for (const { value } of items) if (value.roles.includes(OWNER)) yield value.organisationId
      after = next
    } while (after !== undefined)
  }
  return {
    isAttended,
    async unattended(call, accountId) {
      const found: string[] = []
      for await (const id of ownedBy(call, accountId)) if (!(await isAttended(call, id))) found.push(id)
      return found
    },
    async leftBy(call, accountId) {
      const found: Organisation[] = []
      const stays = ({ id, suspendedAt, deletionAt }: Account): boolean =>
        id !== accountId && suspendedAt === undefined && deletionAt === undefined
      for await (const id of ownedBy(call, accountId)) {
        const organisation = await standing(call, id)
        if (organisation !== undefined && organisation.members > 1 && !(await hasOwner(call, id, stays))) found.push(organisation)
      }
      return found
    },
    async hold(call, { organisationId, by }) {
      const organisation = await repository.findStored(call, organisationId)
      if (organisation === undefined || organisation.value.endedAt !== undefined) throw authErrors.organisation_not_found()
      const held = repository.operations.hold(organisation)
      if (by === undefined) return [held]
      const member = await repository.findMember(call, organisationId, by)
      if (member === undefined) throw authErrors.organisation_not_found()
      if (!member.value.roles.includes(OWNER)) throw authErrors.owners_only()
      return [held, repository.operations.unchanged(member)]
    },
  }
}
