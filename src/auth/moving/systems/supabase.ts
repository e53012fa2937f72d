// Supabase (GoTrue): rows of auth.users, as JSON or CSV, with the identities beside them where they were joined.
import { z } from '#kernel/schema.ts'
import { claimsIn, claimsOf } from './claims.ts'
import { profileLeft, waysLeft } from './profile.ts'
import { type Converter, identitiesOf, odd, read, rowWith, secondStepsLeft, some, text } from './shared.ts'

const json = z.preprocess(
  (value) => (typeof value === 'string' && value !== '' ? JSON.parse(value) : value === '' ? null : value),
  z.unknown(),
)
const supabaseUser = z.looseObject({
  id: z.string(),
  email: z.string('has no address').min(1, 'has no address'),
  encrypted_password: text,
  email_confirmed_at: text,
  banned_until: text,
  /** A way in that is none here. */
  phone: odd,
  deleted_at: text,
  created_at: text,
  raw_user_meta_data: json.pipe(z.looseObject({ name: odd, full_name: odd }).nullish().catch(undefined)),
  raw_app_meta_data: json.optional(),
  /** Rows of auth.mfa_factors, where they were joined. */
  factors: json.pipe(
    z
      .array(z.looseObject({ factor_type: odd, status: odd }))
      .nullish()
      .catch(undefined),
  ),
  identities: json.pipe(
    z
      .array(z.looseObject({ provider: z.string(), provider_id: text, identity_data: z.looseObject({ sub: text, email: odd }).nullish() }))
      .nullish(),
  ),
})

/** What GoTrue keeps of its own work: letters that are under way, and moments. */
const OWN_MEMBERS =
  /^(?:instance_id|aud|role|is_(?:super_admin|sso_user|anonymous)|(?:invited|updated|last_sign_in|confirmed|phone_confirmed)_at|(?:confirmation|recovery|reauthentication)_(?:token|sent_at)|(?:email|phone)_change(?:_\w+)?)$/
/** What it copies from a provider beside the name. */
const COPIED = new Set(['name', 'full_name', 'sub', 'iss', 'email', 'email_verified', 'phone_verified', 'provider_id'])

export const supabase: Converter = (value, options) => {
  const user = attempt(() => read(supabaseUser, value))
  if (typeof user === 'string') return user
  if (user.deleted_at !== null && user.deleted_at !== undefined && user.deleted_at !== '') return 'the person was deleted there'
  const { full_name: full, name } = user.raw_user_meta_data ?? {}
  const { identities, left } = identitiesOf(
    (user.identities ?? []).map(({ provider, provider_id: direct, identity_data: data }) => ({
      provider,
      subject: some(direct) ?? some(data?.sub),
      label: some(data?.email),
    })),
    options,
  )
  const { provider: _provider, providers: _providers, ...claims } = claimsIn(user.raw_app_meta_data)
  const noted = claimsOf(claims, options)
  const row = {
    id: user.id,
    email: user.email,
    emailVerified: (user.email_confirmed_at ?? '') !== '',
    name: some(full) ?? some(name),
    passwordHash: user.encrypted_password === '' ? undefined : some(user.encrypted_password),
    suspended: isBanned(user.banned_until) ? true : undefined,
    createdAt: isoOf(user.created_at),
    identities,
    roles: noted.roles,
  }
  // One that is not verified was never asked for.
  const steps = (user.factors ?? []).filter(({ status }) => status !== 'unverified').map(({ factor_type: type }) => type ?? 'second factor')
  const own = new Set(Object.keys(user).filter((member) => OWN_MEMBERS.test(member)))
  const profile = profileLeft(value, { read: supabaseUser.shape, own, added: { name: 'raw_user_meta_data', own: COPIED } })
  return rowWith(row, [...left, ...noted.left, ...secondStepsLeft(steps), ...waysLeft(user), ...profile])
}

/** `infinity`, and whatever else is no moment, lets nobody in. */
function isBanned(until: string | null | undefined): boolean {
  const moment = isoOf(until)
  return moment !== undefined && moment !== '-infinity' && !(Date.parse(moment) <= Date.now())
}

/** PostgreSQL writes `2024-05-01 10:00:00.1+00`. */
function isoOf(moment: string | null | undefined): string | undefined {
  return moment === null || moment === undefined || moment === ''
    ? undefined
    : moment.replace(' ', 'T').replace(/(:\d\d(?:\.\d+)?[+-]\d\d)$/, '$1:00')
}

function attempt<T>(work: () => T): T | string {
  try {
    return work()
  } catch {
    return 'a column that holds JSON cannot be read'
  }
}
