// Which ways to sign in are on: what the app definition says, with its defaults, and what cannot be meant refused at start.
import type { AuthDefinition } from './contract.ts'

export interface SignInMethods {
  readonly password: boolean
  readonly passkey: boolean
  readonly totp: boolean
  readonly emailCode: boolean
  readonly magicLink: boolean
}

export function signInMethods({ methods = {} }: AuthDefinition = {}): SignInMethods {
  const { password = true, passkey = true, totp = true, emailCode = false, magicLink = false } = methods
  return { password, passkey, totp, emailCode, magicLink }
}
