// For who has lost the device and the codes: an operator, who knows by other means that it is them, takes the second step away.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { normaliseEmail } from '../accounts/email.ts'
import { mail } from '../accounts/mail.ts'
import type { AccountsRepository } from '../accounts/repository.ts'
import type { SecondStepReset } from '../contract.ts'
import { endAccessRequested } from '../end-access.ts'
import type { Engine } from '../engine.ts'
import { actorOf, securityEventOf } from '../security-events/security-event.ts'
import { settled } from '../settled.ts'
import type { SecondFactorsRepository } from './repository.ts'
import { requireOperator } from '../operators-only.ts'

export interface ResettingDependencies {
  readonly repository: Pick<SecondFactorsRepository, 'findTotp' | 'findCodes' | 'reset'>
  readonly accounts: Pick<AccountsRepository, 'findByEmail'>
  readonly engine: Pick<Engine, 'revokeAccount'>
  readonly clock: Clock
}

/**
 * Takes the authenticator app and the recovery codes of an account away, and ends its sessions: whoever has them may be who took the device. The person
 * is told by mail, and sets up a new one after signing in, at once where a role asks for it. Passkeys stay: they are no second step. `undefined` when
 * nobody has this address. Throws `auth.operators_only` for anybody but operators and the system.
 */
export async function resetSecondStep(
  { repository, accounts, engine, clock }: ResettingDependencies,
  call: Call,
  typed: string,
): Promise<SecondStepReset | undefined> {
  requireOperator(call)
  const email = normaliseEmail(typed)
  if (email === undefined) return undefined
  // Somebody may set an app up, or use a code, at the same moment.
  const done = await settled(async () => {
    const account = await accounts.findByEmail(call, email)
    if (account === undefined) return undefined
    const { id: accountId, name, waysVersion, language } = account
    const [totp, codes] = await Promise.all([repository.findTotp(call, accountId), repository.findCodes(call, accountId)])
    if (totp === undefined && codes === undefined) return { accountId, secondStepReset: false }
    const now = clock.now()
    const when = new Date(now).toUTCString()
    const events = [
      endAccessRequested({ accountId, at: now }),
      securityEventOf({ type: 'second_step.reset', accountId, ...actorOf(call) }),
      mail({ to: email, template: 'second-step-reset', data: { name, when }, language }),
    ]
    const taken = { waysVersion, totp: totp !== undefined, codes: codes !== undefined, events }
    return (await repository.reset(call, accountId, taken)) ? { accountId, secondStepReset: true } : 'moved'
  })
  if (done?.secondStepReset === true) await engine.revokeAccount(call, done.accountId)
  return done
}
