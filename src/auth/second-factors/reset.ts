// For who has lost the device and the codes: an operator, who knows by other means that it is them, takes the second step away.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import type { EventDraft } from '#kernel/collection.ts'
import { normaliseEmail } from '../accounts/email.ts'
import { mail } from '../accounts/mail.ts'
import type { AccountsRepository } from '../accounts/repository.ts'
import type { Account } from '../accounts/schemas.ts'
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
export async function resetSecondStep(deps: ResettingDependencies, call: Call, typed: string): Promise<SecondStepReset | undefined> {
  requireOperator(call)
  const email = normaliseEmail(typed)
  if (email === undefined) return undefined
  const { engine, clock } = deps
  const now = clock.now()
  const done = await takeAway(deps, call, { email, since: 0, tell: (account) => eventsOf(call, account, now) })
  if (done?.secondStepReset !== true) return done
  await engine.revokeAccount(call, done.accountId)
  // Until then whoever was signed in could set up another.
  await takeAway(deps, call, { email, since: now, tell: () => [] })
  return done
}

interface TakenAway {
  readonly email: string
  /** Only if something of it was set up at this moment or later. */
  readonly since: number
  tell(account: Account): readonly EventDraft[]
}

/** Somebody may set an app up, or use a code, at the same moment. */
function takeAway({ repository, accounts }: ResettingDependencies, call: Call, { email, since, tell }: TakenAway) {
  return settled<SecondStepReset | undefined>(async () => {
    const account = await accounts.findByEmail(call, email)
    if (account === undefined) return undefined
    const { id: accountId, waysVersion } = account
    const [totp, codes] = await Promise.all([repository.findTotp(call, accountId), repository.findCodes(call, accountId)])
    if (![totp, codes?.value].some((row) => row !== undefined && row.createdAt >= since)) return { accountId, secondStepReset: false }
    return (await repository.reset(call, accountId, { waysVersion, events: tell(account) }))
      ? { accountId, secondStepReset: true }
      : 'moved'
  })
}

function eventsOf(call: Call, { id: accountId, email, name, language }: Account, now: number): EventDraft[] {
  const when = new Date(now).toUTCString()
  return [
    endAccessRequested({ accountId, at: now }),
    securityEventOf({ type: 'second_step.reset', accountId, ...actorOf(call) }),
    mail({ to: email, template: 'second-step-reset', data: { name, when }, language }),
  ]
}
