// Taking an account back from somebody who had it and was not its owner. The write that does it removes their ways in, and marks the account with the
// moment since when such ways are theirs: what is added until their access has ended goes after that, if need be by the job that ends it. Invitations to
// organisations that wait go as well: by one of them a thief could come back as an owner.
import type { Call } from '#kernel/call.ts'
import { type CollectionDefinition, deleteFrom, type Document, type EventDraft, type Operation, updateIn } from '#kernel/collection.ts'
import { hasCode } from '#kernel/errors.ts'
import type { Database } from '../database/contract.ts'
import { accountsCollection } from './accounts/repository.ts'
import type { Account } from './accounts/schemas.ts'
import { organisationInvitationsCollection } from './organisations/repository.ts'
import { removingRows } from './remaining-rows.ts'
import { passkeysCollection } from './passkeys/repository.ts'
import { codesCollection, totpCollection } from './second-factors/repository.ts'
import { securityEventOf } from './security-events/security-event.ts'
import { settled } from './settled.ts'
import { identitiesCollection } from './upstream/repository.ts'

export interface Theirs {
  /** Added since then. */
  readonly since: number
  /** But for this passkey, which is its owner's. */
  readonly spared?: string | undefined
}

export interface FirstProof {
  readonly now: number
  /** The one that its owner has proved or chosen; none unless told. */
  readonly password?: string
  /** Ways that were there before have come with the account and stay; none do unless told. */
  readonly since?: number
}

/** What a proof that comes first does to an account. */
export interface Taken {
  readonly account: Account
  readonly operations: readonly Operation[]
  readonly events: readonly EventDraft[]
}

export interface Reclaiming {
  /** What removes their ways in and what `withdrawals` does, for the commit that marks the account. */
  removals(call: Call, accountId: string, theirs: Theirs): Promise<Operation[]>
  /** What withdraws the invitations that the account has sent and that wait, whoever it was: they live for days only, and its owner can send them again. */
  withdrawals(call: Call, accountId: string): Promise<Operation[]>
  /** The same by itself, when the access has ended: of what was sent until then. */
  withdraw(call: Call, accountId: string): Promise<void>
  /** For the commit in which somebody proves that the mailbox is theirs, which nobody had done before (decision 22); it fails when the account has changed. */
  firstProof(call: Call, account: Account, proof: FirstProof): Promise<Taken>
  /** Whether an account was taken back and what was added meanwhile is still to be removed. */
  isOpen(call: Call, accountId: string): Promise<boolean>
  /** When the access has ended. Once for each mark, so that what the owner adds afterwards stays, however late this is asked for again. */
  finish(call: Call, accountId: string): Promise<void>
}

/** Of each kind, in one commit. */
const AT_ONCE = 40
const INVITATIONS_AT_ONCE = 10

export function createReclaiming(database: Database): Reclaiming {
  const accounts = database.collection(accountsCollection)
  const ways = removingWays(database)
  const withdrawals = withdrawing(database)
  const removals: Reclaiming['removals'] = async (call, accountId, theirs) => [
    ...(await ways(call, accountId, theirs)),
    ...(await withdrawals(call, accountId)),
  ]
  const finished = async (call: Call, accountId: string): Promise<'done' | 'moved'> => {
    const account = (await accounts.get(call, accountId))?.value
    if (account?.reclaimedSince === undefined) return 'done'
    const { reclaimedSince, reclaimedBy, waysVersion } = account
    // Whatever is under way with one of them counts no more.
    const set = { reclaimedSince: undefined, reclaimedBy: undefined, waysVersion: (waysVersion ?? 0) + 1 }
    const change = { set, where: { reclaimedSince, waysVersion } }
    try {
      const removed = await ways(call, accountId, { since: reclaimedSince, spared: reclaimedBy })
      const withdrawn = await withdrawals(call, accountId)
      const events = removed.length === 0 ? [] : [securityEventOf({ type: 'account.ways_removed', accountId })]
      await database.commit(call, [...removed, ...withdrawn, updateIn(accountsCollection, accountId, change)], events)
      return 'done'
    } catch (error) {
      if (hasCode(error, 'database.conflict')) return 'moved'
      throw error
    }
  }
  return {
    removals,
    withdrawals,
    async withdraw(call, accountId) {
      const withdrawn = await withdrawals(call, accountId)
      if (withdrawn.length > 0) await database.commit(call, withdrawn, [])
    },
    async firstProof(call, account, { now, password, since = 0 }) {
      const { id: accountId, email, waysVersion } = account
      const removed = await ways(call, accountId, { since })
      const withdrawn = await withdrawals(call, accountId)
      const ended = { waysVersion: (waysVersion ?? 0) + 1, reclaimedSince: since, reclaimedBy: undefined }
      const set = { ...ended, password, awaitsLegacyPassword: undefined, emailVerifiedAt: now }
      const before = { email, password: account.password, waysVersion, emailVerifiedAt: undefined, suspendedAt: undefined }
      return {
        account: { ...account, ...set },
        operations: [updateIn(accountsCollection, accountId, { set, where: before }), ...removed, ...withdrawn],
        events: removed.length === 0 ? [] : [securityEventOf({ type: 'account.ways_removed', accountId })],
      }
    },
    isOpen: async (call, accountId) => (await accounts.get(call, accountId))?.value.reclaimedSince !== undefined,
    async finish(call, accountId) {
      await settled(() => finished(call, accountId))
    },
  }
}

function withdrawing(database: Database): Reclaiming['withdrawals'] {
  const rows = database.collection(organisationInvitationsCollection)
  return (call, accountId) => {
    const query = { index: 'sender', where: { invitedBy: accountId } } as const
    return removingRows(call, { rows, definition: organisationInvitationsCollection, query, atOnce: INVITATIONS_AT_ONCE })
  }
}

function removingWays(database: Database): Reclaiming['removals'] {
  const added = <T extends Document & { readonly accountId: string }>(definition: CollectionDefinition<T>) => {
    const rows = database.collection(definition)
    return async (call: Call, accountId: string, { since, spared }: Theirs): Promise<Operation[]> => {
      for (;;) {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every T has the field; the compiler cannot see that of a type that it does not know
        const where = { accountId } as Partial<T>
        const { items, next } = await rows.list(call, { index: 'account', where, range: { from: since }, limit: AT_ONCE })
        const gone = items.filter(({ value }) => value.id !== spared)
        if (next === undefined) return gone.map(({ value }) => deleteFrom(definition, value.id, { ifPresent: true }))
        // More than anybody has by hand.
        for (const { value } of gone) await rows.delete(call, value.id)
      }
    }
  }
  const passkeys = added(passkeysCollection)
  const identities = added(identitiesCollection)
  const totps = database.collection(totpCollection)
  const codes = database.collection(codesCollection)
  return async (call, accountId, whose) => {
    const [totp, recovery] = await Promise.all([totps.get(call, accountId), codes.get(call, accountId)])
    const isTheirs = (row: typeof totp | typeof recovery): boolean => row !== undefined && row.value.createdAt >= whose.since
    return [
      ...(await passkeys(call, accountId, whose)),
      ...(await identities(call, accountId, whose)),
      // A second step of somebody else's would keep the owner out.
      ...(isTheirs(totp) ? [deleteFrom(totpCollection, accountId, { ifPresent: true })] : []),
      ...(isTheirs(recovery) ? [deleteFrom(codesCollection, accountId, { ifPresent: true })] : []),
    ]
  }
}
