// What becomes of an authenticator app whose key was sealed with a master key that is lost. The app counts for nothing from then on, and the account goes on
// asking for a second step: whoever knows only the password stays outside. Its owner comes in by a recovery code or a passkey and sets the app up anew; who
// has neither asks an operator (reset.ts).
import { updateIn } from '#kernel/collection.ts'
import type { Clock } from '#kernel/clock.ts'
import type { Call } from '#kernel/call.ts'
import { mail } from '../accounts/mail.ts'
import type { AccountsRepository } from '../accounts/repository.ts'
import type { Losing } from '../keys/begin-anew.ts'
import type { SignInMethods } from '../methods.ts'
import type { Passkeys } from '../passkeys/service.ts'
import { securityEventOf } from '../security-events/security-event.ts'
import { LOST, totpCollection } from './repository.ts'
import type { SecondFactors } from './service.ts'

export interface LosingDependencies {
  readonly accounts: Pick<AccountsRepository, 'find'>
  readonly secondFactors: Pick<SecondFactors, 'state'>
  readonly passkeys: Pick<Passkeys, 'list'>
  readonly methods: SignInMethods
  readonly clock: Clock
}

export function losingApp({ accounts, secondFactors, passkeys, methods, clock }: LosingDependencies): Losing {
  const hasOtherWay = async (call: Call, accountId: string): Promise<boolean> => {
    const { unusedCodes } = await secondFactors.state(call, accountId)
    return unusedCodes > 0 || (methods.passkey && (await passkeys.list(call, accountId)).length > 0)
  }
  return async (call, { id: accountId, sealed }) => {
    const operations = [updateIn(totpCollection, accountId, { set: { key: LOST }, where: { key: sealed } })]
    const account = await accounts.find(call, accountId)
    if (account === undefined) return { operations, events: [] }
    const events = [securityEventOf({ type: 'totp.lost', accountId })]
    // Where the app definition has turned codes off, nobody is asked for one.
    if (!methods.totp) return { operations, events }
    const { email, name, language } = account
    const when = new Date(clock.now()).toUTCString()
    return {
      operations,
      events: [...events, mail({ to: email, template: 'totp-lost', data: { name, when }, language })],
      ...((await hasOtherWay(call, accountId)) ? {} : { stranded: email }),
    }
  }
}
