// How signing keys are stored: one row for each, the private half sealed and bound to its row.
import type { Call } from '#kernel/call.ts'
import { type Change, defineCollection, insertInto, type Operation, updateIn } from '#kernel/collection.ts'
import { committed } from '#kernel/committed.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import { z } from '#kernel/schema.ts'
import type { Database } from '../../database/contract.ts'
import { actorOf, securityEventOf } from '../security-events/security-event.ts'
import { anotherMasterKey } from './another-master-key.ts'
import { type PrivateJwk, publicJwk, publicPart, readPrivateJwk, SIGNING_ALGORITHMS, type SigningAlgorithm } from './jwk.ts'

export const SIGNING_KEY_PURPOSE = 'auth.signing-keys'
const AT_MOST = 200

const signingKey = z.strictObject({
  id: z.string(),
  alg: z.enum(SIGNING_ALGORITHMS),
  generation: z.int().positive(),
  /** Signs from then on. Epoch milliseconds. */
  activeFrom: z.int(),
  /** Set when it was revoked; the private half is destroyed with it. */
  revokedAt: z.int().optional(),
  publicJwk,
  sealedPrivateJwk: z.string(),
})

export type SigningKeyRecord = z.infer<typeof signingKey>

export const signingKeysCollection = defineCollection<SigningKeyRecord>({
  name: 'auth_signing_keys',
  schema: signingKey,
  indexes: { generation: { fields: ['alg', 'generation'], unique: true } },
})

/** Where the private half is sealed for. */
export function signingKeyBinding(kid: string): string {
  return `${signingKeysCollection.name}/${kid}/sealedPrivateJwk`
}

export interface NewSigningKey {
  readonly jwk: PrivateJwk
  readonly generation: number
  readonly activeFrom: number
}

export interface SigningKeysRepository {
  find(call: Call, kid: string): Promise<SigningKeyRecord | undefined>
  /** Newest first. */
  generations(call: Call, alg: SigningAlgorithm): Promise<readonly SigningKeyRecord[]>
  /** False when another process has made this generation first. */
  add(call: Call, key: NewSigningKey): Promise<boolean>
  /** False when it was changed meanwhile. */
  bringForward(call: Call, key: SigningKeyRecord, activeFrom: number): Promise<boolean>
  /** All or nothing, with what the caller wants to be true at the same time. False when the key was changed meanwhile. */
  revoke(call: Call, key: SigningKeyRecord, change: { readonly at: number; readonly also: readonly Operation[] }): Promise<boolean>
  remove(call: Call, kid: string): Promise<void>
  insertion(key: NewSigningKey): Operation
  forwarding(key: SigningKeyRecord, activeFrom: number): Operation
  /** Throws when the master key is another one. */
  opened(record: SigningKeyRecord): PrivateJwk
}

export function createSigningKeysRepository(database: Database, keyRing: KeyRing): SigningKeysRepository {
  const keys = database.collection(signingKeysCollection)
  const recordOf = ({ jwk, generation, activeFrom }: NewSigningKey): SigningKeyRecord => ({
    id: jwk.kid,
    alg: jwk.alg,
    generation,
    activeFrom,
    publicJwk: publicPart(jwk),
    sealedPrivateJwk: keyRing.seal(SIGNING_KEY_PURPOSE, signingKeyBinding(jwk.kid), JSON.stringify(jwk)),
  })
  const forward = (key: SigningKeyRecord, activeFrom: number): Change<SigningKeyRecord> => ({
    set: { activeFrom },
    where: { activeFrom: key.activeFrom, revokedAt: undefined },
  })
  return {
    find: async (call, kid) => (await keys.get(call, kid))?.value,
    async generations(call, alg) {
      const page = await keys.list(call, { index: 'generation', where: { alg }, order: 'descending', limit: AT_MOST })
      return page.items.map(({ value }) => value)
    },
    async add(call, key) {
      const events = [securityEventOf({ type: 'signing_key.made', about: `${key.jwk.alg} ${key.jwk.kid}`, ...actorOf(call) })]
      return await committed(keys.insert(call, recordOf(key), { events }), 'duplicate')
    },
    async bringForward(call, key, activeFrom) {
      return (await keys.update(call, key.id, forward(key, activeFrom))) !== undefined
    },
    async revoke(call, key, { at, also }) {
      const set = { revokedAt: at, sealedPrivateJwk: '' }
      const events = [securityEventOf({ type: 'signing_key.revoked', about: `${key.alg} ${key.id}`, ...actorOf(call) })]
      return await committed(
        database.commit(call, [updateIn(signingKeysCollection, key.id, { set, where: { revokedAt: undefined } }), ...also], events),
        'conflict',
        'duplicate',
      )
    },
    async remove(call, kid) {
      await keys.delete(call, kid)
    },
    insertion: (key) => insertInto(signingKeysCollection, recordOf(key)),
    forwarding: (key, activeFrom) => updateIn(signingKeysCollection, key.id, forward(key, activeFrom)),
    opened(record) {
      const text = keyRing.open(SIGNING_KEY_PURPOSE, signingKeyBinding(record.id), record.sealedPrivateJwk)
      if (text !== undefined) return readPrivateJwk(text)
      throw anotherMasterKey(`The signing key ${record.id}`)
    },
  }
}
