// Invitations in the download of one's own data: as much of them as the person is shown in the product, and never the token.
import type { Call } from '#kernel/call.ts'
import type { Json } from '#kernel/json.ts'
import { OWNER } from '../roles/permissions.ts'
import type { Invitation } from './schemas.ts'
import type { OrganisationsRepository } from './repository.ts'
import type { OrganisationsParts } from './service.ts'

const PAGE = 100

const moment = (at: number): string => new Date(at).toISOString()

type Shown = (invitation: Invitation) => Promise<Json>

export function shownInvitations({ repository, accounts }: Pick<OrganisationsParts, 'repository' | 'accounts'>) {
  const standing = async (call: Call, id: string) => {
    const found = await repository.find(call, id)
    return found?.endedAt === undefined ? found : undefined
  }
  return async (call: Call, accountId: string): Promise<Json> => {
    const sent: Shown = async ({ organisationId, email, roles, sentAt, expiresAt }) => {
      const [organisation, member] = await Promise.all([
        standing(call, organisationId),
        repository.findMember(call, organisationId, accountId),
      ])
      // The list of whom it has invited is for the owners of an organisation, and who was one is none any more.
      const mayKnow = member?.value.roles.includes(OWNER) === true
      const known = { organisationName: mayKnow ? (organisation?.name ?? null) : null, email: mayKnow ? email : null }
      return { organisation: organisationId, ...known, roles, sentAt: moment(sentAt), expiresAt: moment(expiresAt) }
    }
    // Who has invited them is in the mail.
    const waiting: Shown = async ({ organisationId, roles, sentAt, expiresAt }) => {
      const organisationName = (await standing(call, organisationId))?.name ?? null
      return { organisation: organisationId, organisationName, roles, sentAt: moment(sentAt), expiresAt: moment(expiresAt) }
    }
    const account = await accounts.find(call, accountId)
    // What is sent to a mailbox is for whoever has proved that it is theirs.
    const email = account?.emailVerifiedAt === undefined ? undefined : account.email
    return {
      sent: await all(repository, call, { whose: { invitedBy: accountId }, shown: sent }),
      waiting: email === undefined ? [] : await all(repository, call, { whose: { email }, shown: waiting }),
    }
  }
}

interface Asked {
  readonly whose: Parameters<OrganisationsRepository['invitationsOf']>[1]
  readonly shown: Shown
}

async function all(repository: OrganisationsRepository, call: Call, { whose, shown }: Asked): Promise<Json[]> {
  const found: Json[] = []
  let after: string | undefined
  do {
    const { items, next } = await repository.invitationsOf(call, whose, { limit: PAGE, after })
    found.push(...(await Promise.all(items.map(({ value }) => shown(value)))))
    after = next
  } while (after !== undefined)
  return found
}
