// Clients whose id is the address of a document that describes them. It is fetched when somebody comes with it, from public machines only, and kept
// like any other client; what nobody can fetch is not asked for again at once.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import type { Logger } from '#kernel/log.ts'
import type { Counts } from '../accounts/counts.ts'
import type { ClientsRepository } from '../clients/repository.ts'
import { overridden } from '../clients/overriding.ts'
import { clientDefinition, type StoredClient } from '../clients/schemas.ts'
import type { ClientDefinition, RegistrationDefinition } from '../clients/contract.ts'
import type { ClientSettings } from '../provider/client-rules.ts'
import { RegistrationError } from '../registration/errors.ts'
import { definitionOf, possibleScopes } from '../registration/metadata.ts'
import { isDocumentAddress } from './address.ts'
import { fetchDocument } from './fetching.ts'
import { foundPlace, placeOf } from './place.ts'

const MAX_AT_ONCE = 16
const MAX_KNOWN_AT_ONCE = 64
/** Unless its client gets a token: anybody can come with any number of addresses. */
const FORGOTTEN_MS = 86_400_000
/** A host that is away for a moment does not sign people out of its clients. */
const STALE_MS = 86_400_000
const FAILED_MS = 60_000
const MAX_FAILED = 1000
/** Of ids that nobody has come with before: each is a request that we make for a stranger, and a row. */
const HOUR_MS = 3_600_000
const PER_ADDRESS_AND_HOUR = 20
const PER_NETWORK_AND_HOUR = 100
const ALTOGETHER_PER_HOUR = 2000
const MAX_ROUNDS = 5

export interface ClientDocuments {
  /** Whether this id is one of a document, and documents are taken here. */
  isOne(clientId: string): boolean
  /**
   * As the document is now, or was lately. Throws a `RegistrationError` with what the client's developer should know. `newcomer` is who has come with it,
   * where an id may be one that is not known yet.
   */
  resolve(call: Call, clientId: string, newcomer: Newcomer | undefined): Promise<void>
}

/** The pseudonym of whoever has come, and of the network that they are in. */
export interface Newcomer {
  readonly client: string
  readonly network: string
}

export interface ClientDocumentsDependencies {
  readonly repository: ClientsRepository
  readonly counts: Counts
  readonly clock: Clock
  readonly logger: Logger
  readonly settings: ClientSettings
  readonly definition: RegistrationDefinition
}

export function createClientDocuments(dependencies: ClientDocumentsDependencies): ClientDocuments {
  const { repository, clock, settings, definition, logger } = dependencies
  // Apart, so that no host that a stranger has named keeps one that is known from being asked again.
  const flights = { known: new Map<string, Promise<void>>(), unknown: new Map<string, Promise<void>>() }
  const failed = new Map<string, { readonly error: RegistrationError; readonly until: number }>()
  const remember = (clientId: string, error: unknown): void => {
    if (!(error instanceof RegistrationError)) return
    logger.info({ event: 'client_document.refused', client: clientId, detail: error.message }, 'a client document cannot be used')
    const oldest = failed.size >= MAX_FAILED ? failed.keys().next().value : undefined
    if (oldest !== undefined) failed.delete(oldest)
    failed.set(clientId, { error, until: clock.now() + FAILED_MS })
  }
  const fetchAgain = async (call: Call, wanted: Wanted): Promise<void> => {
    const { clientId } = wanted
    try {
      await renew(dependencies, call, wanted)
    } catch (error) {
      remember(clientId, error)
      throw error
    }
  }
  const join = async (call: Call, wanted: Wanted): Promise<void> => {
    const { clientId, known } = wanted
    const failure = failed.get(clientId)
    if (failure !== undefined && failure.until > clock.now()) throw failure.error
    failed.delete(clientId)
    const [under, most] = known === undefined ? [flights.unknown, MAX_AT_ONCE] : [flights.known, MAX_KNOWN_AT_ONCE]
    // Before the flight, which others join: what one may not do does not stop them.
    if (known === undefined && !under.has(clientId)) await admit(dependencies, call, wanted.newcomer)
    const present = under.get(clientId)
    if (present === undefined && under.size >= most)
      throw new RegistrationError('temporarily_unavailable', 'too many documents are being fetched')
    const flight = present ?? fetchAgain(call, wanted).finally(() => under.delete(clientId))
    under.set(clientId, flight)
    await flight
  }
  return {
    isOne: (clientId) => definition.documents === true && isDocumentAddress(clientId, settings.development),
    async resolve(call, clientId, newcomer) {
      const known = (await repository.find(call, clientId))?.value
      if (known !== undefined && !isDue(known, clock.now())) return
      if ((await foundPlace(repository, call, clientId))?.blockedAt !== undefined) return
      try {
        await join(call, { clientId, known, newcomer })
      } catch (error) {
        const isPassing = error instanceof RegistrationError && error.code === 'temporarily_unavailable'
        if (!isPassing || (known?.freshUntil ?? 0) + STALE_MS <= clock.now()) throw error
      }
    },
  }
}

function isDue({ source, freshUntil = 0, blockedAt }: StoredClient, now: number): boolean {
  return source === 'document' && freshUntil <= now && blockedAt === undefined
}

interface Wanted {
  readonly clientId: string
  readonly known: StoredClient | undefined
  readonly newcomer: Newcomer | undefined
}

/** Whether one that is not known yet may be asked for. Nobody has proved anything when its id is looked at, so not at every endpoint. */
async function admit({ counts }: ClientDocumentsDependencies, call: Call, newcomer: Newcomer | undefined): Promise<void> {
  if (newcomer === undefined) throw new RegistrationError('invalid_client_metadata', 'the client is not known; begin with an authorization')
  const limits = [
    [`document:${newcomer.client}`, PER_ADDRESS_AND_HOUR],
    [`document-network:${newcomer.network}`, PER_NETWORK_AND_HOUR],
    ['document', ALTOGETHER_PER_HOUR],
  ] as const
  // What is refused to one counts for the others no more: who is over a limit takes nothing away from them.
  for (const [key, most] of limits)
    if ((await counts.add(call, key, { by: 1, ttlMs: HOUR_MS })) > most)
      throw new RegistrationError('temporarily_unavailable', 'too many new clients have come; try again in an hour')
}

async function renew(
  dependencies: ClientDocumentsDependencies,
  call: Call,
  { clientId, known }: Pick<Wanted, 'clientId' | 'known'>,
): Promise<void> {
  const { clock, settings, definition } = dependencies
  const { given, freshMs } = await fetchDocument(clientId, {
    development: settings.development,
    signedBefore: known?.definition.requestObjectKeys !== undefined,
  })
  const scopes = possibleScopes({ registration: definition, scopes: settings.scopes })
  const described = definitionOf(clientId, given, { settings, scopes, usualMethod: 'none' })
  // A secret in a public document is none.
  if (described.authMethod !== 'none' && described.authMethod !== 'private_key_jwt')
    throw new RegistrationError('invalid_client_metadata', 'token_endpoint_auth_method: none and private_key_jwt are possible')
  await store(dependencies, call, { definition: described.definition, freshUntil: clock.now() + freshMs, known })
}

interface Found {
  readonly definition: ClientDefinition
  readonly freshUntil: number
  /** Of before it was fetched, which takes its time. */
  readonly known: StoredClient | undefined
}

/** Beside what operators have changed, and never over what they do meanwhile. */
async function store({ repository, clock }: ClientDocumentsDependencies, call: Call, found: Found): Promise<void> {
  const { clientId } = found.definition
  const now = clock.now()
  const facts = { source: 'document' as const, place: placeOf(clientId) ?? clientId, freshUntil: found.freshUntil }
  if (found.known === undefined) {
    const definition = clientDefinition.parse(found.definition)
    if (await repository.insert(call, { ...facts, id: clientId, definition, createdAt: now, expiresAt: now + FORGOTTEN_MS })) return
  }
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const present = await repository.find(call, clientId)
    // Forgotten or removed, or blocked just now.
    if (present === undefined || present.value.blockedAt !== undefined) return
    const { definition, set, events } = overridden(present.value, found.definition, now)
    // What operators have said of it is not forgotten: it would come back without.
    const expiresAt = set.overrides === undefined ? Math.max(present.value.expiresAt ?? 0, now + FORGOTTEN_MS) : undefined
    const change = { set: { ...facts, ...set, expiresAt, definition: clientDefinition.parse(definition) }, ifVersion: present.version }
    if ((await repository.update(call, clientId, { change, events })) !== undefined) return
  }
  throw new RegistrationError('temporarily_unavailable', 'the client is being changed')
}
