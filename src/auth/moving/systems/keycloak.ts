// Keycloak: a realm export, or its `users` alone.
import { z } from '#kernel/schema.ts'
import { isMembershipWord } from '../../roles/membership.ts'
import {
  bare,
  type Converter,
  type ConverterOptions,
  identitiesOf,
  membersOf,
  odd,
  quoted,
  read,
  rowWith,
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
  clientRoles: z.record(z.string(), z.array(z.string())).nullish(),
  federatedIdentities: z.array(z.looseObject({ identityProvider: z.string(), userId: z.string(), userName: odd })).nullish(),
})
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
  const name = [user.firstName, user.lastName].filter((part) => part !== null && part !== undefined && part !== '').join(' ')
  const { identities, left } = identitiesOf(
    (user.federatedIdentities ?? []).map(({ identityProvider, userId, userName }) => ({
      provider: identityProvider,
      subject: userId,
      label: some(userName),
    })),
    options,
  )
  const ofClients = clientRolesOf(user.clientRoles ?? {}, options)
  const realmRoles = user.realmRoles?.filter((role) => !KEYCLOAK_ROLES.test(role))
  const row = {
    id: some(user.id),
    email: user.email,
    emailVerified: user.emailVerified === true,
    name: name === '' ? some(user.username) : name,
    passwordHash: hash?.hash,
    suspended: user.enabled === false ? true : undefined,
    createdAt: some(user.createdTimestamp),
    roles: membersOf(ofClients.named.length === 0 ? realmRoles : [...(realmRoles ?? []), ...ofClients.named], options.roles),
    groups: membersOf(user.groups, options.groups, groupOf),
    identities,
  }
  return rowWith(row, [...left, ...ofClients.left])
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
    left: unnamed.map(
      ({ word }) => `the role ${quoted(word)} of a client was left out: name it with --map-role '${word.slice(0, 200)}=<role>'`,
    ),
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
