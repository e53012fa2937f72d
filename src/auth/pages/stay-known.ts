// Whoever takes a way in away, or moves the account to another address, makes strangers of all browsers that were known; but not of the one in which they do it.
import { deviceOf, rememberDevice } from '../browser.ts'
import type { PageParts, SignedIn } from './parts.ts'

export interface OwnChange<Outcome> {
  run(): Promise<Outcome>
  /** The address of the account when it is done; `undefined` when nothing has changed. */
  emailAfter(outcome: Outcome, email: string): string | undefined
}

export async function stayKnown<Outcome>(
  { accounts, shared: { devices } }: Pick<PageParts, 'accounts' | 'shared'>,
  { call, exchange, session }: SignedIn,
  { run, emailAfter }: OwnChange<Outcome>,
): Promise<Outcome> {
  const device = deviceOf(exchange)
  const owner = device === undefined ? undefined : await accounts.find(call, session.accountId)
  // As the account is now, or somebody who takes a way in away at the same moment would find this browser still known.
  const keptAfter = owner && (await devices.foresee(call, owner.email, device))
  const outcome = await run()
  const email = owner && emailAfter(outcome, owner.email)
  if (email !== undefined && keptAfter !== undefined) rememberDevice(exchange, keptAfter(email))
  return outcome
}
