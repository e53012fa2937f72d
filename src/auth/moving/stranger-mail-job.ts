// The job that asks the other system about an address before a mail says that nobody here has it.
import { type Call, callIn } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { hasCode } from '#kernel/errors.ts'
import { type JobDefinition, job } from '#kernel/job.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import type { Logger } from '#kernel/log.ts'
import { z } from '#kernel/schema.ts'
import { createJobSeal, STRANGER_MAIL_JOB } from '#kernel/sealed-job.ts'
import { mail } from '../accounts/mail.ts'
import type { AccountsRepository } from '../accounts/repository.ts'
import type { Account } from '../accounts/schemas.ts'
import type { Found, LegacyFinder } from './finder.ts'
import { type WaitingRecord, waitingRecord } from './stranger-mail.ts'

/** Somebody has the address by now: gives them what waits, with the mail that says so. Nothing where it waits no more. */
export type Resume = (call: Call, known: { readonly account: Account; readonly waiting: WaitingRecord }) => Promise<void>

export interface StrangerMailParts {
  readonly keyRing: KeyRing
  readonly clock: Clock
  readonly logger: Logger
  readonly accounts: Pick<AccountsRepository, 'findByEmail' | 'tell'>
  readonly legacyFinder: Pick<LegacyFinder, 'byAddress'> | undefined
  readonly resume: Readonly<Record<WaitingRecord['kind'], Resume>>
}

const content = z.strictObject({
  request: z.strictObject({
    to: z.string(),
    template: z.string(),
    data: z.record(z.string(), z.string()),
    language: z.string().optional(),
  }),
  waiting: waitingRecord,
})

export function strangerMailJob(parts: StrangerMailParts): JobDefinition {
  const { keyRing, clock, logger, accounts, resume } = parts
  const seal = createJobSeal(keyRing)
  return job({
    name: STRANGER_MAIL_JOB,
    input: z.json(),
    async handle({ call }, stored) {
      const opened = seal.open(stored)
      if (opened === undefined) {
        logger.warn({ event: 'auth.stranger_mail_lost' }, 'a mail that was asked for does not open: its master key is not here')
        return
      }
      const { request, waiting } = content.parse(opened.input)
      // By then nothing that it leads to would open.
      if (clock.now() >= waiting.expiresAt) return
      const own = request.language === undefined ? call : callIn(call, request.language)
      const found = await whose(parts, own, request.to)
      const { to, language } = request
      // What was asked for with one address is mailed to no other, whoever is meant.
      if (found.is === 'here' && found.account.email === to) return resume[waiting.kind](own, { account: found.account, waiting })
      const blocked = found.is === 'blocked' ? { to, template: 'account-blocked', data: { name: found.name }, language } : undefined
      await accounts.tell(own, [mail(blocked ?? request)])
    },
  })
}

async function whose({ accounts, legacyFinder }: StrangerMailParts, call: Call, email: string): Promise<Found> {
  const account = await accounts.findByEmail(call, email)
  if (account !== undefined) return { is: 'here', account }
  try {
    return (await legacyFinder?.byAddress(call, email)) ?? { is: 'nobody' }
  } catch (error) {
    // The app keeps them out. To somebody who has proved nothing yet that is said as to anybody.
    if (hasCode(error, 'auth.sign_in_refused')) return { is: 'nobody' }
    throw error
  }
}
