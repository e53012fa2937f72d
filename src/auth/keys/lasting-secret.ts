// A secret that outlives the versions of the master key: random, made once, stored sealed. For codes that two processes must compute alike also while one
// of them has a newer version of the master key than the other.
import { randomBytes } from 'node:crypto'
import type { Call } from '#kernel/call.ts'
import { defineCollection } from '#kernel/collection.ts'
import type { Clock } from '#kernel/clock.ts'
import { hasCode } from '#kernel/errors.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import { z } from '#kernel/schema.ts'
import type { Database } from '../../database/contract.ts'
import { anotherMasterKey } from './another-master-key.ts'

const secret = z.strictObject({ id: z.string(), madeAt: z.int(), sealed: z.string() })

export const secretsCollection = defineCollection<z.infer<typeof secret>>({
  name: 'auth_secrets',
  schema: secret,
  indexes: { madeAt: { fields: ['madeAt'] } },
})

export const SECRET_PURPOSE = 'auth.secrets'

export function secretBinding(name: string): string {
  return `${secretsCollection.name}/${name}/sealed`
}

export interface LastingSecretParts {
  readonly database: Database
  readonly keyRing: KeyRing
  readonly clock: Clock
}

/** Of two processes that make it at once one wins, and both use its secret. */
export function createLastingSecret({ database, keyRing, clock }: LastingSecretParts, name: string): (call: Call) => Promise<Buffer> {
  const secrets = database.collection(secretsCollection)
  const stored = async (call: Call): Promise<Buffer | undefined> => {
    const found = await secrets.get(call, name)
    if (found === undefined) return undefined
    const text = keyRing.open(SECRET_PURPOSE, secretBinding(name), found.value.sealed)
    if (text !== undefined) return Buffer.from(text, 'base64url')
    throw anotherMasterKey(`The secret ${name}`)
  }
  return async (call) => {
    const present = await stored(call)
    if (present !== undefined) return present
    const made = randomBytes(32)
    try {
      await secrets.insert(call, {
        id: name,
        madeAt: clock.now(),
        sealed: keyRing.seal(SECRET_PURPOSE, secretBinding(name), made.toString('base64url')),
      })
      return made
    } catch (error) {
      if (!hasCode(error, 'database.duplicate')) throw error
      return (await stored(call)) ?? made
    }
  }
}
