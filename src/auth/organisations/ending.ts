// Taking an organisation apart. It counts for nothing from the first write on; who was in it is taken out by a job, some at a time, and what their tokens
// told ends with each.
import type { Call } from '#kernel/call.ts'
import { type JobDefinition, job } from '#kernel/job.ts'
import { type EventDraft, updateIn } from '#kernel/collection.ts'
import { z } from '#kernel/schema.ts'
import { mail } from '../accounts/mail.ts'
import { accountsCollection } from '../accounts/repository.ts'
import type { Account } from '../accounts/schemas.ts'
import { authErrors } from '../errors.ts'
import { laterThan } from '../roles/membership.ts'
import { OWNER } from '../roles/permissions.ts'
import { securityEventOf, type Whence } from '../security-events/security-event.ts'
import { END_ORGANISATION, endingTold, takingApart } from './ending-asked.ts'
import type { ChangingParts } from './member-change.ts'
import { createOwners } from './owners.ts'
import { settled } from '../settled.ts'
import type { Member } from './schemas.ts'
import type { Stored } from '../../database/contract.ts'

const AT_ONCE = 100

export interface Ending {
  /** False when there is none. By an owner: `auth.owners_only` for whoever is none at that moment. */
  end(call: Call, organisationId: string, by?: { readonly accountId: string } & Whence): Promise<boolean>
  /** With the account of an owner who has chosen that. False when somebody else answers for it by now, or it is not there. */
  endWithOwner(call: Call, of: { readonly organisationId: string; readonly accountId: string }): Promise<boolean>
  /** One member out of one that has ended: its account goes, and the job has not come to it. */
  takeOut(call: Call, member: Stored<Member>): Promise<void>
  readonly job: JobDefinition
}

export interface EndingParts extends ChangingParts {
  /** What else belongs to one, and ends with it. */
  ended(call: Call, organisationId: string): Promise<void>
}

export function createEnding(parts: EndingParts): Ending {
  const { repository, clock } = parts
  const owners = createOwners(parts)
  return {
    async end(call, organisationId, by) {
      return await settled(async () => {
        const organisation = await repository.find(call, organisationId)
        if (organisation === undefined || organisation.endedAt !== undefined) return false
        const owner = by && (await repository.findMember(call, organisationId, by.accountId))
        if (by !== undefined && owner?.value.roles.includes(OWNER) !== true) throw authErrors.owners_only()
        // Of its members each is told by the job.
        const told = by === undefined ? [endingTold(call, organisation)] : []
        const changes = [repository.operations.end(organisation, clock.now()), ...(owner ? [repository.operations.unchanged(owner)] : [])]
        return (await repository.commit(call, changes, [takingApart(organisation), ...told])) ? true : 'moved'
      }, call)
    },
    async endWithOwner(call, { organisationId, accountId }) {
      return await settled(async () => {
        // Its version before its owners: whoever becomes one after that makes the write fail.
        const stored = await repository.findStored(call, organisationId)
        if (stored === undefined || stored.value.endedAt !== undefined) return false
        if (await owners.isAttended(call, organisationId, accountId)) return false
        const ending = repository.operations.end(stored.value, clock.now(), stored.version)
        return (await repository.commit(call, [ending], [takingApart(stored.value), endingTold(call, stored.value)])) ? true : 'moved'
      }, call)
    },
    // Whose account goes has nothing to be told.
    takeOut: (call, stored) => takeOut(parts, call, { stored, name: undefined }),
    job: job({
      name: END_ORGANISATION,
      input: z.strictObject({ organisationId: z.string() }),
      async handle({ call }, { organisationId }) {
        await parts.ended(call, organisationId)
        const name = (await repository.find(call, organisationId))?.name
        for (let found = AT_ONCE; found === AT_ONCE; ) {
          const { items } = await repository.members(call, organisationId, { limit: AT_ONCE })
          found = items.length
          for (const each of items) await takeOut(parts, call, { stored: each, name })
        }
        for (let found = AT_ONCE; found === AT_ONCE; ) {
          const { items } = await repository.invitations(call, organisationId, { limit: AT_ONCE })
          found = items.length
          for (const each of items) await repository.commit(call, [repository.operations.withdraw(each)], [])
        }
        await repository.commit(call, [repository.operations.remove(organisationId)], [])
      },
    }),
  }
}

interface Leaver {
  readonly stored: Stored<Member>
  /** Of the organisation. */
  readonly name: string | undefined
}

async function takeOut({ repository, accounts, revocations, clock }: ChangingParts, call: Call, { stored, name }: Leaver): Promise<void> {
  const { accountId, organisationId } = stored.value
  const account = await accounts.find(call, accountId)
  const isActing = account?.activeOrganisation?.id === organisationId
  const at = laterThan(account?.membershipAt ?? 0, clock.now())
  const told = isActing
    ? [
        updateIn(accountsCollection, accountId, {
          set: { activeOrganisation: undefined, membershipAt: at },
          where: { membershipAt: account.membershipAt },
        }),
        revocations.superseded(accountId, at),
      ]
    : []
  // What somebody has changed meanwhile is found again by the next try of the job.
  if (!(await repository.commit(call, [...repository.operations.takeOut(stored), ...told], farewell(account, name, clock.now()))))
    throw new Error('A member was changed meanwhile.')
  if (isActing) await revocations.announce(call, 'membership', [accountId])
}

/** Told with the write that takes the member out: once each, whatever breaks off in between. */
function farewell(account: Account | undefined, name: string | undefined, at: number): EventDraft[] {
  if (account === undefined || name === undefined) return []
  const { id: accountId, email, language } = account
  const data = { name: account.name, organisation: name, when: new Date(at).toUTCString() }
  return [
    securityEventOf({ type: 'organisation.ended', accountId, about: name }),
    mail({ to: email, template: 'organisation-ended', data, ...(language === undefined ? {} : { language }) }),
  ]
}
