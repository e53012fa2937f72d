// Keycloak: a realm export, or its `users` alone.
import { canonicalLanguageTag } from '#kernel/language-tag.ts'
import { z } from '#kernel/schema.ts'
import { isMembershipWord } from '../../roles/membership.ts'
import { isKey, keyOf } from '../../second-factors/totp.ts'
import { profileLeft, waysLeft } from './profile.ts'
import {
  bare,
  type Converter,
  type ConverterOptions,
  identitiesOf,
  membersOf,
  odd,
  PASSKEYS_LEFT,
  quoted,
  read,
  roleLeft,
  rowWith,
  secondStepsLeft,
  some,
  text,
  truth,
} from './shared.ts'

const keycloakCredential = z.looseObject({ type: z.string(), secretData: z.string().optional(), credentialData: z.string().optional() })
const keycloakUser = z.looseObject({
  id: text,
  username: z.string('is missing: each user of Keycloak has one'),
  email: z.string('has no address'),
  emailVerified: truth,
  firstName: odd,
  lastName: odd,
  enabled: truth,
  createdTimestamp: z.number().nullish(),
  credentials: z.array(keycloakCredential).nullish(),
  realmRoles: z.array(z.string()).nullish(),
  groups: z.array(z.string()).nullish(),
  requiredActions: z.array(z.string()).nullish().catch(undefined),
  attributes: z
    .looseObject({ locale: z.union([text, z.array(z.string())]) })
    .nullish()
    .catch(undefined),
  clientRoles: z.record(z.string(), z.array(z.string())).nullish(),
  federatedIdentities: z.array(z.looseObject({ identityProvider: z.string(), userId: z.string(), userName: odd })).nullish(),
})
const known = {
  read: keycloakUser.shape,
  own: new Set(['notBefore', 'totp', 'disableableCredentialTypes', 'access', 'self', 'origin', 'userProfileMetadata']),
  added: { name: 'attributes', own: new Set(['locale']) },
}
type KeycloakUser = z.infer<typeof keycloakUser>

const keycloakSecret = z.looseObject({ value: z.string(), salt: z.string() })
const keycloakData = z.looseObject({
  algorithm: z.string(),
  hashIterations: z.int(),
  additionalParameters: z.record(z.string(), z.array(z.string())).optional(),
})
/** What every realm has, and says nothing of a person. */
const KEYCLOAK_ROLES = /^(?:default-roles-|offline_access$|uma_authorization$)/
const KEYCLOAK_CLIENTS = new Set(['account', 'broker'])

export const keycloak: Converter = (value, options) => {
  const user = read(keycloakUser, value)
  if (typeof user === 'string') return user
  const credential = user.credentials?.find(({ type }) => type === 'password')
  const hash = credential === undefined ? undefined : keycloakHash(credential)
  if (hash !== undefined && 'problem' in hash) return hash.problem
  const { identities, left } = identitiesIn(user, options)
  const app = appIn(user)
  const ofClients = clientRolesOf(user.clientRoles ?? {}, options)
  const row = {
    language: languageOf(user),
    id: some(user.id),
    email: user.email,
    emailVerified: user.emailVerified === true,
    name: nameOf(user),
    passwordHash: hash?.hash,
    totpKey: app.key,
    suspended: user.enabled === false ? true : undefined,
    createdAt: some(user.createdTimestamp),
    roles: membersOf([...realmRolesOf(user), ...ofClients.named], options.roles),
    groups: membersOf(user.groups, options.groups, groupOf),
    identities,
  }
  return rowWith(row, [...left, ...ofClients.left, ...app.left, ...actionsLeft(user), ...waysLeft(user), ...profileLeft(value, known)])
}

function nameOf({ firstName, lastName, username }: KeycloakUser): string {
  const name = [firstName, lastName].filter((part) => part !== null && part !== undefined && part !== '').join(' ')
  return name === '' ? username : name
}

function identitiesIn({ federatedIdentities }: KeycloakUser, options: ConverterOptions): ReturnType<typeof identitiesOf> {
  const list = (federatedIdentities ?? []).map(({ identityProvider, userId, userName }) => ({
    provider: identityProvider,
    subject: userId,
    label: some(userName),
  }))
  return identitiesOf(list, options)
}

const realmRolesOf = ({ realmRoles }: KeycloakUser): readonly string[] => (realmRoles ?? []).filter((role) => !KEYCLOAK_ROLES.test(role))

/** Users choose it there, and it is stored as an attribute. */
function languageOf({ attributes }: KeycloakUser): string | undefined {
  const [locale = ''] = [attributes?.locale ?? []].flat()
  return canonicalLanguageTag(locale.trim().replaceAll('_', '-'))
}

/** What those credentials are called that are neither the password nor those that it must not be again. */
const KINDS: Readonly<Record<string, string>> = {
  otp: 'authenticator app',
  totp: 'authenticator app',
  hotp: 'authenticator app',
  webauthn: 'security key',
  'recovery-authn-codes': 'recovery codes',
}
const PASSKEY = 'webauthn-passwordless'

/** The one app that comes along, and what is to be said of all other credentials. */
function appIn({ credentials }: KeycloakUser): { readonly key: string | undefined; readonly left: readonly string[] } {
  const others = (credentials ?? []).filter(({ type }) => type !== 'password' && type !== 'password-history')
  const taken = others.find((one) => keyIn(one) !== undefined)
  const types = others.filter((one) => one !== taken).map(({ type }) => type)
  const passkeys = types.includes(PASSKEY) ? [PASSKEYS_LEFT] : []
  const steps = types.filter((type) => type !== PASSKEY).map((type) => (Object.hasOwn(KINDS, type) ? (KINDS[type] ?? type) : type))
  return { key: taken && keyIn(taken), left: [...secondStepsLeft(steps, { hasApp: taken !== undefined }), ...passkeys] }
}

const keycloakApp = z.looseObject({
  subType: z.literal('totp'),
  digits: z.literal(6),
  period: z.literal(30),
  algorithm: z.literal('HmacSHA1'),
  secretEncoding: z.literal('BASE32').nullish(),
})

/** Of an app whose codes are those that we ask for. The text of a secret is the secret itself there, unless it says that it is in base 32. */
function keyIn({ type, secretData, credentialData }: z.infer<typeof keycloakCredential>): string | undefined {
  if (type !== 'otp') return undefined
  try {
    const { secretEncoding } = keycloakApp.parse(JSON.parse(credentialData ?? ''))
    const { value } = z.looseObject({ value: z.string() }).parse(JSON.parse(secretData ?? ''))
    const key = secretEncoding === 'BASE32' ? bare(value.toUpperCase()) : keyOf(Buffer.from(value))
    return isKey(key) ? key : undefined
  } catch {
    return undefined
  }
}

function actionsLeft({ requiredActions, emailVerified }: KeycloakUser): readonly string[] {
  // Who has not confirmed the address has to do so here, too.
  const actions = (requiredActions ?? []).filter((action) => action !== 'VERIFY_EMAIL' || emailVerified === true)
  return actions.length === 0
    ? []
    : [`what was to be done there at the next sign-in (${actions.join(', ').slice(0, 500)}) is not asked for here`]
}

/** Those of one client are no role of the app unless somebody says so: another client may have the same word for something else. */
function clientRolesOf(
  clients: Readonly<Record<string, readonly string[]>>,
  { roles }: ConverterOptions,
): { readonly named: readonly string[]; readonly left: readonly string[] } {
  const words = Object.entries(clients).flatMap(([client, own]) => own.map((role) => ({ client, word: `${client}/${role}` })))
  const unnamed = words.filter(({ client, word }) => roles?.has(word) !== true && !KEYCLOAK_CLIENTS.has(client))
  return {
    named: words.filter(({ word }) => roles?.has(word) === true).map(({ word }) => word),
    left: unnamed.map(({ word }) => roleLeft(`the role ${quoted(word)} of a client`, word)),
  }
}

/** What cannot be one is told as it is written there. */
function groupOf(path: string): string {
  const name = path.replace(/^\//, '').replaceAll('/', '.')
  return isMembershipWord(name) ? name : path
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
