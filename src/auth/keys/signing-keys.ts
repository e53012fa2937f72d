// The keys that tokens are signed with: made at the first start, private halves sealed at rest. Each algorithm has generations; the
// newest active one signs, the others stay published while their tokens live, so that rotation is one more generation (RFC 7517).
import { generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { calculateJwkThumbprint } from 'jose'
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { defineCollection } from '#kernel/collection.ts'
import { hasCode } from '#kernel/errors.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import { z } from '#kernel/schema.ts'
import type { Collection, Database } from '../../database/contract.ts'

const generate = promisify(generateKeyPair)
const ALGORITHMS = ['ES256', 'RS256'] as const
const SEAL_PURPOSE = 'auth.signing-keys'

export type SigningAlgorithm = (typeof ALGORITHMS)[number]

const publicJwk = z.strictObject({
  kty: z.enum(['EC', 'RSA']),
  kid: z.string(),
  alg: z.enum(ALGORITHMS),
  use: z.literal('sig'),
  crv: z.string().exactOptional(),
  x: z.string().exactOptional(),
  y: z.string().exactOptional(),
  n: z.string().exactOptional(),
  e: z.string().exactOptional(),
})

const privateJwk = publicJwk.extend({
  d: z.string(),
  p: z.string().exactOptional(),
  q: z.string().exactOptional(),
  dp: z.string().exactOptional(),
  dq: z.string().exactOptional(),
  qi: z.string().exactOptional(),
})

export type PublicJwk = z.infer<typeof publicJwk>
export type PrivateJwk = z.infer<typeof privateJwk>

const signingKey = z.strictObject({
  /** The key id (`kid`): the thumbprint of RFC 7638. */
  id: z.string(),
  alg: z.enum(ALGORITHMS),
  generation: z.int().positive(),
  /** Signs from then on; published before, so that everybody knows it by then. Epoch milliseconds. */
  activeFrom: z.int(),
  publicJwk,
  sealedPrivateJwk: z.string(),
})

type SigningKeyRecord = z.infer<typeof signingKey>

const signingKeysCollection = defineCollection<SigningKeyRecord>({
  name: 'auth_signing_keys',
  schema: signingKey,
  indexes: { generation: { fields: ['alg', 'generation'], unique: true } },
})

export interface LoadedKeys {
  /** For each algorithm the key that signs now comes first. */
  readonly signing: readonly PrivateJwk[]
  readonly published: readonly PublicJwk[]
  /** Which key signs access tokens. */
  readonly accessTokenKid: string
}

export interface SigningKeys {
  /** Reads the keys, and makes what is missing. Of two processes that start at once one wins, and both use its keys. */
  load(call: Call): Promise<LoadedKeys>
}

export interface SigningKeysDependencies {
  readonly database: Database
  readonly keyRing: KeyRing
  readonly clock: Clock
}

export function createSigningKeys({ database, keyRing, clock }: SigningKeysDependencies): SigningKeys {
  const keys = database.collection(signingKeysCollection)
  const binding = (kid: string): string => `${signingKeysCollection.name}/${kid}/sealedPrivateJwk`

  const ensureFirst = async (call: Call, alg: SigningAlgorithm): Promise<void> => {
    if ((await generations(keys, call, alg)).length > 0) return
    const jwk = await makeKey(alg)
    const sealed = keyRing.seal(SEAL_PURPOSE, binding(jwk.kid), JSON.stringify(jwk))
    try {
      await keys.insert(call, {
        id: jwk.kid,
        alg,
        generation: 1,
        activeFrom: clock.now(),
        publicJwk: publicPart(jwk),
        sealedPrivateJwk: sealed,
      })
    } catch (error) {
      if (!hasCode(error, 'database.duplicate')) throw error
    }
  }

  return {
    async load(call) {
      await Promise.all(ALGORITHMS.map((alg) => ensureFirst(call, alg)))
      const signing: PrivateJwk[] = []
      for (const alg of ALGORITHMS) {
        const records = await generations(keys, call, alg)
        const now = clock.now()
        const current = records.find(({ activeFrom }) => activeFrom <= now) ?? records[0]
        const ordered = records.toSorted((left, right) => Number(right === current) - Number(left === current))
        for (const record of ordered) signing.push(opened(keyRing, record, binding(record.id)))
      }
      const accessTokenKid = signing.find(({ alg }) => alg === 'ES256')?.kid
      if (accessTokenKid === undefined) throw new Error('There is no ES256 signing key.')
      return { signing, published: signing.map(publicPart), accessTokenKid }
    },
  }
}

/** Newest first. */
async function generations(keys: Collection<SigningKeyRecord>, call: Call, alg: SigningAlgorithm): Promise<SigningKeyRecord[]> {
  const page = await keys.list(call, { index: 'generation', where: { alg }, order: 'descending', limit: 10 })
  return page.items.map(({ value }) => value)
}

function opened(keyRing: KeyRing, record: SigningKeyRecord, binding: string): PrivateJwk {
  const text = keyRing.open(SEAL_PURPOSE, binding, record.sealedPrivateJwk)
  if (text === undefined) {
    throw new Error(
      `The signing key ${record.id} does not open with this master key. Start with the master key that this data was made with.`,
    )
  }
  return privateJwk.parse(JSON.parse(text))
}

async function makeKey(alg: SigningAlgorithm): Promise<PrivateJwk> {
  const pair = alg === 'RS256' ? await generate('rsa', { modulusLength: 2048 }) : await generate('ec', { namedCurve: 'P-256' })
  const key: KeyObject = pair.privateKey
  const jwk = key.export({ format: 'jwk' })
  const kid = await calculateJwkThumbprint(jwk, 'sha256')
  return privateJwk.parse({ ...jwk, kid, alg, use: 'sig' })
}

function publicPart(jwk: PrivateJwk): PublicJwk {
  const { d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...rest } = jwk
  return rest
}
