// All that auth keeps of a person, beside the account and what the engine ends with it (sessions, grants, tokens, consents).
import type { OrganisationsPart } from '../organisations/create.ts'
import type { Call } from '#kernel/call.ts'
import type { AccountsShared } from '../accounts/create.ts'
import type { Account } from '../accounts/schemas.ts'
import type { Database } from '../../database/contract.ts'
import { addressChangesCollection, addressUndosCollection } from '../address/repository.ts'
import { invitationId, invitationsCollection } from '../admission/repository.ts'
import { emailSignInsCollection } from '../email-sign-in/repository.ts'
import { passkeysCollection } from '../passkeys/repository.ts'
import { resetsCollection } from '../recovery/repository.ts'
import { codesCollection, totpCollection } from '../second-factors/repository.ts'
import { securityEventsCollection } from '../security-events/repository.ts'
import { identitiesCollection } from '../upstream/repository.ts'
import { type PersonalData, rowOfAccount, rowsByAccount } from './personal-data.ts'

/** More than the limits of mails allow within the days that a change can be undone. */
const MOST_CHANGES = 1000

const moment = (at: number): string => new Date(at).toISOString()

/** Declares the collections, so it must run before the database starts. */
export function personalData(database: Database): readonly PersonalData[] {
  return [
    // First of all, while it is known which addresses the account has had.
    signUpInvitations(database),
    rowsByAccount(database, passkeysCollection, {
      name: 'passkeys',
      shown: ({ name, createdAt, lastUsedAt, copySuspectedAt, transports, backupEligible, backedUp, aaguid }) => ({
        name,
        addedAt: moment(createdAt),
        lastUsedAt: lastUsedAt === undefined ? null : moment(lastUsedAt),
        transports,
        backupEligible,
        backedUp,
        aaguid,
        copySuspectedAt: copySuspectedAt === undefined ? null : moment(copySuspectedAt),
      }),
    }),
    rowOfAccount(database, totpCollection, { name: 'authenticatorApp', shown: ({ createdAt }) => ({ addedAt: moment(createdAt) }) }),
    rowOfAccount(database, codesCollection, {
      name: 'recoveryCodes',
      shown: ({ unused, createdAt }) => ({ madeAt: moment(createdAt), left: unused.length }),
    }),
    rowsByAccount(database, identitiesCollection, {
      name: 'linkedIdentities',
      shown: ({ issuer, subject, label, linkedAt }) => ({ issuer, subject, label: label ?? null, linkedAt: moment(linkedAt) }),
    }),
    rowsByAccount(database, securityEventsCollection, {
      name: 'securityEvents',
      shown: ({ type, about, device, client, at }) => ({
        at: moment(at),
        type,
        about: about ?? null,
        device: device ?? null,
        client: client ?? null,
      }),
    }),
    // For minutes, and not shown: one that is missing would tell that the address has an account.
    rowsByAccount(database, addressChangesCollection, { name: 'addressChanges' }),
    rowsByAccount(database, addressUndosCollection, {
      name: 'earlierAddresses',
      // What is offered is the mailbox of the owner, and who downloads this may be the thief.
      shown: ({ before, changedAt, expiresAt, offered }) =>
        offered === true ? undefined : { address: before, changedAt: moment(changedAt), until: moment(expiresAt) },
    }),
    rowsByAccount(database, resetsCollection, { name: 'passwordResets' }),
    rowsByAccount(database, emailSignInsCollection, { name: 'emailSignIns' }),
  ]
}

/** An operator has let an address sign up; the address is its key. */
function signUpInvitations(database: Database): PersonalData {
  const invitations = database.collection(invitationsCollection)
  return {
    name: 'invitations',
    async erase(call, { addresses }) {
      for (const address of addresses) await invitations.delete(call, invitationId(address))
    },
  }
}

/** Nothing is removed here: the other system must not bring back who has gone. */
export function endedMarks({ ended, repository }: Pick<AccountsShared, 'ended' | 'repository'>): PersonalData {
  return {
    name: 'endedMarks',
    async erase(call, leaver) {
      const account = await repository.find(call, leaver.accountId)
      await ended.keep(call, { ...leaver, marks: account?.legacyMarks })
    },
  }
}

export interface Addresses {
  /** The present one, and those before each change of the last days. */
  readonly had: readonly string[]
  /** And those that an operator has offered it to. */
  readonly all: readonly string[]
  /** Until when a change of them can be taken back; 0 when none can. */
  readonly undoableUntil: number
}

export function addressesOf(database: Database): (call: Call, account: Pick<Account, 'id' | 'email'>) => Promise<Addresses> {
  const undos = database.collection(addressUndosCollection)
  return async (call, { id: accountId, email }) => {
    const { items } = await undos.list(call, { index: 'account', where: { accountId }, limit: MOST_CHANGES })
    const had = [...new Set([email, ...items.flatMap(({ value }) => (value.offered === true ? [] : [value.before]))])]
    const all = [...new Set([...had, ...items.map(({ value }) => value.before)])]
    return { had, all, undoableUntil: Math.max(0, ...items.map(({ value }) => value.expiresAt)) }
  }
}

/** An organisation is not one person's: who goes leaves it, and it ends with the last. */
export function memberships({ organisations, forget }: OrganisationsPart): PersonalData {
  return {
    name: 'organisations',
    erase: forget,
    async collect(call, accountId) {
      const joined = await organisations.list(call, accountId)
      return joined.map(({ organisation: { id, name }, roles }) => ({ id, name, roles: [...roles] }))
    },
  }
}

/** Those that they have sent, and those that wait for them. They go with the memberships. */
export function organisationInvitations({ invitationsOf }: OrganisationsPart): PersonalData {
  return { name: 'organisationInvitations', erase: async () => {}, collect: invitationsOf }
}
