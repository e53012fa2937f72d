// Clients that operators register: by the command line, or by the console's API. Secrets are shown once and kept as hashes.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { randomToken } from '#kernel/ids.ts'
import { sha256 } from '#kernel/keyring.ts'
import { isPlace } from '../client-documents/place.ts'
import {
  type ClientChange,
  type ClientDefinition,
  type Clients,
  type ClientView,
  KEEP_SECONDS,
  LONGEST_KEEP_SECONDS,
  type SecretRenewal,
} from './contract.ts'
import { authErrors } from '../errors.ts'
import { keyProblems } from '../provider/client-authentication.ts'
import { type ClientSettings, clientProblems, definitionProblems } from '../provider/client-rules.ts'
import type { Invitations } from '../registration/invitations.ts'
import { actorOf, securityEventOf } from '../security-events/security-event.ts'
import { refuseOther } from './credential.ts'
import { createBlocking } from './blocking.ts'
import { type EndClient, endClientRequested } from './end-client.ts'
import type { ClientsRepository } from './repository.ts'
import { fixedClient, rewrite } from './rewriting.ts'
import { lapsedAfter } from './overriding.ts'
import { bringsSecret, isShown, shown, viewOf } from './view.ts'
import { clientDefinition, type StoredClient } from './schemas.ts'
import { requireOperator } from '../operators-only.ts'

const PAGE = 200

export interface ClientsDependencies {
  readonly repository: ClientsRepository
  readonly invitations: Invitations
  readonly clock: Clock
  readonly settings: ClientSettings
  /** Ids that the app itself has. */
  isFixed(clientId: string): boolean
  /** Clients register themselves here. */
  readonly isInviting: boolean
  /** Whether an id is one of a document that would be fetched. */
  isDocument(clientId: string): boolean
  /** Everything that anybody has allowed a client, with its tokens. */
  readonly end: EndClient
}

async function invite({ invitations, isInviting }: ClientsDependencies, call: Call): Promise<string> {
  requireOperator(call)
  if (!isInviting)
    throw authErrors.bad_client({
      detail: 'No client registers itself here: the app definition has no "registration.dynamic" under "auth".',
    })
  return await invitations.create(call)
}

export function createClients(dependencies: ClientsDependencies): Clients {
  const { repository, settings, clock } = dependencies
  const fixed: readonly ClientView[] = settings.clients.map((definition) => {
    return { source: 'app', definition, hasSecret: bringsSecret(definition) }
  })
  const findFixed = (clientId: string): ClientView | undefined => fixed.find(({ definition }) => definition.clientId === clientId)
  return {
    async list(call, after) {
      requireOperator(call)
      const { items, next } = await repository.list(call, undefined, { limit: PAGE, ...(after === undefined ? {} : { after }) })
      const views = [
        ...(after === undefined ? fixed : []),
        ...(await Promise.all(items.map(({ value }) => shown(repository, call, value)))).filter(isShown),
      ]
      return next === undefined ? { items: views } : { items: views, next }
    },
    async find(call, clientId) {
      requireOperator(call)
      const stored = await repository.find(call, clientId)
      return stored === undefined ? findFixed(clientId) : await shown(repository, call, stored.value)
    },
    add: (call, definition, options = {}) => add(dependencies, call, { definition, withSecret: options.withSecret === true }),
    async change(call, clientId, change) {
      const stored = await rewrite(dependencies, call, {
        clientId,
        decide({ value }) {
          refuseBeyond(value, change)
          const definition = parsed({ ...value.definition, ...change, clientId })
          // What it has stays; what it is given is looked at.
          const { authentication, requestObjectKeys } = change
          refuseProblems(keyProblems({ ...(authentication && { authentication }), ...(requestObjectKeys && { requestObjectKeys }) }))
          refuseProblems(value.source === 'document' ? definitionProblems(definition, settings) : clientProblems(definition, settings))
          const overrides = value.source === 'operator' ? undefined : { ...value.overrides, ...change }
          // What an operator has said of a client is not forgotten with it.
          const kept = value.source === 'operator' ? {} : { expiresAt: undefined, lapsed: lapsedAfter(value, change) }
          return { set: { definition, overrides, ...kept }, type: 'client.changed' }
        },
      })
      return viewOf(stored)
    },
    async rotateSecret(call, clientId, renewal = {}) {
      const kept = keeping(clock.now(), renewal)
      const secret = randomToken()
      const now = clock.now()
      const stored = await rewrite(dependencies, call, {
        clientId,
        decide({ value }) {
          if (value.secretHash === undefined) throw authErrors.bad_client({ detail: unrotatable(value) })
          refuseOther(value, renewal.replacing)
          return { set: { secretHash: sha256(secret), earlierSecret: kept(value), renewed: { at: now } }, type: 'client.secret_rotated' }
        },
      })
      return { client: viewOf(stored), secret }
    },
    invite: (call) => invite(dependencies, call),
    remove: (call, clientId) => remove(dependencies, call, clientId),
    ...createBlocking(dependencies),
  }
}

function unrotatable({ id, definition }: StoredClient): string {
  const client = JSON.stringify(id)
  if (bringsSecret(definition))
    return `${client} brought its secret along: add the hash of the next one to "secretHashes" of its definition, beside the present one.`
  const { method = 'none' } = definition.authentication ?? {}
  return method === 'none' ? `${client} is a public client: it has no secret.` : `${client} proves itself by ${method}, and has no secret.`
}

/** The secret that is taken beside the new one. */
function keeping(now: number, { keepSeconds, unseen }: SecretRenewal): (client: StoredClient) => StoredClient['earlierSecret'] {
  const seconds = keepSeconds ?? KEEP_SECONDS
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > LONGEST_KEEP_SECONDS)
    throw authErrors.bad_client({ detail: `The earlier secret can be kept for 0 to ${LONGEST_KEEP_SECONDS} seconds.` })
  if (unseen === true && keepSeconds !== undefined)
    throw authErrors.bad_client({ detail: 'A secret that nobody has seen ends at once: say how long it is kept, or that it was unseen.' })
  return ({ secretHash, earlierSecret }) => {
    if (unseen !== true) return seconds === 0 || secretHash === undefined ? undefined : { hash: secretHash, until: now + seconds * 1000 }
    // Else everything that it has would end at once.
    if (earlierSecret === undefined || earlierSecret.until <= now)
      throw authErrors.bad_client({ detail: 'There is no secret before the present one that is still taken.' })
    return earlierSecret
  }
}

async function remove({ repository, clock, isFixed, end }: ClientsDependencies, call: Call, clientId: string): Promise<boolean> {
  requireOperator(call)
  if (isFixed(clientId)) throw fixedClient(clientId)
  // Somebody may register the same id again: nothing that people have allowed this one may be left for that one.
  const removed = securityEventOf({ type: 'client.removed', about: clientId.slice(0, 200), ...actorOf(call) })
  const events = [endClientRequested(clientId, clock.now()), removed]
  const isRemoved = await repository.remove(call, clientId, { events })
  if (isRemoved) await end(call, clientId)
  return isRemoved
}

type Added = Awaited<ReturnType<Clients['add']>>

async function add(
  { repository, clock, settings, isFixed }: ClientsDependencies,
  call: Call,
  { definition, withSecret }: { readonly definition: ClientDefinition; readonly withSecret: boolean },
): Promise<Added> {
  requireOperator(call)
  // With a secret of ours it authenticates, which services must; the hashes in a definition are those of an app.
  const usual = withSecret ? { authentication: { method: 'client_secret_basic', secretHashes: [] } as const } : {}
  const checked = parsed({ ...usual, ...definition })
  refuseProblems([...clientProblems(checked, settings), ...keyProblems(checked)])
  const secret = withSecret ? randomToken() : undefined
  const client: StoredClient = {
    id: checked.clientId,
    source: 'operator',
    definition: checked,
    createdAt: clock.now(),
    ...(secret === undefined ? {} : { secretHash: sha256(secret) }),
  }
  const added = securityEventOf({ type: 'client.added', about: checked.name, ...actorOf(call) })
  const isNew = !isFixed(client.id) && (await repository.insert(call, client, [added]))
  if (!isNew) throw authErrors.client_exists({ detail: `There is a client ${JSON.stringify(client.id)} already.` })
  return secret === undefined ? { client: viewOf(client) } : { client: viewOf(client), secret }
}

function parsed(definition: ClientDefinition): StoredClient['definition'] {
  const found = clientDefinition.safeParse(definition)
  if (found.success) return found.data
  const [issue] = found.error.issues
  throw authErrors.bad_client({ detail: `${issue?.path.join('.') ?? 'The client'}: ${issue?.message ?? 'cannot be read'}` })
}

/** What is ours to say of a client whose document says the rest. */
const OF_OPERATORS: ReadonlySet<string> = new Set(['scopes', 'lifetimes', 'consent', 'verified'] satisfies (keyof ClientChange)[])

function refuseBeyond({ id, source }: StoredClient, change: ClientChange): void {
  if (isPlace({ id, source })) throw authErrors.bad_client({ detail: `${JSON.stringify(id)} is a place of documents, and no client.` })
  const beyond = source === 'document' ? Object.keys(change).filter((member) => !OF_OPERATORS.has(member)) : []
  if (beyond.length > 0)
    throw authErrors.bad_client({
      detail: `Its document says this, and not we: ${beyond.join(', ')}. Change ${[...OF_OPERATORS].join(', ')}.`,
    })
}

function refuseProblems(problems: readonly string[]): void {
  if (problems.length > 0) throw authErrors.bad_client({ detail: problems.join(' ') })
}
