// What other systems export, as rows of people. Each knows one documented shape; what it has no use for is left out.
import { z } from '#kernel/schema.ts'
import type { PersonRow } from './contract.ts'

export interface ConverterOptions {
  /** Of Firebase: what its console shows as the parameters of password hashes. */
  readonly hashConfig?: FirebaseHashConfig | undefined
  /** The issuer behind the name that another system has for a provider. */
  readonly issuers: Readonly<Record<string, string>>
}

/** The row, or what is wrong with it. It is checked whole when it moves in. */
export type Converter = (value: unknown, options: ConverterOptions) => object | string

const GOOGLE = 'https://accounts.google.com'
const GITHUB = 'https://github.com'
const APPLE = 'https://appleid.apple.com'
/** Names that other systems have for the providers whose subjects are the same for everybody. Those of Microsoft differ from app to app. */
const KNOWN_ISSUERS: Readonly<Record<string, string>> = {
  google: GOOGLE,
  'google-oauth2': GOOGLE,
  'google.com': GOOGLE,
  github: GITHUB,
  'github.com': GITHUB,
  apple: APPLE,
  'apple.com': APPLE,
}

interface Foreign {
  readonly provider: string
  readonly subject: string
  readonly label?: string | undefined
}

/** Providers that nobody has named an issuer for are left out: the person links them again. */
function identitiesOf(list: readonly Foreign[], { issuers }: ConverterOptions): Pick<PersonRow, 'identities'> {
  const found = list.flatMap(({ provider, subject, label }) => {
    const issuer = issuers[provider] ?? KNOWN_ISSUERS[provider]
    return issuer === undefined ? [] : [{ issuer, subject, ...(label === undefined ? {} : { label }) }]
  })
  return found.length === 0 ? {} : { identities: found }
}

function read<T>(schema: z.ZodType<T>, value: unknown): T | string {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  return parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the row'}: ${message}`).join('; ')
}

const text = z.string().nullish()
const truth = z.boolean().nullish()
const some = <T>(value: T | null | undefined): T | undefined => value ?? undefined

function rowWith(row: { readonly [Field in keyof PersonRow]: PersonRow[Field] | undefined } & { readonly email: string }): PersonRow {
  return { email: row.email, ...Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined)) }
}

const bare = (base64: string): string => base64.replaceAll('=', '')

// Keycloak: a realm export, or its `users` alone.
const keycloakCredential = z.looseObject({ type: z.string(), secretData: z.string().optional(), credentialData: z.string().optional() })
const keycloakUser = z.looseObject({
  id: text,
  username: z.string('is missing: each user of Keycloak has one'),
  email: z.string('has no address'),
  emailVerified: truth,
  firstName: text,
  lastName: text,
  enabled: truth,
  createdTimestamp: z.number().nullish(),
  credentials: z.array(keycloakCredential).nullish(),
  realmRoles: z.array(z.string()).nullish(),
  groups: z.array(z.string()).nullish(),
  federatedIdentities: z.array(z.looseObject({ identityProvider: z.string(), userId: z.string(), userName: text })).nullish(),
})
const keycloakSecret = z.looseObject({ value: z.string(), salt: z.string() })
const keycloakData = z.looseObject({
  algorithm: z.string(),
  hashIterations: z.int(),
  additionalParameters: z.record(z.string(), z.array(z.string())).optional(),
})
/** What every realm has, and says nothing of a person. */
const KEYCLOAK_ROLES = /^(?:default-roles-|offline_access$|uma_authorization$)/

const keycloak: Converter = (value, options) => {
  const user = read(keycloakUser, value)
  if (typeof user === 'string') return user
  const credential = user.credentials?.find(({ type }) => type === 'password')
  const hash = credential === undefined ? undefined : keycloakHash(credential)
  if (hash !== undefined && 'problem' in hash) return hash.problem
  const name = [user.firstName, user.lastName].filter((part) => part !== null && part !== undefined && part !== '').join(' ')
  const identities = (user.federatedIdentities ?? []).map(({ identityProvider, userId, userName }) => ({
    provider: identityProvider,
    subject: userId,
    label: some(userName),
  }))
  return rowWith({
    id: some(user.id),
    email: user.email,
    emailVerified: user.emailVerified === true,
    name: name === '' ? some(user.username) : name,
    passwordHash: hash?.hash,
    suspended: user.enabled === false ? true : undefined,
    createdAt: some(user.createdTimestamp),
    roles: user.realmRoles?.filter((role) => !KEYCLOAK_ROLES.test(role)),
    groups: user.groups?.map((path) => path.replace(/^\//, '').replaceAll('/', '.')),
    ...identitiesOf(identities, options),
  })
}

function keycloakHash(credential: z.infer<typeof keycloakCredential>): { readonly hash: string } | { readonly problem: string } {
  try {
    const { value, salt } = keycloakSecret.parse(JSON.parse(credential.secretData ?? ''))
    const { algorithm, hashIterations, additionalParameters = {} } = keycloakData.parse(JSON.parse(credential.credentialData ?? ''))
    const derived = /^pbkdf2(?:-(sha256|sha512))?$/.exec(algorithm)
    if (derived !== null) return { hash: `$pbkdf2-${derived[1] ?? 'sha1'}$i=${hashIterations}$${bare(salt)}$${bare(value)}` }
    const of = (name: string, otherwise: string): string => additionalParameters[name]?.[0] ?? otherwise
    if (algorithm === 'argon2') {
      const version = of('version', '1.3') === '1.0' ? 16 : 19
      const costs = `m=${of('memory', '')},t=${hashIterations},p=${of('parallelism', '1')}`
      return { hash: `$argon2${of('type', 'id')}$v=${version}$${costs}$${bare(salt)}$${bare(value)}` }
    }
    return { problem: `the password was hashed with ${JSON.stringify(algorithm)}, which is not known here` }
  } catch {
    return { problem: 'the password cannot be read' }
  }
}

// Auth0: a user export (NDJSON), or the export of password hashes that its support makes.
const auth0User = z.looseObject({
  _id: z.union([z.string(), z.looseObject({ $oid: z.string() })]).nullish(),
  user_id: text,
  email: z.string('has no address'),
  email_verified: truth,
  name: text,
  nickname: text,
  blocked: truth,
  created_at: text,
  passwordHash: text,
  password_hash: text,
  identities: z.array(z.looseObject({ provider: z.string(), user_id: z.union([z.string(), z.number()]), isSocial: truth })).nullish(),
})

const auth0: Converter = (value, options) => {
  const user = read(auth0User, value)
  if (typeof user === 'string') return user
  const { _id: internal } = user
  const id = some(user.user_id) ?? (typeof internal === 'object' && internal !== null ? `auth0|${internal.$oid}` : undefined)
  // Its own database is no provider: people sign in with the password there.
  const identities = (user.identities ?? []).filter(({ provider }) => provider !== 'auth0')
  const name = [user.name, user.nickname].find((one) => one !== null && one !== undefined && one !== user.email)
  return rowWith({
    id,
    email: user.email,
    emailVerified: user.email_verified === true,
    name: some(name),
    passwordHash: some(user.passwordHash) ?? some(user.password_hash),
    suspended: user.blocked === true ? true : undefined,
    createdAt: some(user.created_at),
    ...identitiesOf(
      identities.map(({ provider, user_id }) => ({ provider, subject: String(user_id) })),
      options,
    ),
  })
}

// Supabase (GoTrue): rows of auth.users, as JSON or CSV, with the identities beside them where they were joined.
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
  deleted_at: text,
  created_at: text,
  raw_user_meta_data: json.pipe(z.looseObject({ name: text, full_name: text }).nullish()),
  identities: json.pipe(
    z
      .array(z.looseObject({ provider: z.string(), provider_id: text, identity_data: z.looseObject({ sub: text, email: text }).nullish() }))
      .nullish(),
  ),
})

const supabase: Converter = (value, options) => {
  const user = attempt(() => read(supabaseUser, value))
  if (typeof user === 'string') return user
  if (user.deleted_at !== null && user.deleted_at !== undefined && user.deleted_at !== '') return 'the person was deleted there'
  const { full_name: full, name } = user.raw_user_meta_data ?? {}
  const identities = (user.identities ?? []).flatMap(({ provider, provider_id: direct, identity_data: data }) => {
    const subject = some(direct) ?? some(data?.sub)
    return subject === undefined ? [] : [{ provider, subject, label: some(data?.email) }]
  })
  const bannedUntil = Date.parse(user.banned_until ?? '')
  return rowWith({
    id: user.id,
    email: user.email,
    emailVerified: (user.email_confirmed_at ?? '') !== '',
    name: some(full) ?? some(name),
    passwordHash: user.encrypted_password === '' ? undefined : some(user.encrypted_password),
    suspended: bannedUntil > Date.now() ? true : undefined,
    createdAt: isoOf(user.created_at),
    ...identitiesOf(identities, options),
  })
}

/** PostgreSQL writes `2024-05-01 10:00:00.1+00`. */
function isoOf(moment: string | null | undefined): string | undefined {
  return moment === null || moment === undefined || moment === '' ? undefined : moment.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00')
}

function attempt<T>(work: () => T): T | string {
  try {
    return work()
  } catch {
    return 'a column that holds JSON cannot be read'
  }
}

// Firebase: `firebase auth:export people.json`, with the parameters of its hashes in a file beside it.
export const firebaseHashConfig = z.strictObject({
  algorithm: z.literal('SCRYPT').optional(),
  base64_signer_key: z.string().min(1),
  base64_salt_separator: z.string(),
  rounds: z.int().positive(),
  mem_cost: z.int().positive(),
})

export type FirebaseHashConfig = z.infer<typeof firebaseHashConfig>

const firebaseUser = z.looseObject({
  localId: z.string(),
  email: z.string('has no address'),
  emailVerified: truth,
  displayName: text,
  disabled: truth,
  createdAt: text,
  passwordHash: text,
  salt: text,
  providerUserInfo: z.array(z.looseObject({ providerId: z.string(), rawId: text, email: text })).nullish(),
})

const firebase: Converter = (value, options) => {
  const user = read(firebaseUser, value)
  if (typeof user === 'string') return user
  const hash = firebaseHash(user, options)
  if (hash !== undefined && 'problem' in hash) return hash.problem
  const identities = (user.providerUserInfo ?? []).flatMap(({ providerId, rawId, email }) =>
    rawId === null || rawId === undefined ? [] : [{ provider: providerId, subject: rawId, label: some(email) }],
  )
  const createdAt = some(user.createdAt)
  return rowWith({
    id: user.localId,
    email: user.email,
    emailVerified: user.emailVerified === true,
    name: some(user.displayName),
    passwordHash: hash?.hash,
    suspended: user.disabled === true ? true : undefined,
    createdAt: createdAt === undefined ? undefined : Number(createdAt),
    ...identitiesOf(identities, options),
  })
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

/** Our own rows. In CSV everything is text: lists have spaces between their words, and one identity has the columns `issuer` and `subject`. */
const own: Converter = (value) => {
  if (typeof value !== 'object' || value === null) return 'the row is no object'
  const cells = Object.entries(value).filter(([, cell]) => cell !== '' && cell !== null)
  const row: Record<string, unknown> = Object.fromEntries(cells)
  const { issuer, subject, ...rest } = row
  for (const name of ['emailVerified', 'suspended', 'legacyPassword', 'deletionByOperator'])
    if (rest[name] === 'true' || rest[name] === 'false') rest[name] = rest[name] === 'true'
  for (const name of ['roles', 'groups']) {
    const list = rest[name]
    if (typeof list === 'string') rest[name] = list.split(/\s+/)
  }
  const identities = issuer === undefined && subject === undefined ? {} : { identities: [{ issuer, subject }] }
  return { ...rest, ...identities }
}

export const converters = { ninefold: own, keycloak, auth0, supabase, firebase } as const

export const sourceSystems = z.enum(['ninefold', 'keycloak', 'auth0', 'supabase', 'firebase'])
