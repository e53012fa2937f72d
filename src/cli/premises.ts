// What a program has and does on its data folder: the lock that makes it the only one, moving house, backups, and the desk where commands ask for them.
import { join, resolve } from 'node:path'
import type { Config } from '../config.ts'
import { type Backups, createBackups } from '../database/backup/backups.ts'
import { engineFor } from '../database/engines.ts'
import { createDesk, type DeskPlace, type DeskWork, type Report } from '../database/move/desk.ts'
import { createHouse, type House } from '../database/move/house.ts'
import { createFolderLock, type FolderLock } from '../database/move/lock.ts'
import { createStateFile } from '../database/move/state.ts'
import type { Engine } from '../database/ports.ts'
import { createDiskStore } from '../files/drivers/disk.ts'
import { systemClock } from '../kernel/clock.ts'
import { createKeyRing } from '../kernel/keyring.ts'
import { idle, type Running } from '../kernel/lifecycle.ts'
import type { Logger } from '../kernel/log.ts'
import type { Secret } from '../kernel/secret.ts'
import { CommandError } from './command-line.ts'

export interface Premises {
  readonly house: House
  readonly backups: Backups
  readonly shelf: ReturnType<typeof createDiskStore>
  readonly place: DeskPlace
  /** What can be asked for at the desk, for a command that has to do it itself. */
  readonly works: Readonly<Record<string, DeskWork>>
  /** Members of the platform. */
  readonly lock: Running<FolderLock>
  readonly desk: Running<unknown>
}

export interface PremisesParts {
  readonly config: Config
  readonly masterKey: Secret
  readonly app: string
  readonly url: string
  readonly engine: Engine
  readonly logger: Logger
}

export function createPremises({ config, masterKey, app, url, engine, logger }: PremisesParts): Premises {
  const { dataDir } = config.platform
  const keyRing = createKeyRing(masterKey)
  const clock = systemClock
  const make = async (address: string): Promise<Engine> => await engineFor(address, { logger: logger.child({ server: 'database' }) })
  const lock = createFolderLock(join(dataDir, 'platform.lock'))
  const house = createHouse({
    url,
    engine,
    engineFor: make,
    state: createStateFile(join(dataDir, 'house.json'), keyRing),
    isOwner: () => lock.held(),
    clock,
    logger,
  })
  const shelf = createDiskStore({ folder: join(dataDir, 'files'), clock })
  const folder = resolve(config.backup.folder ?? join(dataDir, 'backups'))
  const settings = { ...config.backup, app, folder, scratch: join(dataDir, 'desk') }
  const backups = createBackups({ house, shelf, engineFor: make, masterKey, clock, settings })
  const place = { folder: join(dataDir, 'desk'), keyRing }
  const ending = new AbortController()
  const works = worksOf(house, backups, ending.signal)
  const desk = createDesk(place, { works, logger })
  const end = async (): Promise<void> => {
    ending.abort(new Error('The platform was told to stop, and what was being done is undone. Nothing has changed.'))
    await desk.stop()
  }
  return {
    house,
    backups,
    shelf,
    place,
    works,
    lock: idle(lock, {
      async start() {
        if (!lock.take()) {
          throw new CommandError(
            `Another platform runs on the data folder ${resolve(dataDir)}. Stop that one, or name another folder with --data-dir.`,
          )
        }
      },
      stop: async () => lock.free(),
    }),
    desk: idle({}, { jobs: backups.jobs(logger), start: () => desk.start(), stop: () => end() }),
  }
}

/** Addresses come sealed with the request, and go nowhere else. */
function worksOf(house: House, backups: Backups, ending: AbortSignal): Readonly<Record<string, DeskWork>> {
  const unlessEnding =
    (report: Report): Report =>
    (progress) => {
      ending.throwIfAborted()
      report(progress)
    }
  return {
    move: async ({ to = '' }, report) => await house.move(to, unlessEnding(report)),
    back: async (_input, report) => await house.back(unlessEnding(report)),
    finish: async () => await house.finish(),
    status: async () => house.status(),
    async backup({ to, keep }, report) {
      const written = await backups.make(to, unlessEnding(report))
      if (to !== undefined && keep !== undefined) await backups.prune(to, Number(keep))
      return written
    },
  }
}
