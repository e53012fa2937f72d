// Letting somebody into an account that was in other hands until this moment: what was opened there ends before.
import { setTimeout as delay } from 'node:timers/promises'
import type { Call } from '#kernel/call.ts'
import type { SignedIn } from '../accounts/signed-in.ts'
import type { PageParts } from './parts.ts'

const SECOND_MS = 1000

export async function endOthers({ engine, byMail }: Pick<PageParts, 'engine' | 'byMail'>, call: Call, accountId: string): Promise<void> {
  await engine.revokeAccount(call, accountId)
  await byMail.reclaiming.withdraw(call, accountId)
  await byMail.reclaiming.finish(call, accountId)
}

/** Before the sign-in counts. */
export async function endOthersBefore(
  parts: Pick<PageParts, 'engine' | 'byMail' | 'clock'>,
  call: Call,
  { accountId, endsOthers }: SignedIn,
): Promise<void> {
  if (endsOthers !== true) return
  await endOthers(parts, call, accountId)
  // Tokens tell the second in which they were issued, and those of this one have ended.
  await delay(SECOND_MS - (parts.clock.now() % SECOND_MS))
}
