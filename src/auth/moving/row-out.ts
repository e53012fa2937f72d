// Somebody who moves out, as a row: what another system can go on with, and the names of what cannot come along.
import type { Call } from '#kernel/call.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import type { Account } from '../accounts/schemas.ts'
import { TOTP_PURPOSE, totpBinding } from '../second-factors/service.ts'
import type { Identity } from '../upstream/schemas.ts'
import type { PersonRow } from './contract.ts'
import type { MovingRepository, SecondSteps } from './repository.ts'
import { STEPS } from './systems/ninefold.ts'

interface Sources {
  readonly repository: Pick<MovingRepository, 'identities' | 'secondSteps'>
  readonly keyRing: Pick<KeyRing, 'open'>
}

export async function rowOf(
  { repository, keyRing }: Sources,
  call: Call,
  { account, withPasswords }: { readonly account: Account; readonly withPasswords: boolean },
): Promise<PersonRow> {
  const { id, email, name, language, password, emailVerifiedAt, suspendedAt, createdAt } = account
  const [identities, steps] = await Promise.all([repository.identities(call, id), repository.secondSteps(call, id)])
  return {
    id,
    email,
    emailVerified: emailVerifiedAt !== undefined,
    name,
    ...(language === undefined ? {} : { language }),
    ...(withPasswords && password !== undefined ? { passwordHash: password } : {}),
    ...stepsIn(steps, withPasswords ? keyRing : undefined),
    ...(account.awaitsLegacyPassword === true ? { legacyPassword: true } : {}),
    ...(suspendedAt === undefined ? {} : { suspended: true }),
    createdAt: new Date(createdAt).toISOString(),
    ...endIn(account),
    ...membershipIn(account),
    ...identitiesIn(identities),
  }
}

/** Whoever had two factors must not have one without a word: what is not in the row is named in it. */
function stepsIn({ app, hasCodes, hasPasskeys }: SecondSteps, keyRing: Sources['keyRing'] | undefined): Partial<PersonRow> {
  const totpKey = app && keyRing?.open(TOTP_PURPOSE, totpBinding(app.id), app.key)
  const staysBehind = [
    // Not asked for, or lost with the master key.
    ...(app !== undefined && totpKey === undefined ? [STEPS.app] : []),
    ...(hasCodes ? [STEPS.codes] : []),
    ...(hasPasskeys ? [STEPS.passkeys] : []),
  ]
  return { ...(totpKey === undefined ? {} : { totpKey }), ...(staysBehind.length === 0 ? {} : { staysBehind }) }
}

function endIn({ deletionAt, deletion }: Account): Pick<PersonRow, 'deletionAt' | 'deletionByOperator'> {
  if (deletionAt === undefined) return {}
  const at = { deletionAt: new Date(deletionAt).toISOString() }
  return deletion?.byOperator === true ? { ...at, deletionByOperator: true } : at
}

function membershipIn({ roles = [], groups = [] }: Account): Pick<PersonRow, 'roles' | 'groups'> {
  return { ...(roles.length === 0 ? {} : { roles }), ...(groups.length === 0 ? {} : { groups }) }
}

function identitiesIn(identities: readonly Identity[]): Pick<PersonRow, 'identities'> {
  if (identities.length === 0) return {}
  return { identities: identities.map(({ issuer, subject, label }) => ({ issuer, subject, ...(label === undefined ? {} : { label }) })) }
}
