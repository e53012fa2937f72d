// Firebase: `firebase auth:export people.json`, with the parameters of its hashes in a file beside it.
import { z } from '#kernel/schema.ts'
import { claimsIn, claimsOf } from './claims.ts'
import { profileLeft, waysLeft } from './profile.ts'
import {
  type Converter,
  type ConverterOptions,
  type FirebaseHashConfig,
  firebaseHashConfig,
  identitiesOf,
  odd,
  read,
  rowWith,
  secondStepsLeft,
  some,
  text,
  truth,
} from './shared.ts'

/** JSON, or as the console of Firebase shows them: `hash_config {` and a line for each, `rounds: 8,`. Throws for all else. */
export function hashConfigIn(written: string): FirebaseHashConfig {
  if (!/^\s*hash_config\s*\{/.test(written)) return firebaseHashConfig.parse(JSON.parse(written))
  const lines = written.matchAll(/^\s*(\w+)\s*:\s*"?([^\s",]*)"?,?\s*$/gm)
  const parameters = Array.from(lines, ([, name = '', value = '']) => [name, COSTS.has(name) ? Number(value) : value] as const)
  return firebaseHashConfig.parse(Object.fromEntries(parameters))
}

const COSTS: ReadonlySet<string> = new Set(['rounds', 'mem_cost'])

const firebaseUser = z.looseObject({
  localId: z.string(),
  email: z.string('has no address'),
  emailVerified: truth,
  displayName: odd,
  /** A way in that is none here. */
  phoneNumber: odd,
  disabled: truth,
  createdAt: text,
  /** JSON of the claims that the app gave. */
  customAttributes: odd,
  passwordHash: text,
  salt: text,
  /** `phoneInfo` for a number, `totpInfo` for an app. */
  mfaInfo: z.array(z.looseObject({})).nullish().catch(undefined),
  providerUserInfo: z.array(z.looseObject({ providerId: z.string(), rawId: text, email: odd })).nullish(),
})

const OWN_MEMBERS = [
  'lastSignedInAt',
  'lastLoginAt',
  'lastRefreshAt',
  'passwordUpdatedAt',
  'validSince',
  'version',
  'tenantId',
  'initialEmail',
]
const known = { read: firebaseUser.shape, own: new Set(OWN_MEMBERS) }

export const firebase: Converter = (value, options) => {
  const user = read(firebaseUser, value)
  if (typeof user === 'string') return user
  const hash = firebaseHash(user, options)
  if (hash !== undefined && 'problem' in hash) return hash.problem
  const { identities, left } = identitiesOf(
    (user.providerUserInfo ?? []).map(({ providerId, rawId, email }) => ({
      provider: providerId,
      subject: some(rawId),
      label: some(email),
    })),
    options,
  )
  const createdAt = some(user.createdAt)
  const noted = claimsOf(claimsIn(user.customAttributes), options)
  const row = {
    id: user.localId,
    email: user.email,
    emailVerified: user.emailVerified === true,
    name: some(user.displayName),
    passwordHash: hash?.hash,
    suspended: user.disabled === true ? true : undefined,
    createdAt: createdAt === undefined ? undefined : Number(createdAt),
    identities,
    roles: noted.roles,
  }
  const steps = (user.mfaInfo ?? []).map((factor) => ('totpInfo' in factor ? 'authenticator app' : 'phone'))
  return rowWith(row, [
    ...left,
    ...noted.left,
    ...secondStepsLeft(steps),
    ...waysLeft({ phone: user.phoneNumber, email: user.email }),
    ...profileLeft(value, known),
  ])
}

const standard = (base64: string): string => base64.replaceAll('-', '+').replaceAll('_', '/')

function firebaseHash(
  { passwordHash, salt }: z.infer<typeof firebaseUser>,
  { hashConfig }: ConverterOptions,
): { readonly hash: string } | { readonly problem: string } | undefined {
  if (passwordHash === null || passwordHash === undefined || passwordHash === '') return undefined
  if (hashConfig === undefined) return { problem: 'the password needs --hash-config, a file with the parameters of the hashes' }
  const { mem_cost: n, rounds: r, base64_salt_separator: separator, base64_signer_key: key } = hashConfig
  const costs = `v=1,n=${n},r=${r},p=1,ss=${standard(separator)},sk=${standard(key)}`
  return { hash: `$fbscrypt$${costs}$${standard(salt ?? '')}$${standard(passwordHash)}` }
}
