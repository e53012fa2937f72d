// An owner who goes with the account may leave an organisation to members who can change nothing in it. Each of them is told, and so are those who run this,
// who can name another owner. A job that the write asks for does it, some members at a time, so that none is told twice whatever breaks off.
import type { Call } from '#kernel/call.ts'
import type { EventDraft } from '#kernel/collection.ts'
import { type JobDefinition, job, jobRequested } from '#kernel/job.ts'
import { z } from '#kernel/schema.ts'
import type { Page, Stored } from '../../database/contract.ts'
import { mail } from '../accounts/mail.ts'
import type { Account } from '../accounts/schemas.ts'
import { securityEventOf } from '../security-events/security-event.ts'
import { createOwners, type OwnersParts } from './owners.ts'
import type { OrganisationsRepository } from './repository.ts'
import type { Member, Organisation } from './schemas.ts'

const NAME = 'auth.tell_ownerless'
const AT_ONCE = 40
const MAX_ROUNDS = 20

/** When an owner went: what was asked for before that is of no more use. */
const asked = z.strictObject({ organisationId: z.string(), at: z.int() })
type Asked = z.infer<typeof asked>

/** Whether they are told is decided when the job runs: somebody else may answer for it. */
export function membersAsked({ organisationId, at }: Asked): EventDraft {
  return jobRequested({ name: NAME, input: { organisationId, at } })
}

export interface OwnerlessParts extends OwnersParts {
  readonly repository: OwnersParts['repository'] & Pick<OrganisationsRepository, 'members' | 'commit'>
}

export function ownerlessJob(parts: OwnerlessParts): JobDefinition {
  return job({
    name: NAME,
    input: asked,
    async handle({ call }, gone) {
      for (let round = 0; round < MAX_ROUNDS; ) {
        call.signal.throwIfAborted()
        const step = await tellSome(parts, call, gone)
        if (step === 'done') return
        round = step === 'moved' ? round + 1 : 0
      }
      throw new Error('The organisation changes too often to tell its members.')
    },
  })
}

async function tellSome(parts: OwnerlessParts, call: Call, { organisationId, at }: Asked): Promise<'done' | 'moved' | 'more'> {
  const { repository } = parts
  const stored = await repository.findStored(call, organisationId)
  if (stored === undefined || stored.value.endedAt !== undefined) return 'done'
  const { ownerGone } = stored.value
  if (isTold(ownerGone, at)) return 'done'
  const isBegun = ownerGone?.at === at
  if (await createOwners(parts).isAttended(call, organisationId)) return 'done'
  const page = await repository.members(call, organisationId, { limit: AT_ONCE, after: isBegun ? ownerGone.upTo : undefined })
  const events = [...(isBegun ? [] : [toldOf(stored.value)]), ...(await toldTo(parts, call, { stored, page }))]
  const upTo = page.next === undefined ? {} : { upTo: page.next }
  if (!(await repository.commit(call, [repository.operations.told(stored, { at, ...upTo })], events))) return 'moved'
  return page.next === undefined ? 'done' : 'more'
}

/** All of them, or of another who has gone since. */
function isTold(ownerGone: Organisation['ownerGone'], at: number): boolean {
  if (ownerGone === undefined) return false
  return ownerGone.at > at || (ownerGone.at === at && ownerGone.upTo === undefined)
}

/** For those who run this. */
function toldOf({ name }: Organisation): EventDraft {
  return securityEventOf({ type: 'organisation.ownerless', about: name })
}

async function toldTo(
  { accounts }: OwnerlessParts,
  call: Call,
  { stored, page }: { readonly stored: Stored<Organisation>; readonly page: Page<Member> },
): Promise<EventDraft[]> {
  const people = await Promise.all(page.items.map(({ value }) => accounts.find(call, value.accountId)))
  return people.filter((account) => account !== undefined).flatMap((account) => told(account, stored.value.name))
}

function told({ id: accountId, email, name, language }: Account, organisation: string): EventDraft[] {
  const data = { name, organisation }
  return [
    securityEventOf({ type: 'organisation.ownerless', accountId, about: organisation }),
    mail({ to: email, template: 'organisation-ownerless', data, ...(language === undefined ? {} : { language }) }),
  ]
}
