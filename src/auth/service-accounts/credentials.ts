// How a service account proves itself, and how that is changed without a break: the one before is good for as long as is said, and can be ended before.
import type { Call } from '#kernel/call.ts'
import type { Change } from '#kernel/collection.ts'
import { randomToken } from '#kernel/ids.ts'
import { sha256 } from '#kernel/keyring.ts'
import { KEEP_SECONDS, LONGEST_KEEP_SECONDS, type PublicKeyDefinition } from '../clients/contract.ts'
import { keyThumbprint, refuseOther, renewerOf } from '../clients/credential.ts'
import type { StoredClient } from '../clients/schemas.ts'
import { authErrors } from '../errors.ts'
import { securityEventOf, type SecurityEventType } from '../security-events/security-event.ts'
import { fieldProblem } from '../texts/problem.ts'
import { settled } from '../settled.ts'
import type { CredentialChange } from './contract.ts'
import { parsePublicKey } from './key.ts'
import { doneBy, held, type Owner, ownOf, type ServiceAccountsDependencies } from './parts.ts'

/** As of clients. */

interface Renewal extends CredentialChange {
  readonly clientId: string
}

/** By which of two ways it shows who it is. */
type Proof = 'secret' | 'key'

export interface Credentials {
  /** The new one; of several before it, the last is kept: one that got out and is replaced twice on purpose has ended. */
  renewSecret(call: Call, owner: Owner, renewal: Renewal): Promise<string>
  /** For one that signs for itself: `key` is a public one, as JSON. */
  setKey(call: Call, owner: Owner, renewal: Renewal & { readonly key: string }): Promise<void>
  /** For one that signs for itself: from now on it has a secret, and its key is the one before. */
  useSecret(call: Call, owner: Owner, renewal: Renewal): Promise<string>
  /** For one that has a secret: from now on it signs for itself, and its secret is the one before. */
  useKey(call: Call, owner: Owner, renewal: Renewal & { readonly key: string }): Promise<void>
  /** The secret or key before the present one is good no more. False when there was none. */
  endEarlier(call: Call, owner: Owner, clientId: string): Promise<boolean>
}

type Changed = Pick<Change<StoredClient>, 'set'> & { readonly type: SecurityEventType; readonly proof?: Proof }

export function createCredentials(deps: ServiceAccountsDependencies): Credentials {
  const { clock } = deps
  const rewrite = rewriting(deps)
  const giveSecret = async (call: Call, owner: Owner, { clientId, from, ...change }: Renewal & { readonly from: Proof }) => {
    const secret = randomToken()
    const now = clock.now()
    const kept = keeping(now, change)
    await rewrite(call, { owner, clientId }, (client) => {
      const { authentication: _before, ...definition } = checked(client, { ...change, from }).definition
      const renewed = renewedBy(owner, { clientId, at: now })
      const set = { definition, secretHash: sha256(secret), ...kept(client), renewed }
      return { set, type: from === 'secret' ? 'service.secret_renewed' : 'service.proof_changed', proof: 'secret' }
    })
    return secret
  }
  const giveKey = async (
    call: Call,
    owner: Owner,
    { clientId, key: text, from, ...change }: Renewal & { readonly key: string; readonly from: Proof },
  ) => {
    const key = parsePublicKey(text)
    const now = clock.now()
    const kept = keeping(now, change)
    await rewrite(call, { owner, clientId }, (client) => {
      const authentication = { method: 'private_key_jwt' as const, keys: [key] }
      const definition = { ...refusePresent(checked(client, { ...change, from }), key).definition, authentication }
      const renewed = renewedBy(owner, { clientId, at: now })
      const set = { definition, secretHash: undefined, ...kept(client), renewed }
      return { set, type: from === 'key' ? 'service.key_changed' : 'service.proof_changed', proof: 'key' }
    })
  }
  return {
    renewSecret: (call, owner, renewal) => giveSecret(call, owner, { ...renewal, from: 'secret' }),
    useSecret: (call, owner, renewal) => giveSecret(call, owner, { ...renewal, from: 'key' }),
    setKey: (call, owner, renewal) => giveKey(call, owner, { ...renewal, from: 'key' }),
    useKey: (call, owner, renewal) => giveKey(call, owner, { ...renewal, from: 'secret' }),
    async endEarlier(call, owner, clientId) {
      return await rewrite(call, { owner, clientId }, (client) => {
        return hasEarlier(client, clock.now())
          ? { set: { earlierSecret: undefined, earlierKey: undefined }, type: 'service.earlier_ended' }
          : undefined
      })
    },
  }
}

/** Whoever changes what another has just changed to the other way does not change it back without knowing. */
function checked(client: StoredClient, { from, replacing }: Pick<CredentialChange, 'replacing'> & { readonly from: Proof }): StoredClient {
  refuseOther(client, replacing)
  const has = client.definition.authentication?.method === 'private_key_jwt' ? 'key' : 'secret'
  if (has !== from) throw authErrors.service_proof()
  return client
}

function renewedBy({ by }: Owner, { clientId, at }: { readonly clientId: string; readonly at: number }): StoredClient['renewed'] {
  return by === undefined ? { at } : { at, by: renewerOf(clientId, by) }
}

/** Whoever sends the same key once more, with whatever is said beside it, would end the one before it, which machines sign with still. */
function refusePresent(client: StoredClient, key: PublicKeyDefinition): StoredClient {
  const { authentication } = client.definition
  const wanted = keyThumbprint(key)
  if (authentication?.method === 'private_key_jwt' && authentication.keys.some((each) => keyThumbprint(each) === wanted))
    throw authErrors.bad_details({ fields: [fieldProblem('key', 'key_present')] })
  return client
}

function hasEarlier({ earlierSecret, earlierKey }: StoredClient, now: number): boolean {
  return ((earlierSecret ?? earlierKey)?.until ?? 0) > now
}

/** What is good beside the new one. */
function keeping(now: number, { keepSeconds, unseen }: CredentialChange): (client: StoredClient) => ReturnType<typeof earlierOf> {
  if (unseen !== true) {
    const until = checkedEnd(now, keepSeconds)
    return (client) => earlierOf(client, until)
  }
  if (keepSeconds !== undefined) throw authErrors.bad_details({ fields: [fieldProblem('keep', 'keep_unseen')] })
  return (client) => {
    // Else everything that it has would end at once.
    if (!hasEarlier(client, now)) throw authErrors.bad_details({ fields: [fieldProblem('keep', 'keep_nothing')] })
    return { earlierKey: client.earlierKey, earlierSecret: client.earlierSecret }
  }
}

/** Of several before, the last is kept, whichever of the two it was. */
function earlierOf({ definition: { authentication }, secretHash }: StoredClient, until: number | undefined) {
  const [key] = authentication?.method === 'private_key_jwt' ? authentication.keys : []
  const earlierKey = until === undefined || key === undefined ? undefined : { key, until }
  const hash = key === undefined ? secretHash : undefined
  const earlierSecret = until === undefined || hash === undefined ? undefined : { hash, until }
  return { earlierKey, earlierSecret }
}

function checkedEnd(now: number, keepSeconds = KEEP_SECONDS): number | undefined {
  if (!Number.isInteger(keepSeconds) || keepSeconds < 0 || keepSeconds > LONGEST_KEEP_SECONDS)
    throw authErrors.bad_details({ fields: [fieldProblem('keep', 'keep_range')] })
  return keepSeconds === 0 ? undefined : now + keepSeconds * 1000
}

interface Of {
  readonly owner: Owner
  readonly clientId: string
}

/** `decide` is asked again when somebody was faster. False when there was nothing to do. */
function rewriting(deps: ServiceAccountsDependencies) {
  const { repository } = deps
  return async (call: Call, { owner, clientId }: Of, decide: (client: StoredClient) => Changed | undefined): Promise<boolean> => {
    return await settled(async () => {
      const also = await held(deps, call, owner)
      const service = await ownOf(deps, call, { owner, clientId })
      const client = await repository.findClient(call, clientId)
      if (service === undefined || client === undefined) throw authErrors.service_not_found()
      const decided = decide(client.value)
      if (decided === undefined) return false
      const { set, type, proof } = decided
      const proving = proof === undefined || proof === service.value.authentication ? [] : [repository.proving(service, proof)]
      const events = [securityEventOf({ type, about: service.value.name, ...doneBy(call, owner) })]
      return (await repository.updateClient(call, client, { set: { ...set }, also: [...also, ...proving], events })) ? true : 'moved'
    }, call)
  }
}
