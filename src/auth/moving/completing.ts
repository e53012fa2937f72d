// A row about somebody who is in already, and what it has that the account lacks: some systems give passwords and people in files of their own. Only the id
// that the row leads to names the account, never its address; and nothing is given to it that its owner may have done without since (docs/decisions/0044).
import type { Call } from '#kernel/call.ts'
import type { Account } from '../accounts/schemas.ts'
import { decoyOf, shapeOf } from '../passwords/foreign.ts'
import type { Totp } from '../second-factors/schemas.ts'
import { actorOf, securityEventOf } from '../security-events/security-event.ts'
import type { Identity } from '../upstream/schemas.ts'
import type { MoveInOptions } from './contract.ts'
import type { Household } from './household.ts'
import type { MovingRepository } from './repository.ts'

export interface Arriving {
  readonly household: Household
  readonly options: MoveInOptions
  /** What somebody is called whose row has no name. */
  readonly nameless: string
  /** The authenticator app of the row. */
  readonly app?: Totp | undefined
}

interface Missing {
  readonly password?: string | undefined
  readonly name?: string | undefined
  readonly app?: Totp | undefined
  readonly identities: readonly Identity[]
  /** Of the row, and connected with somebody else. */
  readonly elsewhere: readonly Identity[]
}

/**
 * What became of somebody who is in. `closed`: why the row gives nothing of what it has. `beside`: what it has that is somebody else's by now, or an operator's
 * to give; it keeps nothing of the rest out.
 */
export type Completed =
  | {
      readonly outcome: 'completed' | 'present'
      readonly accountId: string
      readonly closed: readonly string[]
      readonly beside: readonly string[]
    }
  | { readonly outcome: 'refused'; readonly reason: string }

/** Each other writer can be in the way once with what this row has, too; more than this are somebody who changes the account all the time. */
const MAX_ROUNDS = 5

export async function completed(
  repository: MovingRepository,
  call: Call,
  { found, arriving }: { readonly found: Account; readonly arriving: Arriving },
): Promise<Completed> {
  let account: Account | undefined = found
  for (let round = 0; account !== undefined && round < MAX_ROUNDS; round += 1) {
    const outcome = await tried(repository, call, { found: account, arriving })
    if (outcome !== 'overtaken') return outcome
    account = await repository.find(call, found.id)
  }
  return { outcome: 'refused', reason: 'the person was changed while being moved in; try again' }
}

async function tried(
  repository: MovingRepository,
  call: Call,
  { found, arriving }: { readonly found: Account; readonly arriving: Arriving },
): Promise<Completed | 'overtaken'> {
  const { household, options } = arriving
  const { id: accountId } = found
  const missing = await missingOf(repository, call, { found, arriving })
  const words = wordsOf(missing)
  const shut = closedBy(found, household.account)
  const isGiven = shut === undefined && (words !== '' || missing.name !== undefined)
  const closed = shut === undefined || words === '' ? [] : [`${words} was not taken: ${shut}`]
  const beside = [
    ...missing.elsewhere.map(({ issuer }) => `the identity of ${issuer} is connected with another account here already`),
    ...(isBlockedThere(found, household.account) && words === '' ? [BLOCKED_THERE] : []),
    ...membershipLacking(found, household.account),
  ]
  if (!isGiven) return { outcome: 'present', accountId, closed, beside }
  if (options.dryRun !== true && !(await given(repository, call, { found, missing, from: options.from }))) return 'overtaken'
  return { outcome: 'completed', accountId, closed, beside }
}

async function missingOf(
  repository: MovingRepository,
  call: Call,
  { found, arriving: { household, nameless, app } }: { readonly found: Account; readonly arriving: Arriving },
): Promise<Missing> {
  const has = new Set((await repository.identities(call, found.id)).map(({ id }) => id))
  const others = household.identities.filter(({ id }) => !has.has(id))
  const owners = await Promise.all(others.map((one) => repository.findIdentity(call, one)))
  const { password, name } = household.account
  return {
    ...(found.password === undefined && password !== undefined ? { password } : {}),
    ...(found.name === nameless && name !== nameless ? { name } : {}),
    ...(app !== undefined && (await repository.findApp(call, found.id)) === undefined
      ? { app: { ...app, createdAt: found.createdAt } }
      : {}),
    // Dated as the account is: so they are told from what was added here.
    identities: others.filter((_, index) => owners[index] === undefined).map((one) => ({ ...one, linkedAt: found.createdAt })),
    // Another command may have given one of them to this account since.
    elsewhere: others.filter((_, index) => (owners[index]?.accountId ?? found.id) !== found.id),
  }
}

function wordsOf({ password, app, identities }: Missing): string {
  const issuers = identities.map(({ issuer }) => `the identity of ${issuer}`)
  return [...(password === undefined ? [] : ['the password']), ...(app === undefined ? [] : ['the authenticator app']), ...issuers].join(
    ', ',
  )
}

/** What a row says of somebody who is in is for an operator to give: they may have taken it away. */
function membershipLacking(found: Account, row: Account): string[] {
  const lacking = (kind: 'roles' | 'groups'): string[] => (row[kind] ?? []).filter((word) => found[kind]?.includes(word) !== true)
  const [roles, groups] = [lacking('roles'), lacking('groups')]
  return [
    ...(roles.length === 0
      ? []
      : [
          `roles that they do not have here: ${roles.join(', ')} (a file gives none to who is in already: ninefold account <address> --add-role)`,
        ]),
    ...(groups.length === 0 ? [] : [`groups that they are not in here: ${groups.join(', ')} (ninefold account <address> --add-group)`]),
  ]
}

const BLOCKED_THERE = 'the person is blocked there, and not here'

const isBlockedThere = (found: Account, row: Account): boolean => row.suspendedAt !== undefined && found.suspendedAt === undefined

/** Why nothing of a row may open this account any more. */
function closedBy(found: Account, row: Account): string | undefined {
  if (isBlockedThere(found, row)) return BLOCKED_THERE
  if (found.email !== row.email) return 'the address is another one here by now'
  if (found.emailVerifiedAt !== undefined && row.emailVerifiedAt === undefined)
    return 'the address is confirmed here, and the row does not say that it was there'
  // Every way in that was taken away counts it on: by its owner, or by the first proof of the mailbox, which must not be undone.
  if (found.waysVersion !== undefined) return 'ways to sign in were taken away here since'
  return found.deletionAt === undefined ? undefined : 'the account is about to end'
}

async function given(
  repository: MovingRepository,
  call: Call,
  { found, missing, from }: { readonly found: Account; readonly missing: Missing; readonly from: string },
): Promise<boolean> {
  const { password, name, app, identities } = missing
  if (password !== undefined) await repository.keepShape(call, { id: shapeOf(password), decoy: decoyOf(password) })
  const events = [securityEventOf({ type: 'account.imported', accountId: found.id, about: from, ...actorOf(call) })]
  return repository.fill(call, found, { password, name, app, identities, events })
}
