// Gets a document, and the keys that it names instead of carrying them, from public machines only.
import { type OutwardAnswer, OutwardError, sendOutward } from '#kernel/http/outward.ts'
import { z } from '#kernel/schema.ts'
import { publicKeyDefinition } from '../clients/schemas.ts'
import { hasPrivateMember, isUsableKey } from '../provider/client-authentication.ts'
import { RegistrationError } from '../registration/errors.ts'
import { type ClientMetadataDocument, MAX_KEYS, parseMetadata } from '../registration/metadata.ts'
import { isDocumentAddress } from './address.ts'
import { freshMsOf, LEAST_MS } from './freshness.ts'

/** The draft proposes 5 KB. */
const MAX_DOCUMENT_BYTES = 5 * 1024
/** Certificates beside the keys make them long. */
const MAX_KEYS_BYTES = 16 * 1024
const TIMEOUT_MS = 5000

export interface FetchedDocument {
  readonly given: ClientMetadataDocument
  /** Of the document, and of its keys where they are elsewhere, whichever is the shorter. */
  readonly freshMs: number
}

const wrong = (what: string): RegistrationError => new RegistrationError('invalid_client_metadata', what)

export interface Fetching {
  readonly development: boolean
  /** The client is known, with keys for its requests. */
  readonly signedBefore: boolean
}

export async function fetchDocument(clientId: string, { development, signedBefore }: Fetching): Promise<FetchedDocument> {
  const { json, freshMs } = await fetched(clientId, { maxBytes: MAX_DOCUMENT_BYTES, development, what: 'the document of the client' })
  if (Object(json)['client_id'] !== clientId) throw wrong('the document of the client has another client_id than its address')
  if ('client_secret' in Object(json) || 'client_secret_expires_at' in Object(json))
    throw wrong('the document of the client must not have a secret')
  const given = parseMetadata(withUsableKeys(Object(json)))
  const { jwks, jwks_uri: address } = given
  if ((jwks ?? undefined) !== undefined) return { given, freshMs }
  if (!needsKeys(given)) return withKeysIfAny({ given, freshMs }, { development, signedBefore })
  if (typeof address !== 'string') throw wrong('jwks or jwks_uri: is needed for private_key_jwt and for signed requests')
  if (!isDocumentAddress(address, development)) throw wrong('jwks_uri: must be an https address with a path')
  return withKeysOf(address, { given, freshMs }, development)
}

async function withKeysOf(address: string, { given, freshMs }: FetchedDocument, development: boolean): Promise<FetchedDocument> {
  const keys = await fetched(address, { maxBytes: MAX_KEYS_BYTES, development, what: 'the key set of the client' })
  return { given: parseMetadata(withUsableKeys({ ...given, jwks: keys.json })), freshMs: Math.min(freshMs, keys.freshMs) }
}

/** For a client that may sign its requests and need not: what is wrong with its keys stops nobody who comes without a signature. */
async function withKeysIfAny(document: FetchedDocument, { development, signedBefore }: Fetching): Promise<FetchedDocument> {
  const { jwks_uri: address } = document.given
  if (typeof address !== 'string' || !isDocumentAddress(address, development)) return document
  try {
    return await withKeysOf(address, document, development)
  } catch (error) {
    if (!(error instanceof RegistrationError)) throw error
    // It stays as it was, for as long as a document may be away.
    if (signedBefore && error.code === 'temporarily_unavailable') throw error
    return { ...document, freshMs: LEAST_MS }
  }
}

const keySet = z.looseObject({ keys: z.array(z.unknown()) })

/**
 * Whoever publishes a set has readers that understand more of it, or less (RFC 7517 section 5): what we do not is left out, and of many the first are kept.
 * Who registers a set hears at once what is wrong with it, so there it is taken as it stands or not at all.
 */
function withUsableKeys(document: Readonly<Record<string, unknown>>): unknown {
  const parsed = keySet.safeParse(document['jwks'])
  if (!parsed.success) return document
  const { keys: all } = parsed.data
  if (all.some((key) => hasPrivateMember(Object(key)))) throw wrong('jwks: has a private key, which belongs to the client alone')
  const keys = all.flatMap((key) => publicKeyDefinition.safeParse(key).data ?? []).filter(isUsableKey)
  if (keys.length > 0) return { ...document, jwks: { keys: keys.slice(0, MAX_KEYS) } }
  if (needsKeys(document)) throw wrong('jwks: has no key that can be used here (RSA, EC on P-256, or OKP on Ed25519, for signatures)')
  const { jwks: _none, ...rest } = document
  return rest
}

function needsKeys({
  token_endpoint_auth_method: method,
  require_signed_request_object: signs,
}: Readonly<Record<string, unknown>>): boolean {
  return method === 'private_key_jwt' || signs === true
}

interface Wanted {
  readonly maxBytes: number
  readonly development: boolean
  readonly what: string
}

interface Fetched {
  readonly json: unknown
  readonly freshMs: number
}

async function fetched(url: string, { maxBytes, development, what }: Wanted): Promise<Fetched> {
  const answer = await answered(url, { maxBytes, development })
  if (answer === undefined) throw new RegistrationError('temporarily_unavailable', `${what} cannot be fetched`)
  const { status, headers, body } = answer
  // A redirect is no document: where it leads has not been asked for.
  if (status !== 200) throw wrong(`${what} was answered with status ${status}`)
  if (!/^application\/(?:[\w.+-]+\+)?json(?:\s*;|$)/i.test(headers['content-type'] ?? ''))
    throw wrong(`${what} is not of type application/json`)
  try {
    return { json: JSON.parse(body.toString('utf8')), freshMs: freshMsOf(headers) }
  } catch {
    throw wrong(`${what} is not JSON`)
  }
}

/** Too many of us have asked, or too slowly: that says nothing about the document either (RFC 6585 section 4, RFC 9110 section 15.5.9). */
const NOT_NOW: ReadonlySet<number> = new Set([408, 429])

/** `undefined` when the host is away; what it says about the document is an answer. */
async function answered(url: string, { maxBytes, development }: Omit<Wanted, 'what'>): Promise<OutwardAnswer | undefined> {
  try {
    const headers = { accept: 'application/json' }
    const answer = await sendOutward({ url, headers, timeoutMs: TIMEOUT_MS, maxBytes, reach: { loopback: development } })
    return answer.status >= 500 || NOT_NOW.has(answer.status) ? undefined : answer
  } catch (error) {
    if (error instanceof OutwardError) return undefined
    throw error
  }
}
