// Auth0: a user export (NDJSON), or the export of password hashes that its support makes.
import { z } from '#kernel/schema.ts'
import { isGoogles } from '../../upstream/google-address.ts'
import { claimsIn, claimsOf } from './claims.ts'
import { profileLeft, waysLeft } from './profile.ts'
import {
  APPLE,
  type Converter,
  type ConverterOptions,
  GITHUB,
  GOOGLE,
  identitiesOf,
  issuerOf,
  odd,
  read,
  rowWith,
  secondStepsLeft,
  some,
  text,
  truth,
} from './shared.ts'

const kinds = z.array(z.string()).nullish().catch(undefined)
const auth0User = z.looseObject({
  _id: z.union([z.string(), z.looseObject({ $oid: z.string() })]).nullish(),
  user_id: text,
  email: z.string('has no address'),
  email_verified: truth,
  name: odd,
  nickname: odd,
  /** Two ways in that are none here. */
  username: odd,
  phone_number: odd,
  blocked: truth,
  created_at: text,
  passwordHash: text,
  password_hash: text,
  /** Only where somebody has asked for it: the kinds of factors. */
  multifactor: kinds,
  /** As its import takes them. */
  mfa_factors: z.array(z.looseObject({})).nullish().catch(undefined),
  /** Only where somebody has asked for it. */
  app_metadata: z.unknown().optional(),
  /** The organisation at Google that the account is of. */
  hd: odd,
  identities: z.array(z.looseObject({ provider: z.string(), user_id: z.union([z.string(), z.number()]), isSocial: truth })).nullish(),
})

/** Parts of the name, and what it counts and notes of its own work. */
const OF_PEOPLE = [
  'given_name',
  'family_name',
  'phone_verified',
  'updated_at',
  'last_login',
  'last_ip',
  'logins_count',
  'last_password_reset',
]
const OF_PASSWORDS = ['tenant', 'connection', 'password_set_date', '_tmp_is_unique', 'version']
const known = {
  read: auth0User.shape,
  own: new Set([...OF_PEOPLE, ...OF_PASSWORDS]),
  added: { name: 'user_metadata', own: new Set<string>() },
}

type Auth0User = z.infer<typeof auth0User>

function idOf({ user_id, _id: internal }: Auth0User): string | undefined {
  return some(user_id) ?? (typeof internal === 'object' && internal !== null ? `auth0|${internal.$oid}` : undefined)
}

/** Its own passwords, and codes by mail. */
const OWN = new Set(['auth0', 'email'])

/** Whether who has confirmed the address can say whose it is today: the rule of `../../upstream/presets.ts`, for what a row has. */
export function isVouchedFor(value: unknown, options: ConverterOptions): boolean {
  const user = read(auth0User, value)
  if (typeof user === 'string') return false
  // The account is named after the way in that its address comes from.
  const [provider = ''] = idOf(user)?.split('|') ?? []
  if (OWN.has(provider)) return true
  const issuer = issuerOf(provider, options)
  return issuer === GITHUB || issuer === APPLE || (issuer === GOOGLE && isGoogles(user.email, user.hd === '' ? undefined : some(user.hd)))
}

function stepsOf({ multifactor, mfa_factors: factors }: Auth0User): readonly string[] {
  const ofImport = (factors ?? []).map((factor) => ('totp' in factor ? 'authenticator app' : 'phone' in factor ? 'phone' : 'second factor'))
  return [...(multifactor ?? []), ...ofImport]
}

export const auth0: Converter = (value, options) => {
  const user = read(auth0User, value)
  if (typeof user === 'string') return user
  const id = idOf(user)
  const { identities, left } = identitiesOf(
    (user.identities ?? []).map(({ provider, user_id }) => ({ provider, subject: String(user_id) })),
    options,
  )
  const noted = claimsOf(claimsIn(user.app_metadata), options)
  const name = [user.name, user.nickname].find((one) => one !== null && one !== undefined && one !== user.email)
  const row = {
    id,
    email: user.email,
    emailVerified: user.email_verified === true,
    name: some(name),
    passwordHash: some(user.passwordHash) ?? some(user.password_hash),
    suspended: user.blocked === true ? true : undefined,
    createdAt: some(user.created_at),
    identities,
    roles: noted.roles,
  }
  const ways = waysLeft({ username: user.username, phone: user.phone_number, email: user.email })
  return rowWith(row, [...left, ...noted.left, ...secondStepsLeft(stepsOf(user)), ...ways, ...profileLeft(value, known)])
}
