// Invitations by mail. They are for one address, not for whoever has the link: only an account with that confirmed address can accept. Looking uses
// nothing up, and it makes no difference whether the address has an account yet.
import type { Call } from '#kernel/call.ts'
import { newId, randomToken } from '#kernel/ids.ts'
import { sha256 } from '#kernel/keyring.ts'
import { normaliseEmail } from '../accounts/email.ts'
import { languageFor, mail } from '../accounts/mail.ts'
import type { MailLimits } from '../accounts/mail-limits.ts'
import type { Throttle } from '../accounts/throttle.ts'
import type { Stored } from '../../database/contract.ts'
import { authErrors } from '../errors.ts'
import { OWNER } from '../roles/permissions.ts'
import { securityEventOf } from '../security-events/security-event.ts'
import { fieldProblem } from '../texts/problem.ts'
import type { Invitation, Organisation } from './schemas.ts'
import { MAX_JOINED } from './member-change.ts'
import { type Acting, organisationNameProblems, type Organisations, type OrganisationsParts } from './service.ts'
import { holdingStill } from './still-there.ts'

export const INVITATION_DAYS = 7
const DAY_MS = 24 * 3_600_000
const HOUR_MS = 3_600_000
const MAILS_PER_HOUR = 50
const SHOWN = 100

export interface InvitationView {
  readonly id: string
  readonly email: string
  readonly roles: readonly string[]
  /** Epoch milliseconds. */
  readonly sentAt: number
  readonly expiresAt: number
  /** Its link works: whoever has sent it may invite still. Another owner can send it again. */
  readonly isBacked: boolean
}

/** Newest first. Ask again with `next`. */
export interface InvitationsShown {
  readonly items: readonly InvitationView[]
  readonly next?: string
}

export interface PendingInvitation {
  readonly organisation: string
  readonly invitedBy: string
  readonly email: string
  readonly expiresAt: number
}

export interface Inviter extends Acting {
  /** The day's pseudonym of the client's address. */
  readonly client: string
}

export interface Accepted {
  readonly organisationId: string
  /** `accepted-already`: by this account, with this link. */
  readonly as: 'joined' | 'member-already' | 'accepted-already'
}

export interface Invitations {
  /** By owners, as are the next three. */
  list(call: Call, acting: Acting, after?: string): Promise<InvitationsShown>
  /** An earlier one to the same address ends with it; of two at once by the same owner, one is sent. Throws for whoever is a member already. */
  invite(call: Call, inviter: Inviter, to: { readonly email: string; readonly roles: readonly string[] }): Promise<void>
  /** With a new link; the one before is dead. */
  resend(call: Call, inviter: Inviter, id: string): Promise<void>
  revoke(call: Call, acting: Acting, id: string): Promise<void>
  /** What the link of a mail would accept; looking changes nothing. */
  pending(call: Call, token: string): Promise<PendingInvitation | undefined>
  /**
   * Uses it up; for whoever is a member by it, once more makes no difference. Throws `auth.invitation_ended`, `auth.invitation_other` when the account has another address, or `auth.organisations_many`. Who has become a
   * member meanwhile stays what they are.
   */
  accept(call: Call, token: string, accountId: string): Promise<Accepted>
  /** The organisation that this account is a member of by this link, which it has used up. Nobody else learns anything by it. */
  acceptedInto(call: Call, token: string, accountId: string): Promise<string | undefined>
}

export interface InvitationsParts extends Pick<OrganisationsParts, 'repository' | 'accounts' | 'clock'> {
  readonly organisations: Organisations
  readonly limits: MailLimits
  readonly throttle: Throttle
  /** Where mailed links lead: the accounts origin. */
  readonly origin: string
}

export function createInvitations(parts: InvitationsParts): Invitations {
  const { repository, organisations } = parts
  const own = async (call: Call, acting: Acting, id: string): Promise<Stored<Invitation>> => {
    const found = await repository.findInvitation(call, { id })
    if (found?.value.organisationId !== acting.organisationId) throw authErrors.invitation_ended()
    return found
  }
  const { isBacked } = createLooking(parts)
  const send = createSending(parts)
  return {
    async list(call, acting, after) {
      await organisations.requireOwner(call, acting)
      const { items, next } = await repository.invitations(call, acting.organisationId, { limit: SHOWN, after })
      const backing = backedBy(isBacked)
      const shown = await Promise.all(
        items.map(async ({ value }) => {
          const { id, email, roles, sentAt, expiresAt } = value
          return { id, email, roles, sentAt, expiresAt, isBacked: await backing(call, value) }
        }),
      )
      return next === undefined ? { items: shown } : { items: shown, next }
    },
    async invite(call, inviter, to) {
      const organisation = await organisations.requireOwner(call, inviter)
      const email = normaliseEmail(to.email)
      if (email === undefined) throw authErrors.bad_details({ fields: [fieldProblem('email', 'email_malformed')] })
      const roles = organisations.checkedRoles(to.roles)
      await send(call, inviter, { organisation, email, roles, before: await repository.findInvitationTo(call, organisation.id, email) })
    },
    async resend(call, inviter, id) {
      const organisation = await organisations.requireOwner(call, inviter)
      const before = await own(call, inviter, id)
      await send(call, inviter, { organisation, email: before.value.email, roles: before.value.roles, before })
    },
    async revoke(call, acting, id) {
      await organisations.requireOwner(call, acting)
      const { value } = await own(call, acting, id)
      // One that was sent again meanwhile is the same to whoever withdraws it; one that was used is not there to be withdrawn.
      if (await repository.commit(call, [repository.operations.revoke(id)], [])) return
      // Withdrawn meanwhile it is what was wanted: by a second press, mostly.
      const invited = await parts.accounts.findByEmail(call, value.email)
      const member = invited && (await repository.findMember(call, value.organisationId, invited.id))
      if (member !== undefined) throw authErrors.invitation_ended()
    },
    ...createAccepting(parts),
  }
}

/** What its recipient sees and does. */
function createAccepting(parts: InvitationsParts): Pick<Invitations, 'pending' | 'accept' | 'acceptedInto'> {
  const { repository, organisations } = parts
  const { live, isBacked } = createLooking(parts)
  const acceptedInto: Invitations['acceptedInto'] = async (call, token, accountId) => {
    const accepted = sha256(token)
    const { items } = await repository.memberships(call, accountId, { limit: MAX_JOINED })
    const by = items.find(({ value }) => value.accepted === accepted)?.value.organisationId
    const organisation = by === undefined ? undefined : await repository.find(call, by)
    return organisation?.endedAt === undefined ? organisation?.id : undefined
  }
  return {
    async pending(call, token) {
      const found = await live(call, token)
      if (found === undefined || !(await isBacked(call, found.value))) return undefined
      const { organisationId, invitedBy, email, expiresAt } = found.value
      const [organisation, inviter] = await Promise.all([repository.find(call, organisationId), parts.accounts.find(call, invitedBy)])
      if (organisation === undefined || organisation.endedAt !== undefined || inviter === undefined) return undefined
      return { organisation: organisation.name, invitedBy: inviter.name, email, expiresAt }
    },
    async accept(call, token, accountId) {
      const found = await live(call, token)
      const into = found === undefined ? await acceptedInto(call, token, accountId) : undefined
      if (into !== undefined) return { organisationId: into, as: 'accepted-already' }
      if (found === undefined) throw authErrors.invitation_ended()
      const { organisationId } = found.value
      let as: Accepted['as'] = 'joined'
      await organisations.changing.change(call, { organisationId, accountId }, async ({ member, account }) => {
        // Read anew in every round: of two who accept at once, the second finds nothing.
        const invitation = await live(call, token)
        // The member was read before the invitation, and may have become one in between.
        if (invitation === undefined && (await acceptedInto(call, token, accountId)) !== undefined) {
          as = 'accepted-already'
          return undefined
        }
        if (invitation === undefined || account === undefined || !(await isBacked(call, invitation.value)))
          throw authErrors.invitation_ended()
        if (account.email !== invitation.value.email || account.emailVerifiedAt === undefined) throw authErrors.invitation_other()
        const also = [repository.operations.withdraw(invitation)]
        const accepted = sha256(token)
        as = member === undefined ? 'joined' : 'member-already'
        // Roles that an owner has given or taken since count for more than what was offered before.
        if (member !== undefined) return { roles: member.value.roles, accepted, also }
        return { roles: invitation.value.roles, accepted, also, ...(account.activeOrganisation === undefined ? { activate: true } : {}) }
      })
      return { organisationId, as }
    },
    acceptedInto,
  }
}

/** Of a page of them most are from the same few. */
function backedBy(isBacked: (call: Call, invitation: Invitation) => Promise<boolean>): typeof isBacked {
  const known = new Map<string, Promise<boolean>>()
  return (call, invitation) => {
    const asked = known.get(invitation.invitedBy) ?? isBacked(call, invitation)
    known.set(invitation.invitedBy, asked)
    return asked
  }
}

function createLooking({ repository, accounts, clock }: InvitationsParts) {
  return {
    live: async (call: Call, token: string): Promise<Stored<Invitation> | undefined> => {
      const found = await repository.findInvitation(call, { token: sha256(token) })
      return found !== undefined && found.value.expiresAt > clock.now() ? found : undefined
    },
    /** What somebody has promised who may promise nothing any more is not kept. */
    isBacked: async (call: Call, { organisationId, invitedBy }: Invitation): Promise<boolean> => {
      const inviter = await repository.findMember(call, organisationId, invitedBy)
      if (inviter?.value.roles.includes(OWNER) !== true) return false
      const account = await accounts.find(call, invitedBy)
      return account !== undefined && account.suspendedAt === undefined
    },
  }
}

interface Sent {
  readonly organisation: Organisation
  readonly email: string
  readonly roles: readonly string[]
  readonly before: Stored<Invitation> | undefined
}

function createSending({ repository, accounts, limits, throttle, clock, origin }: InvitationsParts) {
  return async (call: Call, { accountId, client }: Inviter, { organisation, email, roles, before }: Sent): Promise<void> => {
    // For whoever has no account as well: how long it takes must not tell. Members are no secret to owners.
    const invited = await accounts.findByEmail(call, email)
    const member = await repository.findMember(call, organisation.id, invited?.id ?? accountId)
    if (invited !== undefined && member !== undefined) throw authErrors.bad_details({ fields: [fieldProblem('email', 'member_already')] })
    if (
      (await throttle.count(call, `invitations:${organisation.id}`, HOUR_MS)) > MAILS_PER_HOUR ||
      !(await limits.mayMail(call, 'invitation', { email, client }))
    )
      throw authErrors.too_many_tries({ headers: { 'retry-after': '900' } })
    const inviter = await accounts.find(call, accountId)
    if (inviter === undefined) throw authErrors.organisation_not_found()
    const token = randomToken()
    const now = clock.now()
    const made: Invitation = {
      id: newId(now),
      token: sha256(token),
      organisationId: organisation.id,
      email,
      roles: [...roles],
      invitedBy: accountId,
      sentAt: now,
      expiresAt: now + INVITATION_DAYS * DAY_MS,
    }
    const data = {
      organisation: organisation.name,
      inviter: organisationNameProblems(inviter.name).length > 0 ? organisation.name : inviter.name,
      link: `${origin}/invitation?token=${token}`,
      days: String(INVITATION_DAYS),
    }
    const events = [
      mail({ to: email, template: 'organisation-invitation', data, language: languageFor(invited, call) }),
      securityEventOf({ type: 'organisation.invited', accountId, about: organisation.name }),
    ]
    const operations = [repository.operations.invite(made, before), holdingStill(call, inviter, { id: accountId })]
    if (await repository.commit(call, operations, events)) return
    // Of two presses at once one has sent it: a second mail would only end the link of the first.
    const sent = await repository.findInvitationTo(call, organisation.id, email)
    if (!isSame(sent, { made, before })) throw authErrors.changed_meanwhile()
  }
}

function isSame(
  sent: Stored<Invitation> | undefined,
  { made, before }: { readonly made: Invitation; readonly before: Stored<Invitation> | undefined },
): boolean {
  if (sent === undefined || sent.version === before?.version) return false
  return sent.value.invitedBy === made.invitedBy && sent.value.roles.join(' ') === made.roles.join(' ')
}
