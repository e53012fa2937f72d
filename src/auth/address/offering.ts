// An operator gives an account back to its owner, whose own way back has ended: by a link to a mailbox that they know to be theirs. Nothing changes before
// it is followed. Then it is the way back of undo, but that nothing stays of what was there before: since when it was a thief's is not known any more.
import type { Call } from '#kernel/call.ts'
import { randomToken } from '#kernel/ids.ts'
import { sha256 } from '#kernel/keyring.ts'
import { normaliseEmail } from '../accounts/email.ts'
import { languageFor, mail } from '../accounts/mail.ts'
import type { Account } from '../accounts/schemas.ts'
import type { AddressOffer } from '../contract.ts'
import { authErrors } from '../errors.ts'
import { needsPasskey, type SignInMethods } from '../methods.ts'
import { actorOf, securityEventOf } from '../security-events/security-event.ts'
import { settled } from '../settled.ts'
import { fieldProblem } from '../texts/problem.ts'
import { type AddressesDependencies, checkedAddress, DAY_MS, UNDO_DAYS } from './service.ts'
import { requireOperator } from '../operators-only.ts'

export interface AddressOfferingDependencies extends Omit<AddressesDependencies, 'limits'> {
  readonly methods: SignInMethods
}

export interface AddressOffering {
  /** For operators and the system. An earlier offer for the same account ends with it. `undefined` when nobody has this address. */
  offer(call: Call, request: { readonly email: string; readonly to: string }): Promise<AddressOffer | undefined>
}

export function createAddressOffering(deps: AddressOfferingDependencies): AddressOffering {
  const { repository, clock, origin } = deps
  return {
    async offer(call, { email: typed, to }) {
      requireOperator(call)
      const email = normaliseEmail(typed)
      if (email === undefined) return undefined
      const token = randomToken()
      return await settled(async () => {
        const account = await repository.findAccount(call, email)
        if (account === undefined) return undefined
        const { id: accountId } = account.value
        const before = await free(deps, call, { account: account.value, to })
        const now = clock.now()
        const expiresAt = now + UNDO_DAYS * DAY_MS
        const data = { link: `${origin}/restore-address?token=${token}`, days: String(UNDO_DAYS) }
        const offer = { id: sha256(token), accountId, before, offered: true as const, changedAt: now, expiresAt }
        const events = [
          mail({ to: before, template: 'address-offered', data, language: languageFor(account.value, call) }),
          securityEventOf({ type: 'email.offered', accountId, ...actorOf(call) }),
        ]
        return (await repository.insertOffer(call, account, { offer, events })) ? { accountId, offeredTo: before, expiresAt } : 'moved'
      })
    },
  }
}

/** The address, where it can become that of the account and its mailbox lets somebody in. */
async function free(
  deps: AddressOfferingDependencies,
  call: Call,
  { account, to }: { readonly account: Account; readonly to: string },
): Promise<string> {
  const { methods, accounts } = deps
  // A new passkey is made by the mailbox, too (see ../lost-passkeys/).
  if (!methods.password && !methods.emailCode && !methods.magicLink && !needsPasskey(methods))
    throw authErrors.bad_details({ detail: 'In this app nobody comes in by a mailbox: the account would be open to nobody.' })
  // Nothing is half given back.
  if (account.deletion?.begun === true) throw authErrors.bad_details({ detail: 'This account is being deleted.' })
  const email = checkedAddress(deps, account, to)
  if ((await accounts.findByEmail(call, email)) === undefined) return email
  throw authErrors.bad_details({ fields: [fieldProblem('email', 'email_taken')] })
}
