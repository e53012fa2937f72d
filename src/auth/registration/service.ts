// Clients that register themselves (RFC 7591) and look after their registration (RFC 7592).
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import type { Change, EventDraft } from '#kernel/collection.ts'
import { randomToken } from '#kernel/ids.ts'
import { equalSecrets, sha256 } from '#kernel/keyring.ts'
import type { Stored } from '../../database/contract.ts'
import type { Counts } from '../accounts/counts.ts'
import { type EndClient, endClientRequested } from '../clients/end-client.ts'
import { type Overridden, overridden } from '../clients/overriding.ts'
import type { ClientsRepository } from '../clients/repository.ts'
import { clientDefinition, type StoredClient } from '../clients/schemas.ts'
import type { ClientDefinition, RegistrationDefinition } from '../clients/contract.ts'
import { type ClientSettings, clientProblems } from '../provider/client-rules.ts'
import { securityEventOf } from '../security-events/security-event.ts'
import { RegistrationError } from './errors.ts'
import type { Invitations } from './invitations.ts'
import { type AuthMethod, definitionOf, type Described, metadataOf, parseMetadata, possibleScopes } from './metadata.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
const UNUSED_DAYS = 30
/** Of clients that nobody has invited: until their first token. */
const NEW_MS = DAY_MS
const PER_ADDRESS_AND_HOUR = 20
const PER_NETWORK_AND_HOUR = 100
const ALTOGETHER_PER_HOUR = 2000
const ID_BYTES = 16
const MAX_ROUNDS = 10

export interface Registered {
  readonly metadata: Readonly<Record<string, unknown>>
  /** To look after it with. */
  readonly token: string
}

export interface RegistrationRequest extends Newcomer {
  readonly metadata: unknown
}

interface Newcomer {
  /** The initial access token of the request. */
  readonly token: string | undefined
  /** The pseudonym of its sender, and of the network that it is in. */
  readonly client: string
  readonly network: string
}

export interface Registration {
  register(call: Call, request: RegistrationRequest): Promise<Registered>
  read(call: Call, clientId: string, token: string): Promise<Registered>
  /** The answer has a new token; the old one is good no more. */
  update(call: Call, clientId: string, change: { readonly metadata: unknown; readonly token: string }): Promise<Registered>
  remove(call: Call, clientId: string, token: string): Promise<void>
}

export interface RegistrationDependencies {
  readonly repository: ClientsRepository
  readonly invitations: Invitations
  readonly counts: Counts
  readonly clock: Clock
  readonly settings: ClientSettings
  readonly definition: RegistrationDefinition
  /** Everything that anybody has allowed a client, with its tokens. */
  readonly end: EndClient
}

export function createRegistration(dependencies: RegistrationDependencies): Registration {
  const { repository, clock, definition } = dependencies
  const keptMs = keptMsOf(definition)
  return {
    async register(call, request) {
      const described = describe(dependencies, `dyn-${randomToken(ID_BYTES)}`, request.metadata)
      await admit(dependencies, call, request)
      const secret = needsSecret(described) ? randomToken() : undefined
      const token = randomToken()
      const now = clock.now()
      const client = record(described, {
        createdAt: now,
        expiresAt: now + (request.token === undefined ? Math.min(keptMs, NEW_MS) : keptMs),
        managementHash: sha256(token),
        secretHash: secret && sha256(secret),
      })
      const events = [securityEventOf({ type: 'client.added', about: client.definition.name })]
      if (request.token === undefined) await repository.insert(call, client, events)
      else await joinInvited(dependencies, call, { client, token: request.token, events })
      return { metadata: shown(client, secret), token }
    },

    async read(call, clientId, token) {
      return { metadata: shown((await owned(repository, { call, clientId, token })).value), token }
    },

    update: (call, clientId, { metadata, token }) =>
      whileOwned(repository, { call, clientId, token }, async ({ value, version }) => {
        const { set, secret, about } = rewritten(dependencies, value, metadata)
        const next = randomToken()
        const change = { set: { ...set, managementHash: sha256(next) }, ifVersion: version }
        const events = [securityEventOf({ type: 'client.changed', about })]
        const written = await repository.update(call, clientId, { change, events })
        return written && { metadata: shown(written.value, secret), token: next }
      }),

    async remove(call, clientId, token) {
      await whileOwned(repository, { call, clientId, token }, async ({ version }) => {
        const events = [endClientRequested(clientId, clock.now()), securityEventOf({ type: 'client.removed', about: clientId })]
        return (await repository.remove(call, clientId, { events, ifVersion: version })) || undefined
      })
      await dependencies.end(call, clientId)
    },
  }
}

interface Rewritten {
  readonly set: Change<StoredClient>['set']
  /** When it has got one by this. */
  readonly secret: string | undefined
  readonly about: string
}

/** What a client says of itself anew, beside what operators have said of it. */
function rewritten(dependencies: RegistrationDependencies, present: StoredClient, metadata: unknown): Rewritten {
  const { secretHash: before, earlierSecret, createdAt, managementHash = '' } = present
  const asked = describe(dependencies, present.id, metadata)
  const found = overridden(present, asked.definition, dependencies.clock.now())
  const described = { ...asked, definition: narrowed(dependencies, asked.definition, found) }
  const about = described.definition.name
  // How it proves itself is not its own to say any more.
  const isFixed = found.set.overrides?.authentication !== undefined
  const secret = !isFixed && needsSecret(described) && before === undefined ? randomToken() : undefined
  const secretHash = secret === undefined ? before : sha256(secret)
  const written = record(described, { createdAt, managementHash, secretHash: isFixed ? undefined : secretHash })
  const { id: _id, ...of } = { ...written, ...found.set }
  if (isFixed) return { set: of, secret, about }
  // An operator who has given it another one has said for how long the former is taken.
  const earlier = of.secretHash === undefined ? undefined : earlierSecret
  return { set: { secretHash: undefined, secretMethod: undefined, earlierSecret: earlier, ...of }, secret, about }
}

export function keptMsOf({ unusedDays = UNUSED_DAYS }: RegistrationDefinition = {}): number {
  return unusedDays * DAY_MS
}

/** A client got a token: it is not forgotten for as long again. */
export function createUse({ repository, clock, definition }: Pick<RegistrationDependencies, 'repository' | 'clock' | 'definition'>) {
  const keptMs = keptMsOf(definition)
  return async (call: Call, clientId: string): Promise<void> => {
    const stored = await repository.find(call, clientId)
    const until = clock.now() + keptMs
    // Once a day is enough. One that is blocked is never forgotten.
    if (stored?.value.expiresAt === undefined || stored.value.expiresAt > until - DAY_MS) return
    await repository.update(call, clientId, { change: { set: { expiresAt: until }, ifVersion: stored.version } })
  }
}

function describe({ settings, definition }: RegistrationDependencies, clientId: string, metadata: unknown): Described {
  const scopes = possibleScopes({ registration: definition, scopes: settings.scopes })
  return definitionOf(clientId, parseMetadata(metadata), { settings, scopes, usualMethod: 'client_secret_basic' })
}

/** Of scopes a client has no more than operators leave it. */
function narrowed({ settings }: RegistrationDependencies, asked: ClientDefinition, { definition, set }: Overridden): ClientDefinition {
  const scopes = asked.scopes.filter((scope) => set.overrides?.scopes?.includes(scope) !== false)
  const changed = { ...definition, scopes }
  const [problem] = clientProblems(changed, settings)
  if (problem !== undefined) throw new RegistrationError('invalid_client_metadata', problem)
  return changed
}

/** Whether one more may come: with an invitation, or within the limits. */
async function admit(
  { definition, invitations, counts }: RegistrationDependencies,
  call: Call,
  { token, client, network }: Newcomer,
): Promise<void> {
  if (token !== undefined || definition.dynamic === 'invited') {
    if (token === undefined || !(await invitations.isGood(call, token))) throw badToken()
    return
  }
  const limits = [
    [`register:${client}`, PER_ADDRESS_AND_HOUR],
    [`register-network:${network}`, PER_NETWORK_AND_HOUR],
    ['register', ALTOGETHER_PER_HOUR],
  ] as const
  // What is refused to one counts for the others no more, so that nobody closes it for all.
  for (const [key, most] of limits)
    if ((await counts.add(call, key, { by: 1, ttlMs: HOUR_MS })) > most)
      throw new RegistrationError('temporarily_unavailable', 'too many clients have registered; try again in an hour')
}

/** An invitation is used up by the client that it lets in, and by nothing else. */
async function joinInvited(
  { repository, invitations }: RegistrationDependencies,
  call: Call,
  { client, token, events }: { readonly client: StoredClient; readonly token: string; readonly events: readonly EventDraft[] },
): Promise<void> {
  const redemption = invitations.redemption(token)
  if (!(await repository.insertInvited(call, client, { redemption, events }))) throw badToken()
}

function needsSecret({ authMethod }: Described): boolean {
  return authMethod === 'client_secret_basic' || authMethod === 'client_secret_post'
}

interface Facts {
  readonly createdAt: number
  readonly expiresAt?: number
  readonly managementHash: string
  readonly secretHash: string | undefined
}

function record({ definition, authMethod }: Described, { secretHash, ...facts }: Facts): StoredClient {
  const isSecret = authMethod === 'client_secret_basic' || authMethod === 'client_secret_post'
  const secret = secretHash === undefined || !isSecret ? {} : { secretHash, secretMethod: authMethod }
  return { id: definition.clientId, source: 'registration', definition: clientDefinition.parse(definition), ...facts, ...secret }
}

interface Owner {
  readonly call: Call
  readonly clientId: string
  readonly token: string
}

/** Of what is stored: a token that another process has just given is good here, and one that it has just taken is not. */
async function owned(repository: ClientsRepository, { call, clientId, token }: Owner): Promise<Stored<StoredClient>> {
  const stored = await repository.findStored(call, clientId)
  // RFC 7592 section 2: one answer for a wrong token and for a client that is not there.
  const { managementHash, blockedAt } = stored?.value ?? {}
  // One that is blocked must not change, nor get out by removing itself.
  if (stored === undefined || managementHash === undefined || blockedAt !== undefined) throw badToken()
  if (!equalSecrets(managementHash, sha256(token))) throw badToken()
  return stored
}

/**
 * Decided on what is stored, and again when somebody else was faster: an operator, or the note of a day that it is used. Whoever is told that the token is
 * not good takes the registration for gone (RFC 7592 section 2), so that is said when it is so. `undefined`: it was another version.
 */
async function whileOwned<Done>(
  repository: ClientsRepository,
  owner: Owner,
  write: (stored: Stored<StoredClient>) => Promise<Done | undefined>,
): Promise<Done> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const done = await write(await owned(repository, owner))
    if (done !== undefined) return done
  }
  throw new RegistrationError('temporarily_unavailable', 'the client is being changed')
}

function badToken(): RegistrationError {
  return new RegistrationError('invalid_token', 'the access token is not good here')
}

function shown({ definition, secretMethod, createdAt }: StoredClient, secret?: string): Record<string, unknown> {
  const authMethod: AuthMethod = secretMethod ?? (definition.authentication?.method === 'private_key_jwt' ? 'private_key_jwt' : 'none')
  return {
    ...metadataOf(definition, authMethod),
    client_id_issued_at: Math.floor(createdAt / 1000),
    ...(secret === undefined ? {} : { client_secret: secret, client_secret_expires_at: 0 }),
  }
}
