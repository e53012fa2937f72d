// Keeps the hashing side informed of what the hashes of accounts cost, those of other systems and those that were made before another cost was set, so that
// an address that nobody has takes as long as one that somebody might.
import { type Call, systemCall } from '#kernel/call.ts'
import type { Logger } from '#kernel/log.ts'
import { authErrors } from '../errors.ts'
import { decoyOf, shapeOf } from '../passwords/foreign.ts'
import type { RunningPasswords } from '../passwords/passwords.ts'
import type { MovingRepository } from './repository.ts'

/** People move in while the platform runs, and other processes may have another cost set. */
const EVERY_MS = 30_000

export interface Decoys {
  /** When hashing has started, and before anybody can sign up. */
  start(): Promise<void>
  stop(): void
}

export interface DecoysDependencies {
  readonly repository: Pick<MovingRepository, 'shapes' | 'keepShape' | 'list'>
  readonly passwords: Pick<RunningPasswords, 'useDecoys' | 'ownDecoy'>
  readonly logger: Logger
  /** Outlives the versions of the master key. */
  keyOf(this: void, call: Call): Promise<Buffer>
}

export function createDecoys({ repository, passwords, logger, keyOf }: DecoysDependencies): Decoys {
  const call = systemCall('auth')

  /** Before an account has a hash of the cost that is set: those hashes will be there when another one is set. */
  const keepOwn = async (): Promise<void> => {
    const own = passwords.ownDecoy()
    if (own === undefined) throw authErrors.unavailable()
    const kept = await repository.shapes(call)
    if (kept.some(({ id }) => id === shapeOf(own))) return
    // Nobody may have kept what the hashes cost that are there: an earlier version, or whoever has taken the records away. Most are alike, so some will tell.
    const { items } = await repository.list(call, undefined)
    const hashes = new Map(items.flatMap(({ password }) => (password === undefined ? [] : [[shapeOf(password), password]])))
    // Our own comes last: with it, nothing more is looked for.
    hashes.delete(shapeOf(own))
    for (const [id, hash] of [...hashes, [shapeOf(own), own] as const]) await repository.keepShape(call, { id, decoy: decoyOf(hash) })
  }

  const read = async (key: Buffer): Promise<void> => {
    const shapes = await repository.shapes(call)
    passwords.useDecoys({ hashes: shapes.map(({ decoy }) => decoy), key })
  }
  let timer: NodeJS.Timeout | undefined
  return {
    async start() {
      await keepOwn()
      const key = await keyOf(call)
      await read(key)
      timer = setInterval(() => {
        read(key).catch((error: unknown) => logger.warn({ event: 'auth.decoys_not_read', err: error }))
      }, EVERY_MS).unref()
    },
    stop: () => clearInterval(timer),
  }
}
