// Another address for an account: proved by a link to the new mailbox, used where the person is signed in. The old mailbox is told, and can take it back for
// some days, for whoever is locked out by a thief has nothing else left.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import type { EventDraft } from '#kernel/collection.ts'
import { randomToken } from '#kernel/ids.ts'
import { equalSecrets, sha256 } from '#kernel/keyring.ts'
import type { Stored } from '../../database/contract.ts'
import { normaliseEmail } from '../accounts/email.ts'
import { languageFor, mail } from '../accounts/mail.ts'
import { type MailAsker, type MailLimits, TOKEN_MINUTES, TOKEN_MS } from '../accounts/mail-limits.ts'
import type { AccountsRepository } from '../accounts/repository.ts'
import { type Account, credentialOf } from '../accounts/schemas.ts'
import type { Admission } from '../admission/service.ts'
import { endAccessRequested } from '../end-access.ts'
import { permitAfter } from '../lost-passkeys/permit.ts'
import { authErrors } from '../errors.ts'
import type { PasswordReset } from '../recovery/schemas.ts'
import { isSecondPress } from '../second-press.ts'
import { securityEventOf, type Whence } from '../security-events/security-event.ts'
import { fieldProblem } from '../texts/problem.ts'
import type { EndedAccounts } from '../moving/ended.ts'
import type { AddressRepository } from './repository.ts'
import type { AddressChange, AddressUndo } from './schemas.ts'

export const UNDO_DAYS = 7
export const DAY_MS = 24 * 3_600_000
/** A sign-up stores the account and its first passkey in two steps. */
const MADE_WITH_MS = 60_000
/** Somebody changes the account at the same moment, a thief for one. */
const MOST_TRIES = 5

export interface Addresses {
  /** Answers nothing: whether the new address is somebody's is said in the mail alone. Throws `auth.bad_details`. */
  ask(call: Call, request: MailAsker & { readonly accountId: string }): Promise<void>
  /** The new address that a link would give to this account; looking changes nothing. */
  pending(call: Call, link: Link): Promise<string | undefined>
  /** Uses the link up. The address that the account has from now on; `undefined` when nothing has changed. */
  confirm(call: Call, link: Link & { readonly by: Whence }): Promise<string | undefined>
  /** Whether this very link has given the account the address that it has: asked once more, for as long as the link would have been good. */
  isConfirmed(call: Call, link: Link): Promise<boolean>
  /** The address that a link to the old mailbox would bring back; looking changes nothing. */
  pendingUndo(call: Call, token: string): Promise<PendingUndo | undefined>
  /**
   * Brings the address back, removes the password and all ways in that were added since a week before. Whose account it was: its access is to end. Goes
   * on while the account is blocked, and lets nobody in then.
   */
  undo(call: Call, token: string, asked?: Undoing): Promise<Restored | undefined>
  /** What came of it, for whoever sends again what has used the link up a moment ago; `undefined` for everybody else. */
  undoneBefore(call: Call, token: string, press: string | undefined): Promise<Outcome | undefined>
}

export interface PendingUndo {
  readonly email: string
  /** By an operator, to a mailbox that may never have been that of the account. */
  readonly offered: boolean
}

export interface Undoing {
  /** What the request is known by when it comes again. */
  readonly press?: string | undefined
  /**
   * Of a link that makes a new passkey, for whoever takes over what an operator has offered, where passkeys are all there is: they have lost every one by
   * that. It needs no second mail, which would send some roles back to the operator.
   */
  readonly passkeyToken?: string | undefined
}

/** What the page after it says. */
export interface Outcome {
  readonly offered: boolean
  readonly suspended: boolean
}

export interface Restored extends Outcome {
  readonly accountId: string
  readonly email: string
}

export interface Link {
  readonly token: string
  readonly accountId: string
}

export interface AddressesDependencies {
  readonly repository: AddressRepository
  readonly accounts: Pick<AccountsRepository, 'find' | 'findByEmail'>
  readonly admission: Pick<Admission, 'problem'>
  readonly limits: MailLimits
  /** Where another system is asked about people: by an address that somebody had it must not bring them here again. */
  readonly ended?: Pick<EndedAccounts, 'note'> | undefined
  readonly clock: Clock
  /** Where mailed links lead: the accounts origin. */
  readonly origin: string
}

export function createAddresses(deps: AddressesDependencies): Addresses {
  return { ...asking(deps), ...undoing(deps) }
}

interface Found {
  readonly used: Stored<AddressChange>
  readonly account: Account
}

/** What a link is for; looking changes nothing. */
function looking({ repository, accounts, clock }: AddressesDependencies) {
  /** With whoever asks; used up or not. */
  const ofAccount = async (call: Call, { token, accountId }: Link): Promise<Found | undefined> => {
    const used = await repository.find(call, sha256(token))
    if (used?.value.accountId !== accountId || used.value.expiresAt <= clock.now()) return undefined
    const account = await accounts.find(call, accountId)
    return account === undefined || account.suspendedAt !== undefined ? undefined : { used, account }
  }
  return {
    find: async (call: Call, link: Link): Promise<Found | undefined> => {
      const found = await ofAccount(call, link)
      if (found === undefined || found.used.value.usedAt !== undefined) return undefined
      const { used, account } = found
      return equalSecrets(credentialOf(account), used.value.credential) ? found : undefined
    },
    isConfirmed: async (call: Call, link: Link): Promise<boolean> => {
      const found = await ofAccount(call, link)
      return found?.used.value.usedAt !== undefined && found.account.email === found.used.value.email
    },
  }
}

function asking(deps: AddressesDependencies): Pick<Addresses, 'ask' | 'pending' | 'confirm' | 'isConfirmed'> {
  const { repository, accounts, limits, clock, origin } = deps
  const { find, isConfirmed } = looking(deps)
  return {
    isConfirmed,
    async ask(call, { accountId, ...request }) {
      const account = await accounts.find(call, accountId)
      if (account === undefined) return
      const email = checkedAddress(deps, account, request.email)
      const mayMail = await limits.mayMail(call, 'address', { ...request, email })
      const taken = await accounts.findByEmail(call, email)
      const token = randomToken()
      const change: AddressChange = {
        id: sha256(token),
        ...(taken === undefined ? { accountId } : {}),
        email,
        credential: credentialOf(account),
        expiresAt: clock.now() + TOKEN_MS,
      }
      const link = `${origin}/account/email/confirm?token=${token}`
      const sent =
        taken === undefined
          ? // Without the name: whose mailbox it is nobody knows yet, and a name can say anything.
            { to: email, template: 'confirm-new-address', data: { link, minutes: String(TOKEN_MINUTES) } }
          : { to: email, template: 'already-registered', data: { name: taken.name, link: `${origin}/account` } }
      await repository.insert(call, change, mayMail ? [mail({ ...sent, language: languageFor(taken ?? account, call) })] : [])
    },
    pending: async (call, link) => (await find(call, link))?.used.value.email,
    async confirm(call, { by, ...link }) {
      const found = await find(call, link)
      if (found === undefined) return undefined
      const { used, account } = found
      const changedAt = clock.now()
      const token = randomToken()
      const undo = undoOf(account, token, changedAt)
      const data = {
        name: account.name,
        address: used.value.email,
        link: `${origin}/restore-address?token=${token}`,
        days: String(UNDO_DAYS),
      }
      const events = [
        mail({ to: account.email, template: 'address-changed', data, language: languageFor(account, call) }),
        securityEventOf({ type: 'email.changed', accountId: account.id, ...by }),
      ]
      const isDone = await repository.change(call, account, { used, undo, events, marks: await marksOf(deps, call, account) })
      return isDone ? used.value.email : undefined
    },
  }
}

function undoing(deps: AddressesDependencies): Pick<Addresses, 'pendingUndo' | 'undo' | 'undoneBefore'> {
  const { repository, accounts, clock } = deps
  const stored = (call: Call, token: string): Promise<Stored<AddressUndo> | undefined> => repository.findUndo(call, sha256(token))
  const find = async (call: Call, token: string): Promise<{ used: Stored<AddressUndo>; account: Account } | undefined> => {
    const used = await stored(call, token)
    if (used?.value.accountId === undefined || used.value.usedAt !== undefined || used.value.expiresAt <= clock.now()) return undefined
    const account = await accounts.find(call, used.value.accountId)
    // Blocked is no end: an operator who has heard of a thief blocks, and the owner follows the link.
    return account === undefined || account.deletion?.begun === true ? undefined : { used, account }
  }
  const tryUndo = async (
    call: Call,
    token: string,
    { press, passkeyToken }: Undoing,
  ): Promise<{ readonly restored?: Restored } | 'again'> => {
    const found = await find(call, token)
    if (found === undefined) return {}
    const { used, account } = found
    const { before, changedAt, unconfirmed, offered = false } = used.value
    const { id: accountId } = account
    // Nothing is removed for an address that cannot come back.
    const holder = await accounts.findByEmail(call, before)
    if (holder !== undefined && holder.id !== accountId) return {}
    const now = clock.now()
    const events = [
      ...toldOf(account, used.value, { when: new Date(now).toUTCString(), language: languageFor(account, call) }),
      endAccessRequested({ accountId, at: now }),
      securityEventOf({ type: 'email.changed', accountId }),
      ...(account.deletionAt === undefined ? [] : [securityEventOf({ type: 'account.deletion_cancelled', accountId })]),
    ]
    const since = unconfirmed === true || offered ? 0 : theirsSince(account, changedAt)
    // First what a thief has kept to come back by, then the change that uses the link up: what breaks off can be done again.
    await repository.forgetOthers(call, accountId, used.value)
    const marks = offered ? await marksOf(deps, call, account) : account.legacyMarks
    const permit = passkeyToken === undefined ? undefined : permitFor(account, used.value, { token: passkeyToken, now })
    const isDone = await repository.restore(call, account, { used, since, now, press, permit, events, marks })
    return isDone ? { restored: { accountId, email: before, offered, suspended: account.suspendedAt !== undefined } } : 'again'
  }
  return {
    async pendingUndo(call, token) {
      const found = await find(call, token)
      return found && { email: found.used.value.before, offered: found.used.value.offered === true }
    },
    async undo(call, token, asked = {}) {
      for (let tries = 0; tries < MOST_TRIES; tries += 1) {
        const outcome = await tryUndo(call, token, asked)
        if (outcome !== 'again') return outcome.restored
      }
      return undefined
    },
    async undoneBefore(call, token, press) {
      const used = (await stored(call, token))?.value
      if (used === undefined || !isSecondPress(used, press, clock.now())) return undefined
      return { offered: used.offered === true, suspended: used.whileBlocked === true }
    },
  }
}

function permitFor(
  account: Account,
  { before: email, offered }: AddressUndo,
  { token, now }: { readonly token: string; readonly now: number },
): PasswordReset | undefined {
  return offered === true && account.suspendedAt === undefined ? permitAfter(now, { account, email, token }) : undefined
}

/** With the address that it has until now. Whose nobody has shown it to be is left out. */
async function marksOf(
  { ended }: Pick<AddressesDependencies, 'ended'>,
  call: Call,
  { email, emailVerifiedAt, legacyMarks: marks }: Account,
): Promise<Account['legacyMarks']> {
  return ended === undefined || emailVerifiedAt === undefined ? marks : await ended.note(call, { addresses: [email], marks })
}

/** The mailbox that has the account again, or now, hears how to get in; the one that has lost it, whom to write to. */
function toldOf(
  { name, email, suspendedAt }: Account,
  { before, offered }: AddressUndo,
  { when, language }: { readonly when: string; readonly language: string | undefined },
): EventDraft[] {
  const data = { name, when }
  const [gained, lost] = offered === true ? ['address-taken', 'address-given'] : ['address-restored', 'address-taken-back']
  // None of what follows leads in before an operator has let them in again.
  const template = suspendedAt === undefined ? gained : 'address-while-blocked'
  return [
    mail({ to: before, template, data, language }),
    ...(email === before ? [] : [mail({ to: email, template: lost, data, language })]),
  ]
}

function undoOf({ id: accountId, email: before, emailVerifiedAt }: Account, token: string, changedAt: number): AddressUndo {
  const unconfirmed = emailVerifiedAt === undefined ? { unconfirmed: true as const } : {}
  return { id: sha256(token), accountId, before, ...unconfirmed, changedAt, expiresAt: changedAt + UNDO_DAYS * DAY_MS }
}

/** A thief may have added a way in first and changed the address then. What the account was made with is its owner's, however young it is. */
function theirsSince({ createdAt }: Account, changedAt: number): number {
  return Math.max(changedAt - UNDO_DAYS * DAY_MS, createdAt + MADE_WITH_MS)
}

/** What the account could have; throws `auth.bad_details`. */
export function checkedAddress({ admission }: Pick<AddressesDependencies, 'admission'>, account: Account, typed: string): string {
  const email = normaliseEmail(typed)
  if (email === undefined) throw authErrors.bad_details({ fields: [fieldProblem('email', 'email_malformed')] })
  const problem = email === account.email ? 'email_same' : admission.problem(email)
  if (problem !== undefined) throw authErrors.bad_details({ fields: [fieldProblem('email', problem)] })
  return email
}
