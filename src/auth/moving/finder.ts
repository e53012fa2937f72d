// Whom nobody here knows, and who does not type the password of the system that they come from: they come by another provider, or ask for a mail. The app asks
// that system whether it knows them, and so they are here, with their id and all that is theirs, before anything else would be made for them.
import type { Call } from '#kernel/call.ts'
import { normaliseEmail } from '../accounts/email.ts'
import type { Account } from '../accounts/schemas.ts'
import { decoyOf, shapeOf } from '../passwords/foreign.ts'
import type { Identity } from '../upstream/schemas.ts'
import { type AdoptingDependencies, adopted, answeredHousehold, isSame } from './adopting.ts'
import { asked } from './asking.ts'
import { completed } from './completing.ts'
import type { LegacyFindHook, LegacyQuestion } from './contract.ts'
import { type Household, idOf, LEGACY, nameOf } from './household.ts'
import { legacyFound, type ParsedLegacyFound } from './schemas.ts'

export type Found =
  /** Has an account here now. */
  | { readonly is: 'here'; readonly account: Account }
  /** Nobody whom the other system knows, or who would come in by it. */
  | { readonly is: 'nobody' }
  /** Switched off there. */
  | { readonly is: 'blocked'; readonly name: string }
  /** Of a domain that this app does not take. */
  | { readonly is: 'domain' }
  /** Known there, but whose account here that is cannot be told by it: by what it says it could be somebody else's. */
  | { readonly is: 'uncertain' }

export interface LegacyFinder {
  /** By the identity first, then, as `byAddress` does, by the address that is certainly theirs. Throws `auth.unavailable` where the hook fails, `auth.sign_in_refused` where the app refuses. */
  arriving(call: Call, who: Pick<Identity, 'issuer' | 'subject'> & { readonly email?: string | undefined }): Promise<Found>
  /** Whose mailbox it is here: whoever goes on under another address is nobody by the one that they left. Throws as `arriving` does. */
  byAddress(call: Call, email: string): Promise<Found>
}

interface Answered {
  readonly person: ParsedLegacyFound
  /** As it is stored. */
  readonly email: string
  /** Whether it is certainly theirs. */
  readonly isProved: boolean
}

const NOBODY: Found = { is: 'nobody' }
const MAX_ROUNDS = 3

export function createLegacyFinder(hook: LegacyFindHook, deps: AdoptingDependencies): LegacyFinder {
  const ask = (call: Call, question: LegacyQuestion): Promise<ParsedLegacyFound | undefined> =>
    asked(deps, call, {
      hook: 'legacyFind',
      schema: legacyFound,
      run: (context) => hook(context, question),
      problem: (person) => person && problemOf(person, question),
    })

  const askedByAddress = async (call: Call, email: string): Promise<Found> => {
    // Nobody would come in by the answer.
    if (deps.admission.problem(email) !== undefined) return NOBODY
    const person = await ask(call, { email })
    // Else anybody could take an address here by signing up with it there.
    if (person?.emailVerified !== true) return NOBODY
    const isLeft = await hasLeft(deps, call, { id: person.id, email })
    if (isLeft) return NOBODY
    return moved(deps, call, { person, email, isProved: true })
  }

  return {
    byAddress: askedByAddress,
    async arriving(call, { issuer, subject, email: certain }) {
      const person = await ask(call, { issuer, subject })
      if (person === undefined) return certain === undefined ? NOBODY : askedByAddress(call, certain)
      const email = normaliseEmail(person.email) ?? ''
      return moved(deps, call, { person, email, isProved: person.emailVerified || email === certain })
    },
  }
}

/** What is wrong with an answer to this question. */
function problemOf({ email: given, identities = [] }: ParsedLegacyFound, question: LegacyQuestion): string | undefined {
  const email = normaliseEmail(given)
  if (email === undefined) return 'email: this is no address'
  if ('email' in question) return email === question.email ? undefined : 'email: this is another one than was asked about'
  const lists = identities.some(({ issuer, subject }) => issuer === question.issuer && subject === question.subject)
  return lists ? undefined : 'identities: the one that was asked about is not among them'
}

/**
 * Whether the other system goes on naming somebody by a mailbox that is theirs no more. Whoever has it by now is to learn nothing of them, their name or that
 * they are blocked, and signs up as anybody.
 */
async function hasLeft(
  { moving, ended }: AdoptingDependencies,
  call: Call,
  { id, email }: { readonly id: string | undefined; readonly email: string },
): Promise<boolean> {
  const accountId = idOf(id, { from: LEGACY, email })
  const account = (await moving.find(call, accountId)) ?? (await moving.findByEmail(call, email))
  if (account !== undefined) return account.email !== email
  // The account may have another id, by a file, or have come to its end.
  return ended.has(call, { accountId, addresses: [email] })
}

async function moved(deps: AdoptingDependencies, call: Call, { person, email, isProved }: Answered): Promise<Found> {
  const { admission, moving } = deps
  if (admission.problem(email) !== undefined) return { is: 'domain' }
  if (person.suspended === true) return { is: 'blocked', name: nameOf(person, email) }
  const { suspended: _, ...row } = person
  const legacyPassword = person.passwordHash === undefined
  const household = answeredHousehold(deps, call, { ...row, email, emailVerified: isProved, legacyPassword })
  const { id, password } = household.account
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const found = (await moving.find(call, id)) ?? (await moving.findByEmail(call, email))
    if (found !== undefined) return present(deps, call, { found, household, id: person.id })
    if (!isProved) return { is: 'uncertain' }
    // Before an account has such a hash: what its checking costs is to be what that of nobody's costs.
    if (password !== undefined) await moving.keepShape(call, { id: shapeOf(password), decoy: decoyOf(password) })
    const made = await adopted(deps, call, { household, by: 'legacyFind' })
    if (made === 'ended') return NOBODY
    if (made !== 'overtaken') return { is: 'here', account: made }
  }
  return { is: 'uncertain' }
}

/** Who is here already gets what they lack, as by a later file (docs/decisions/0044). By their address alone they are nobody's. */
async function present(
  deps: AdoptingDependencies,
  call: Call,
  { found, household, id }: { readonly found: Account; readonly household: Household; readonly id: string | undefined },
): Promise<Found> {
  const note = (reason: string): void =>
    deps.logger.warn({ requestId: call.requestId, event: 'auth.legacy_refused', accountId: found.id, reason })
  const refused = (reason: string): Found => {
    note(reason)
    return { is: 'uncertain' }
  }
  if (!(await isTheirs(deps, call, { found, made: household.account, id })))
    return refused('the other system has this address with another id than the account here')
  const identities = household.identities.map((one) => ({ ...one, accountId: found.id }))
  const arriving = {
    household: { ...household, identities },
    options: { from: 'legacyFind' },
    nameless: nameOf({}, household.account.email),
  }
  const outcome = await completed(deps.moving, call, { found, arriving })
  if (outcome.outcome === 'refused') return refused(outcome.reason)
  if (outcome.closed.length > 0) return refused(outcome.closed.join('; '))
  // Stored is what opens the account, so they are in: what they were not given beside it is for an operator to read.
  outcome.beside.forEach(note)
  return { is: 'here', account: (await deps.moving.find(call, found.id)) ?? found }
}

/** Whether an account here is of the person whom the other system means: by the id, as far as one has come with the account. */
async function isTheirs(
  deps: AdoptingDependencies,
  call: Call,
  { found, made, id }: { readonly found: Account; readonly made: Account; readonly id: string | undefined },
): Promise<boolean> {
  // The second was made by an answer that had no id.
  if (found.id === made.id || found.id === idOf(undefined, { from: LEGACY, email: found.email })) return true
  // A file has said that it is of that system.
  if (found.awaitsLegacyPassword === true) return isSame(deps, call, { found, id })
  return id !== undefined && found.legacyMarks !== undefined && isSame(deps, call, { found, id })
}
