// How invitations to sign up are stored: by the hash of the address, so that there is one for each.
import type { Call } from '#kernel/call.ts'
import { defineCollection, deleteFrom, type EventDraft, type Operation } from '#kernel/collection.ts'
import { hasCode } from '#kernel/errors.ts'
import { sha256 } from '#kernel/keyring.ts'
import type { Database, Page } from '../../database/contract.ts'
import { type Invitation, invitation } from './schemas.ts'

export const invitationsCollection = defineCollection<Invitation>({
  name: 'auth_invitations',
  schema: invitation,
  indexes: { newest: { fields: ['invitedAt'] } },
  expiry: 'expiresAt',
})

const PAGE = 100

export const invitationId = (email: string): string => sha256(email)

/**
 * For the commit that makes an account with this address: the permission was for that one. `isNeeded`: without it the commit fails, so that of signing up
 * and withdrawing at the same moment one comes to nothing.
 */
export function invitationUsed(email: string, { isNeeded }: { readonly isNeeded: boolean }): Operation {
  return deleteFrom(invitationsCollection, invitationId(email), isNeeded ? {} : { ifPresent: true })
}

export interface InvitationsRepository {
  find(call: Call, email: string): Promise<Invitation | undefined>
  /** Newest first. */
  list(call: Call, after: string | undefined): Promise<Page<Invitation>>
  /** In place of an earlier one. */
  put(call: Call, value: Invitation, events: readonly EventDraft[]): Promise<void>
  /** False when there is none; then nothing is told. */
  delete(call: Call, email: string, events: readonly EventDraft[]): Promise<boolean>
}

/** Make it before the database starts, since it declares its collection. */
export function createInvitationsRepository(database: Database): InvitationsRepository {
  const invitations = database.collection(invitationsCollection)
  return {
    find: async (call, email) => (await invitations.get(call, invitationId(email)))?.value,
    list: (call, after) =>
      invitations.list(call, { index: 'newest', order: 'descending', limit: PAGE, ...(after === undefined ? {} : { after }) }),
    async put(call, value, events) {
      const { id, ...set } = value
      if ((await invitations.update(call, id, { set }, { events })) !== undefined) return
      try {
        await invitations.insert(call, value, { events })
      } catch (error) {
        // Somebody else has just invited the same person.
        if (!hasCode(error, 'database.duplicate')) throw error
      }
    },
    delete: (call, email, events) => invitations.delete(call, invitationId(email), { events }),
  }
}
