// Giving and taking roles and groups. Access tokens that tell of the state before end with the change; sessions go on, and their next tokens tell of the new one.
import type { Call } from '#kernel/call.ts'
import { updateIn } from '#kernel/collection.ts'
import type { Clock } from '#kernel/clock.ts'
import { committed } from '#kernel/committed.ts'
import type { Database } from '../../database/contract.ts'
import { normaliseEmail } from '../accounts/email.ts'
import { accountsCollection, createAccountsRepository } from '../accounts/repository.ts'
import type { AccountMembership } from '../contract.ts'
import { authErrors } from '../errors.ts'
import type { Revocations } from '../revocations/revocations.ts'
import { actorOf, securityEventOf } from '../security-events/security-event.ts'
import { changedMembership, type Membership, type MembershipChange, membershipOf } from './membership.ts'
import { type KnownRoles, unknownRolesProblem } from './permissions.ts'
import { requireOperator } from '../operators-only.ts'
import { settled } from '../settled.ts'

const MAX_ABOUT = 200

export interface Roles {
  /** For operators and the system. An empty change tells how things are. */
  change(call: Call, email: string, change: MembershipChange): Promise<AccountMembership | undefined>
}

export interface RolesDependencies {
  readonly database: Database
  readonly revocations: Revocations
  readonly clock: Clock
  /** Those of the app. */
  readonly known: Pick<KnownRoles, 'roles'>
}

export function createRoles(deps: RolesDependencies): Roles {
  const { clock, known } = deps
  const accounts = createAccountsRepository(deps.database)
  const find = async (call: Call, typed: string) => {
    const email = normaliseEmail(typed)
    return email === undefined ? undefined : accounts.findByEmail(call, email)
  }
  return {
    async change(call, email, change) {
      requireOperator(call)
      return await settled(async () => {
        const account = await find(call, email)
        if (account === undefined) return undefined
        const before = membershipOf(account)
        const after = changedMembership(before, change, clock.now())
        if (typeof after === 'string') throw authErrors.bad_details({ detail: after })
        // Taken away can be what the app had before, too.
        const unknown = unknownRolesProblem(change.addRoles ?? [], known)
        if (unknown !== undefined) throw authErrors.bad_details({ detail: `${unknown}.` })
        const isSo = after === before || (await write(deps, call, { id: account.id, before: account.membershipAt, after }))
        return isSo ? shown(account.id, after) : 'moved'
      }, call)
    },
  }
}

const shown = (accountId: string, { roles, groups }: Membership): AccountMembership => ({ accountId, roles, groups })

/** One commit with the end of the tokens, so that no crash leaves somebody with what was taken. False when somebody was faster. */
async function write(
  { database, revocations }: RolesDependencies,
  call: Call,
  { id, before, after }: { readonly id: string; readonly before: number | undefined; readonly after: Membership },
): Promise<boolean> {
  const set = { roles: [...after.roles], groups: [...after.groups], membershipAt: after.at }
  const about = [...after.roles, ...after.groups].join(', ').slice(0, MAX_ABOUT)
  const written = database.commit(
    call,
    [updateIn(accountsCollection, id, { set, where: { membershipAt: before } }), revocations.superseded(id, after.at)],
    [securityEventOf({ type: 'roles.changed', accountId: id, about, ...actorOf(call) })],
  )
  if (!(await committed(written, 'conflict'))) return false
  await revocations.announce(call, 'membership', [id])
  return true
}
