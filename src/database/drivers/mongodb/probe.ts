// What the server really does, found out by trying it: version numbers are not believed, since servers that speak MongoDB's protocol claim them freely.
import { randomBytes } from 'node:crypto'
import type { Db } from 'mongodb'
import { isDuplicate } from './connection.ts'

export interface ServerAbilities {
  /** A conditional update of one document is decided and done at once. FerretDB 1.24 reads, decides and then writes by id: updates are lost. */
  readonly atomicUpdates: boolean
}

const RACERS = 24
const ROUNDS = 6
// A large document keeps a server that reads before it writes busy for longer, so that it is caught.
const PADDING = 'x'.repeat(20_000)

/** Throws when even the insertion of one id is not decided once, since nothing can be built on such a server. */
export async function probeServer(db: Db): Promise<ServerAbilities> {
  const probes = db.collection<{ _id: string; n: number; padding: string }>('ninefold_probe')
  const _id = randomBytes(12).toString('base64url')
  try {
    const inserts = await Promise.all(
      Array.from({ length: RACERS }, async (_, n) => {
        try {
          await probes.insertOne({ _id, n: 0, padding: PADDING })
          return n
        } catch (error) {
          if (isDuplicate(error)) return undefined
          throw error
        }
      }),
    )
    if (inserts.filter((winner) => winner !== undefined).length !== 1) {
      throw new Error('The MongoDB server has stored one id twice. It cannot be used.')
    }
    for (let round = 0; round < ROUNDS; round += 1) {
      const updates = await Promise.all(
        Array.from({ length: RACERS }, async () => await probes.updateOne({ _id, n: round }, { $set: { n: round + 1 } })),
      )
      if (updates.filter(({ modifiedCount }) => modifiedCount === 1).length !== 1) return { atomicUpdates: false }
    }
    return { atomicUpdates: true }
  } finally {
    await probes.deleteOne({ _id })
  }
}
