// What the server really does, found out by trying it: version numbers are not believed, since servers that speak MongoDB's protocol claim them freely.
import { randomBytes } from 'node:crypto'
import type { Collection, Db } from 'mongodb'
import { isDuplicate } from './connection.ts'

export interface ServerAbilities {
  /** A conditional update of one document is decided and done at once. FerretDB 1.24 reads, decides and then writes by id: updates are lost. */
  readonly atomicUpdates: boolean
}

const INSERTERS = 24
const UPDATERS = 4
const ROUNDS = 6
// One command for several large documents keeps a server that reads before it writes busy between the two for so long that the commands overlap also on
// a busy machine: FerretDB 1.24 is caught in every round, or in all but one of ninety; with one document, in every second, and passed one start in sixty.
const DOCUMENTS = 12
const PADDING = 'x'.repeat(20_000)

interface Probe {
  readonly _id: string
  readonly probe: string
  readonly n: number
  readonly padding: string
}

/** Throws when even the insertion of one id is not decided once, since nothing can be built on such a server. */
export async function probeServer(db: Db): Promise<ServerAbilities> {
  const probes = db.collection<Probe>('ninefold_probe')
  const probe = randomBytes(12).toString('base64url')
  try {
    if (!(await insertsOnce(probes, probe))) throw new Error('The MongoDB server has stored one id twice. It cannot be used.')
    return { atomicUpdates: !(await isKnownNotTo(db)) && (await updatesOnce(probes, probe)) }
  } finally {
    await probes.deleteMany({ probe })
  }
}

/** A name is no reason to believe in an ability, but it is one not to: with one processor for the server its commands may never overlap (7 starts in 20). */
async function isKnownNotTo(db: Db): Promise<boolean> {
  const { ferretdbVersion } = await db.command({ buildInfo: 1 })
  return typeof ferretdbVersion === 'string' && /^v[01]\./.test(ferretdbVersion)
}

async function insertsOnce(probes: Collection<Probe>, probe: string): Promise<boolean> {
  const inserts = await Promise.all(
    Array.from({ length: INSERTERS }, async () => {
      try {
        await probes.insertOne({ _id: `${probe} 0`, probe, n: 0, padding: PADDING })
        return true
      } catch (error) {
        if (isDuplicate(error)) return false
        throw error
      }
    }),
  )
  return inserts.filter(Boolean).length === 1
}

async function updatesOnce(probes: Collection<Probe>, probe: string): Promise<boolean> {
  const others = Array.from({ length: DOCUMENTS - 1 }, (_, at) => ({ _id: `${probe} ${at + 1}`, probe, n: 0, padding: PADDING }))
  await probes.insertMany(others)
  for (let round = 0; round < ROUNDS; round += 1) {
    const updates = await Promise.all(
      Array.from({ length: UPDATERS }, async () => await probes.updateMany({ probe, n: round }, { $set: { n: round + 1 } })),
    )
    if (updates.reduce((sum, { modifiedCount }) => sum + modifiedCount, 0) !== DOCUMENTS) return false
  }
  return true
}
