// Forms that cost or tell a stranger something, other than the one for the password: what they carry after suspicion, and what then is refused.
import type { Call } from '#kernel/call.ts'
import type { Html } from '#kernel/html.ts'
import type { Answer, Exchange } from '#kernel/http/route.ts'
import type { Steps } from '../accounts/devices.ts'
import { typedAddress } from '../accounts/email.ts'
import { deviceOf } from '../browser.ts'
import { type FormFailure, type FormState, formFailure, type PageParts, refused, skinOf } from '../pages/handling.ts'
import { dueOn, guardPart, guardSaid } from './part.ts'
import type { GuardAsker } from './service.ts'
import type { Counted } from './suspicion.ts'

export interface GuardedForm {
  readonly for: Counted
  /** Its puzzles are good in this form alone. */
  readonly name: string
  /** The address that it is about, as it was typed or as it is known. */
  readonly address?: string | undefined
  /** In how many steps the browser must have been signed in to before, to be asked for nothing more; one unless told. */
  readonly steps?: Steps
}

interface Asking {
  readonly call: Call
  readonly exchange: Exchange
}

function askerOf(exchange: Exchange, { address, for: counted, steps }: GuardedForm): GuardAsker {
  const about = address === undefined || address === '' ? {} : { address: typedAddress(address) }
  return { ...about, for: counted, client: exchange.client, network: exchange.network(), device: deviceOf(exchange), steps }
}

/** What the form has to carry now. */
export async function guardOf(
  parts: Pick<PageParts, 'guard' | 'settings'>,
  asking: Asking,
  form: GuardedForm & { readonly state?: FormState | undefined },
): Promise<Html | undefined> {
  const { exchange } = asking
  const shown = { asker: askerOf(exchange, form), name: form.name, lacked: form.state?.lacked }
  return guardPart(skinOf(parts, exchange), await dueOn(parts.guard, asking, shown))
}

interface Sent extends GuardedForm {
  readonly body: object
  /** What stands in the form again when it is refused. */
  readonly values?: Readonly<Record<string, string>>
}

interface Judging {
  show(failure: FormFailure): Promise<Answer>
  /** An honest code is told of: it does not count. */
  run(honest: () => Promise<void>): Promise<Answer>
}

/** Runs it unless the form lacks what it has to carry. A form with something wrong in it has not counted. */
export async function guarded(
  parts: Pick<PageParts, 'guard' | 'settings'>,
  { call, exchange, sent }: Asking & { readonly sent: Sent },
  { show, run }: Judging,
): Promise<Answer> {
  const { guard } = parts
  const { texts } = skinOf(parts, exchange)
  const { values = {}, body } = sent
  const asker = askerOf(exchange, sent)
  const lacked = await guard.lacks(call, asker, guardSaid(guard, { exchange, form: sent.name, body }))
  if (lacked !== undefined) {
    const again = 'password' in body ? texts.guard.passwordAgain : texts.guard.sendAgain
    return show(refused({ values, problem: `${texts.guard.needed} ${again}`, lacked }))
  }
  const takeBack = (): Promise<void> => guard.takeBack(call, asker)
  try {
    return await run(takeBack)
  } catch (error) {
    const failure = formFailure(texts, error, values)
    await takeBack()
    return show(failure)
  }
}
