// Clients that operators register: by the command line, or by the console's API. Secrets are shown once and kept as hashes.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { randomToken } from '#kernel/ids.ts'
import { jobRequested } from '#kernel/job.ts'
import { sha256 } from '#kernel/keyring.ts'
import type { Stored } from '../../database/contract.ts'
import type { ClientDefinition, Clients, ClientView } from './contract.ts'
import { authErrors } from '../errors.ts'
import { type ClientSettings, clientProblems } from '../provider/client-rules.ts'
import type { Invitations } from '../registration/invitations.ts'
import { securityEventOf } from '../security-events/security-event.ts'
import { END_CLIENT } from './end-client.ts'
import type { ClientsRepository } from './repository.ts'
import { clientDefinition, type StoredClient } from './schemas.ts'

const PAGE = 200
const MAX_ROUNDS = 10
const KEEP_SECONDS = 3600
const LONGEST_KEEP_SECONDS = 30 * 86_400

export interface ClientsDependencies {
  readonly repository: ClientsRepository
  readonly invitations: Invitations
  readonly clock: Clock
  readonly settings: ClientSettings
  /** Ids that the app itself has. */
  isFixed(clientId: string): boolean
  /** Everything that anybody has allowed a client, with its tokens. */
  end(call: Call, clientId: string): Promise<void>
}

export function createClients(dependencies: ClientsDependencies): Clients {
  const { repository, settings } = dependencies
  const fixed: readonly ClientView[] = settings.clients.map((definition) => ({ source: 'app', definition, hasSecret: false }))
  const findFixed = (clientId: string): ClientView | undefined => fixed.find(({ definition }) => definition.clientId === clientId)
  return {
    async list(call, after) {
      onlyForOperators(call)
      const { items, next } = await repository.list(call, undefined, { limit: PAGE, ...(after === undefined ? {} : { after }) })
      const shown = [...(after === undefined ? fixed : []), ...items.map(({ value }) => viewOf(value))]
      return next === undefined ? { items: shown } : { items: shown, next }
    },
    async find(call, clientId) {
      onlyForOperators(call)
      const stored = await repository.find(call, clientId)
      return stored === undefined ? findFixed(clientId) : viewOf(stored.value)
    },
    add: (call, definition, options = {}) => add(dependencies, call, { definition, withSecret: options.withSecret === true }),
    async change(call, clientId, change) {
      const stored = await rewrite(dependencies, call, {
        clientId,
        decide({ value }) {
          const definition = parsed({ ...value.definition, ...change, clientId })
          refuseProblems(definition, settings)
          const kept = value.source === 'registration' ? { overrides: { ...value.overrides, ...change } } : {}
          return { set: { definition, ...kept }, type: 'client.changed' }
        },
      })
      return viewOf(stored)
    },
    async rotateSecret(call, clientId, keepSeconds = KEEP_SECONDS) {
      if (!Number.isInteger(keepSeconds) || keepSeconds < 0 || keepSeconds > LONGEST_KEEP_SECONDS)
        throw authErrors.bad_client({ detail: `The earlier secret can be kept for 0 to ${LONGEST_KEEP_SECONDS} seconds.` })
      const secret = randomToken()
      const until = dependencies.clock.now() + keepSeconds * 1000
      const stored = await rewrite(dependencies, call, {
        clientId,
        decide({ value }) {
          if (value.secretHash === undefined)
            throw authErrors.bad_client({ detail: `${JSON.stringify(clientId)} is a public client: it has no secret.` })
          const earlierSecret = keepSeconds === 0 ? undefined : { hash: value.secretHash, until }
          return { set: { secretHash: sha256(secret), earlierSecret }, type: 'client.secret_rotated' }
        },
      })
      return { client: viewOf(stored), secret }
    },
    async invite(call) {
      onlyForOperators(call)
      return await dependencies.invitations.create(call)
    },
    async remove(call, clientId) {
      onlyForOperators(call)
      if (dependencies.isFixed(clientId)) throw fixedClient(clientId)
      // Somebody may register the same id again: nothing that people have allowed this one may be left for that one.
      const ending = jobRequested({ name: END_CLIENT, input: { clientId }, uniqueKey: `${END_CLIENT}:${clientId}` })
      const events = [ending, securityEventOf({ type: 'client.removed', about: clientId.slice(0, 200) })]
      if (!(await repository.remove(call, clientId, events))) return false
      // At once, however many jobs wait. It is removed whether this succeeds or not, and the job tries again.
      await dependencies.end(call, clientId).catch(() => undefined)
      return true
    },
  }
}

type Added = Awaited<ReturnType<Clients['add']>>

async function add(
  { repository, clock, settings, isFixed }: ClientsDependencies,
  call: Call,
  { definition, withSecret }: { readonly definition: ClientDefinition; readonly withSecret: boolean },
): Promise<Added> {
  onlyForOperators(call)
  // With a secret of ours it authenticates, which services must; the hashes in a definition are those of an app.
  const usual = withSecret ? { authentication: { method: 'client_secret_basic', secretHashes: [] } as const } : {}
  const checked = parsed({ ...usual, ...definition })
  refuseProblems(checked, settings)
  const secret = withSecret ? randomToken() : undefined
  const client: StoredClient = {
    id: checked.clientId,
    source: 'operator',
    definition: checked,
    createdAt: clock.now(),
    ...(secret === undefined ? {} : { secretHash: sha256(secret) }),
  }
  const isNew =
    !isFixed(client.id) && (await repository.insert(call, client, [securityEventOf({ type: 'client.added', about: checked.name })]))
  if (!isNew) throw authErrors.client_exists({ detail: `There is a client ${JSON.stringify(client.id)} already.` })
  return secret === undefined ? { client: viewOf(client) } : { client: viewOf(client), secret }
}

interface Rewriting {
  readonly set: Partial<{ [Field in keyof StoredClient]: StoredClient[Field] | undefined }>
  readonly type: 'client.changed' | 'client.secret_rotated'
}

async function rewrite(
  { repository, isFixed }: ClientsDependencies,
  call: Call,
  { clientId, decide }: { readonly clientId: string; decide(stored: Stored<StoredClient>): Rewriting },
): Promise<StoredClient> {
  onlyForOperators(call)
  if (isFixed(clientId)) throw fixedClient(clientId)
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const stored = await repository.find(call, clientId)
    if (stored === undefined) throw authErrors.client_not_found({ detail: `There is no client ${JSON.stringify(clientId)}.` })
    const { set, type } = decide(stored)
    const events = [securityEventOf({ type, about: stored.value.definition.name })]
    const written = await repository.update(call, clientId, { change: { set, ifVersion: stored.version }, events })
    if (written !== undefined) return written.value
  }
  throw new Error('The client changes too often to be changed.')
}

export function viewOf({ source, definition, secretHash, createdAt, earlierSecret }: StoredClient): ClientView {
  const earlier = earlierSecret === undefined ? {} : { earlierSecretUntil: earlierSecret.until }
  return { source, definition, hasSecret: secretHash !== undefined, createdAt, ...earlier }
}

function parsed(definition: ClientDefinition): StoredClient['definition'] {
  const found = clientDefinition.safeParse(definition)
  if (found.success) return found.data
  const [issue] = found.error.issues
  throw authErrors.bad_client({ detail: `${issue?.path.join('.') ?? 'The client'}: ${issue?.message ?? 'cannot be read'}` })
}

function refuseProblems(definition: ClientDefinition, settings: ClientSettings): void {
  const problems = clientProblems(definition, settings)
  if (problems.length > 0) throw authErrors.bad_client({ detail: problems.join(' ') })
}

function fixedClient(clientId: string): Error {
  return authErrors.bad_client({ detail: `${JSON.stringify(clientId)} is in the app definition: change it there.` })
}

function onlyForOperators({ principal }: Call): void {
  if (principal.kind !== 'operator' && principal.kind !== 'system') throw authErrors.operators_only()
}
