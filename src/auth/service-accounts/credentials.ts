// How a service account proves itself, and how that is changed without a break: the one before is good for as long as is said, and can be ended before.
import type { Call } from '#kernel/call.ts'
import type { Change } from '#kernel/collection.ts'
import { randomToken } from '#kernel/ids.ts'
import { sha256 } from '#kernel/keyring.ts'
import type { StoredClient } from '../clients/schemas.ts'
import { authErrors } from '../errors.ts'
import { securityEventOf, type SecurityEventType } from '../security-events/security-event.ts'
import { fieldProblem } from '../texts/problem.ts'
import { settled } from '../settled.ts'
import { parsePublicKey } from './key.ts'
import { doneBy, held, type Owner, ownOf, type ServiceAccountsDependencies } from './parts.ts'

/** As of clients. */
const KEEP_SECONDS = 3600
export const LONGEST_KEEP_SECONDS = 30 * 86_400

interface Renewal {
  readonly clientId: string
  /** How long the one before is good; an hour unless told, and with 0 it ends at once. */
  readonly keepSeconds?: number | undefined
}

/** By which of two ways it shows who it is. */
type Proof = 'secret' | 'key'

export interface Credentials {
  /** The new one; of several before it, the last is kept. */
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
  const giveSecret = async (call: Call, owner: Owner, { clientId, keepSeconds, from }: Renewal & { readonly from: Proof }) => {
    const secret = randomToken()
    const until = checkedEnd(clock.now(), keepSeconds)
    await rewrite(call, { owner, clientId }, (client) => {
      const { authentication: _before, ...definition } = checked(client, from).definition
      const set = { definition, secretHash: sha256(secret), ...earlierOf(client, until) }
      return { set, type: from === 'secret' ? 'service.secret_renewed' : 'service.proof_changed', proof: 'secret' }
    })
    return secret
  }
  const giveKey = async (
    call: Call,
    owner: Owner,
    { clientId, key: text, keepSeconds, from }: Renewal & { readonly key: string; readonly from: Proof },
  ) => {
    const key = parsePublicKey(text)
    const until = checkedEnd(clock.now(), keepSeconds)
    await rewrite(call, { owner, clientId }, (client) => {
      const authentication = { method: 'private_key_jwt' as const, keys: [key] }
      const definition = { ...checked(client, from).definition, authentication }
      const set = { definition, secretHash: undefined, ...earlierOf(client, until) }
      return { set, type: from === 'key' ? 'service.key_changed' : 'service.proof_changed', proof: 'key' }
    })
  }
  return {
    renewSecret: (call, owner, renewal) => giveSecret(call, owner, { ...renewal, from: 'secret' }),
    useSecret: (call, owner, renewal) => giveSecret(call, owner, { ...renewal, from: 'key' }),
    setKey: (call, owner, renewal) => giveKey(call, owner, { ...renewal, from: 'key' }),
    useKey: (call, owner, renewal) => giveKey(call, owner, { ...renewal, from: 'secret' }),
    async endEarlier(call, owner, clientId) {
      return await rewrite(call, { owner, clientId }, ({ earlierSecret, earlierKey }) => {
        const isGood = ((earlierSecret ?? earlierKey)?.until ?? 0) > clock.now()
        return isGood ? { set: { earlierSecret: undefined, earlierKey: undefined }, type: 'service.earlier_ended' } : undefined
      })
    },
  }
}

/** Whoever changes what another has just changed to the other way does not change it back without knowing. */
function checked(client: StoredClient, from: Proof): StoredClient {
  const has = client.definition.authentication?.method === 'private_key_jwt' ? 'key' : 'secret'
  if (has !== from) throw authErrors.service_proof()
  return client
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
