// How much must be proved to come in, and what is still missing of it. Asked whenever somebody has proved something, whatever the way.
import type { Call } from '#kernel/call.ts'
import type { AccountDirectory, NextStep, SignInRules } from './engine.ts'
import { type Level, levelOf } from './levels.ts'
import { hasSecondStep, type SignInMethods } from './methods.ts'
import type { Passkeys } from './passkeys/service.ts'
import type { SecondFactors } from './second-factors/service.ts'

export interface SignInRulesDependencies {
  readonly accounts: AccountDirectory
  readonly passkeys: Pick<Passkeys, 'list'>
  readonly secondFactors: Pick<SecondFactors, 'hasTotp' | 'state'>
  readonly methods: SignInMethods
  /** People with one of these roles have a second factor. */
  readonly forcedRoles: readonly string[]
  /** Whether they have one of these roles in an organisation. */
  holdsInOrganisation(this: void, call: Call, accountId: string, roles: readonly string[]): Promise<boolean>
}

export function createSignInRules(deps: SignInRulesDependencies): SignInRules {
  const { accounts, passkeys, secondFactors, methods, forcedRoles, holdsInOrganisation } = deps

  const forcedBy: SignInRules['forcedBy'] = (roles) => (roles.some((role) => forcedRoles.includes(role)) ? 2 : 1)

  const forcedLevel: SignInRules['forcedLevel'] = async (call, accountId, known) => {
    if (forcedRoles.length === 0) return 1
    const { roles = [], organisation } = known ?? (await accounts.find(call, accountId))?.membership ?? {}
    if (forcedBy([...roles, ...(organisation?.roles ?? [])]) === 2) return 2
    // Whoever owns one that they do not act for just now may change it on its page all the same.
    return (await holdsInOrganisation(call, accountId, forcedRoles)) ? 2 : 1
  }

  /** What there is to prove with; asked only when something is missing. `totp`: the account has had an app. */
  const held = async (call: Call, accountId: string, totp: boolean): Promise<Missing['has']> => {
    if (!hasSecondStep(methods)) return { totp: false, lost: false, recovery: false, passkey: false, mayAddPasskey: methods.passkey }
    const [{ totpLost, unusedCodes }, keys, person] = await Promise.all([
      secondFactors.state(call, accountId),
      methods.passkey ? passkeys.list(call, accountId) : [],
      accounts.find(call, accountId),
    ])
    // One of an address that nobody has confirmed opens nothing.
    const mayAddPasskey = methods.passkey && person?.emailVerified !== false
    const lost = totp && totpLost === true
    // Whose app was lost is asked for a recovery code, whether there is one left or not: the page says what to do then.
    return { totp: totp && !lost, lost, recovery: unusedCodes > 0 || lost, passkey: mayAddPasskey && keys.length > 0, mayAddPasskey }
  }

  return {
    forcesAnybody: forcedRoles.length > 0,
    forcedLevel,
    forcedBy,
    async nextStep(call, { accountId, proofs, wanted }) {
      const level = levelOf(proofs)
      if (level === undefined) return { kind: 'start' }
      const [totp, forced] = await Promise.all([methods.totp && secondFactors.hasTotp(call, accountId), forcedLevel(call, accountId)])
      const required = highest([wanted, forced, totp ? 2 : 1])
      if (level >= required) return undefined
      return missing({ level, required, has: await held(call, accountId, totp), methods })
    },
  }
}

const highest = (levels: readonly Level[]): Level => levels.reduce((most, level) => (level > most ? level : most))

interface Missing {
  readonly level: Level
  readonly required: Level
  readonly has: {
    readonly totp: boolean
    readonly lost: boolean
    readonly recovery: boolean
    readonly passkey: boolean
    readonly mayAddPasskey: boolean
  }
  readonly methods: SignInMethods
}

function missing({ level, required, has, methods }: Missing): NextStep {
  // Nobody adds a key to an account before they have proved all that it has.
  const isByCode = level === 1 && (has.totp || has.recovery) && (required === 2 || !has.passkey)
  const codes = isByCode ? codesOf(has) : { totp: false, recovery: false }
  if (has.passkey || isByCode) return { kind: 'prove', ...codes, passkey: has.passkey }
  const enrol = { totp: methods.totp && required === 2, passkey: has.mayAddPasskey }
  return enrol.totp || enrol.passkey ? { kind: 'enrol', ...enrol } : { kind: 'impossible' }
}

const codesOf = ({ totp, recovery, lost }: Missing['has']) => ({ totp, recovery, ...(lost ? { lost } : {}) })
