// What was proved at a sign-in, and how much that is worth: `amr` (RFC 8176) and `acr` of tokens follow from it.
import { z } from '#kernel/schema.ts'

/** What a person can prove to be the owner of an account by. */
export const proof = z.enum(['password', 'email', 'upstream', 'passkey', 'totp', 'recovery_code'])

export type Proof = z.infer<typeof proof>

/** 1: one factor. 2: two. 3: a passkey, which is two at once and cannot be phished. */
export type Level = 1 | 2 | 3

/** The values of `acr`, weakest first. `phr` is registered (OpenID Connect EAP ACR Values 1.0): phishing-resistant. */
export const ACR_VALUES = ['urn:ninefold:acr:one-factor', 'urn:ninefold:acr:two-factors', 'phr'] as const

// How somebody has signed in at another provider is not known here.
const AMR: Readonly<Record<Exclude<Proof, 'upstream'>, string>> = {
  password: 'pwd',
  email: 'otp',
  // Proof of possession of a key, after the device has made sure of its user.
  passkey: 'pop',
  totp: 'otp',
  recovery_code: 'otp',
}
/** RFC 8176. */
const MORE_THAN_ONE = 'mfa'
const FIRST: ReadonlySet<Proof> = new Set(['password', 'email', 'upstream'])
const SECOND: ReadonlySet<Proof> = new Set(['totp', 'recovery_code'])

/** `undefined` while nothing was proved that counts alone: a code of the second step is worth nothing without the first. */
export function levelOf(proofs: readonly Proof[]): Level | undefined {
  if (proofs.includes('passkey')) return 3
  if (!proofs.some((one) => FIRST.has(one))) return undefined
  return proofs.some((one) => SECOND.has(one)) ? 2 : 1
}

/** In how many steps that was. A passkey is both. */
export function stepsOf(proofs: readonly Proof[]): 1 | 2 {
  return (levelOf(proofs) ?? 1) > 1 ? 2 : 1
}

export function amrOf(proofs: readonly Proof[]): string[] {
  const methods = new Set(proofs.flatMap((one) => (one === 'upstream' ? [] : [AMR[one]])))
  return [...methods, ...(stepsOf(proofs) > 1 ? [MORE_THAN_ONE] : [])]
}

export function acrOf(level: Level): string {
  return ACR_VALUES[level - 1] ?? ACR_VALUES[0]
}

/** The level that a value stands for; `undefined` for those of others. */
export function levelOfAcr(acr: string | undefined): Level | undefined {
  const index = ACR_VALUES.findIndex((value) => value === acr)
  return index === 0 ? 1 : index === 1 ? 2 : index === 2 ? 3 : undefined
}

/** What was proved at the sign-in that a session, a code or a token is of. Those from before this was kept have one factor. */
export function provedLevel({ acr, amr = [] }: { readonly acr?: string | undefined; readonly amr?: readonly string[] | undefined }): Level {
  const told = levelOfAcr(acr) ?? 1
  // A client that has asked for less than was proved reads that as `acr`; what was proved is in `amr` all the same.
  return told === 1 && amr.includes(MORE_THAN_ONE) ? 2 : told
}

/** What a request with these `acr_values` needs at least: any one of those that are named will do. `unknown`: we have none of them. */
export function wantedLevel(acrValues: unknown): Level | 'unknown' | undefined {
  if (typeof acrValues !== 'string' || acrValues.trim() === '') return undefined
  const known = acrValues.split(' ').flatMap((value) => levelOfAcr(value) ?? [])
  if (known.length === 0) return 'unknown'
  return known.reduce((least, level) => (level < least ? level : least))
}

/** What to call a level in front of a client: by the name that it has asked for, when that is true. */
export function toldAcr(acr: string | undefined, acrValues: unknown): string | undefined {
  const level = levelOfAcr(acr)
  if (level === undefined || typeof acrValues !== 'string') return acr
  return acrValues.split(' ').find((value) => (levelOfAcr(value) ?? 4) <= level) ?? acr
}
