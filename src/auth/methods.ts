// Which ways to sign in are on: what the app definition says, with its defaults, and what cannot be meant refused at start.
import type { AuthDefinition } from './contract.ts'

export interface SignInMethods {
  readonly password: boolean
  readonly passkey: boolean
  readonly totp: boolean
  readonly emailCode: boolean
  readonly magicLink: boolean
  /** There is another provider to sign in with. */
  readonly upstream: boolean
}

/** Nobody would get in again who signs up without one. */
export function needsPasskey({ password, passkey, emailCode, magicLink }: SignInMethods): boolean {
  return passkey && !password && !emailCode && !magicLink
}

/** There is a first step, and something to prove beside it, which recovery codes can stand for. A passkey alone is both at once: nothing follows it. */
export function hasSecondStep({ totp, passkey, password, emailCode, magicLink, upstream }: SignInMethods): boolean {
  return (totp || passkey) && (password || emailCode || magicLink || upstream)
}

/** People sign up by themselves: with a password, a passkey or their mailbox. By another provider alone they come from there. */
export function hasSignUp({ password, passkey, emailCode, magicLink }: SignInMethods): boolean {
  return password || passkey || emailCode || magicLink
}

/** Throws with every problem at once. */
export function signInMethods(definition: AuthDefinition = {}): SignInMethods {
  const { password = true, passkey = true, totp = true, emailCode = false, magicLink = false } = definition.methods ?? {}
  const upstream = (definition.upstreams ?? []).length > 0
  const methods = { password, passkey, totp, emailCode, magicLink, upstream }
  const problems = problemsOf(methods, definition)
  if (problems.length > 0) throw new Error(`The ways to sign in cannot be meant:\n${problems.map((one) => `- ${one}`).join('\n')}`)
  return methods
}

function problemsOf(methods: SignInMethods, { secondFactor }: AuthDefinition): string[] {
  const { password, passkey, totp, emailCode, magicLink, upstream } = methods
  const isOpen = password || passkey || emailCode || magicLink || upstream
  const isForced = (secondFactor?.roles.length ?? 0) > 0
  return [
    ...(isOpen ? [] : ['auth.methods: nobody could sign in; leave one way on.']),
    ...(isForced && !totp && !passkey ? ['auth.secondFactor: nobody could set one up; leave totp or passkey on.'] : []),
  ]
}
