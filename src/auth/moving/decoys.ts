// Keeps the hashing side informed of what hashes of other systems cost, so that an address that nobody has takes as long as one that somebody might.
import { systemCall } from '#kernel/call.ts'
import type { Logger } from '#kernel/log.ts'
import type { RunningPasswords } from '../passwords/passwords.ts'
import type { MovingRepository } from './repository.ts'

/** People move in while the platform runs. */
const EVERY_MS = 30_000

export interface Decoys {
  start(): Promise<void>
  stop(): void
}

export interface DecoysDependencies {
  readonly repository: Pick<MovingRepository, 'shapes'>
  readonly passwords: Pick<RunningPasswords, 'useDecoys'>
  readonly logger: Logger
}

export function createDecoys({ repository, passwords, logger }: DecoysDependencies): Decoys {
  const read = async (): Promise<void> => {
    const shapes = await repository.shapes(systemCall('auth'))
    passwords.useDecoys(shapes.map(({ decoy }) => decoy))
  }
  let timer: NodeJS.Timeout | undefined
  return {
    async start() {
      await read()
      timer = setInterval(() => {
        read().catch((error: unknown) => logger.warn({ event: 'auth.decoys_not_read', err: error }))
      }, EVERY_MS).unref()
    },
    stop: () => clearInterval(timer),
  }
}
