// Backups as the platform makes them: on request and on a schedule, from whichever engine holds the data.
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '#kernel/clock.ts'
import { type JobDefinition, job } from '#kernel/job.ts'
import type { Logger } from '#kernel/log.ts'
import { z } from '#kernel/schema.ts'
import type { Secret } from '#kernel/secret.ts'
import { copyAsOfOneMoment } from '../move/bring.ts'
import type { House } from '../move/house.ts'
import { withSign } from '../move/sign.ts'
import type { Engine } from '../ports.ts'
import { createPool } from './pool.ts'
import type { Shelf } from './ports.ts'
import { fileKeysIn, openBackup, type ReadReport, verifyBackup } from './read.ts'
import { keysOf, namesIn, saltOf } from './store.ts'
import { type Moment, writeBackup, type Written } from './write.ts'

const HOUR_MS = 60 * 60 * 1000

export interface BackupParts {
  readonly house: House
  readonly shelf: Shelf
  readonly engineFor: (url: string) => Promise<Engine>
  readonly masterKey: Secret
  readonly clock: Clock
  readonly settings: {
    readonly app: string
    readonly folder: string
    /** For what must not be in the backup: a copy of a database that cannot be read as of one moment. */
    readonly scratch: string
    readonly key: Secret | undefined
    readonly keysKey: Secret | undefined
    readonly everyHours: number
    readonly keep: number
  }
}

export interface Backups {
  make(folder: string | undefined, report: (progress: { readonly phase: string; readonly done: number }) => void): Promise<Written>
  /** The newest backup of the folder, or that of the path. */
  verify(path: string, report: ReadReport): Promise<string>
  /** Removes all but the newest, and the files that only those had. */
  prune(folder: string, keep: number): Promise<void>
  jobs(logger: Logger): readonly JobDefinition[]
}

export function createBackups(parts: BackupParts): Backups {
  const { house, shelf, masterKey, clock, settings } = parts
  const keyOf = (): Secret => {
    if (settings.key !== undefined) return settings.key
    throw new Error('A backup needs a key: set NINEFOLD_BACKUP_KEY or NINEFOLD_BACKUP_KEY_FILE, and keep it where the backups are not.')
  }
  const backups: Backups = {
    async make(folder = settings.folder, report) {
      const { declared } = house.present()
      const secrets = { key: keyOf(), keysKey: settings.keysKey, masterKey }
      return await writeBackup({
        folder,
        app: settings.app,
        secrets,
        declared,
        shelf,
        during: (work) => atOneMoment(parts, work),
        now: () => clock.now(),
        report,
      })
    },
    async verify(path, report) {
      const backup = await openBackup(await newestIn(path), keyOf())
      await verifyBackup(backup, report)
      return backup.path
    },
    async prune(folder, keep) {
      const names = await namesIn(folder)
      const kept = names.slice(-keep)
      for (const name of names.slice(0, -keep)) await rm(join(folder, name), { recursive: true, force: true })
      const named = new Set<string>()
      for (const name of kept) for (const key of await fileKeysIn(await openBackup(join(folder, name), keyOf()))) named.add(key)
      const keys = await keysOf(keyOf(), await saltOf(folder))
      await createPool(join(folder, 'files'), keys.files).prune(named)
    },
    jobs(logger) {
      if (settings.everyHours === 0) return []
      return [
        job({
          name: 'database.backup',
          input: z.strictObject({}),
          everyMs: settings.everyHours * HOUR_MS,
          timeoutMs: 12 * HOUR_MS,
          maxAttempts: 3,
          handle: async ({ call }) => {
            const { path, manifest } = await backups.make(undefined, () => call.signal.throwIfAborted())
            await backups.prune(settings.folder, settings.keep)
            const rows = manifest.contents.collections.reduce((sum, collection) => sum + collection.rows, 0)
            logger.info({ backup: path, rows, files: manifest.files.count }, 'a backup was made')
          },
        }),
      ]
    },
  }
  return backups
}

/** A path of one backup, or of a folder of them. */
export async function newestIn(path: string): Promise<string> {
  const newest = (await namesIn(path)).at(-1)
  return newest === undefined ? path : join(path, newest)
}

async function atOneMoment<T>(parts: BackupParts, work: (moment: Moment) => Promise<T>): Promise<T> {
  const { engine } = parts.house.present()
  if (!engine.capabilities.snapshot) return await fromCopy(parts, work)
  const snapshot = await engine.snapshot()
  try {
    return await work({ snapshot, marks: await engine.marks(), engine: engine.capabilities.engine })
  } finally {
    await snapshot.close()
  }
}

/** What cannot be read as of one moment is first copied into a file that can, while what is written is noted and copied again. */
async function fromCopy<T>({ house, engineFor, settings, clock }: BackupParts, work: (moment: Moment) => Promise<T>): Promise<T> {
  const { engine, declared } = house.present()
  const free = house.reserve('a backup')
  const folder = join(settings.scratch, `copy-${process.pid}-${clock.now()}`)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  try {
    const copy = await engineFor(`sqlite:${encodeURI(join(folder, 'copy.db'))}`)
    await copy.start(withSign(declared))
    try {
      house.relay.upkeep('hold')
      await house.relay.track()
      try {
        await copyAsOfOneMoment({ relay: house.relay, target: copy, now: () => clock.now(), report: () => {} })
      } finally {
        house.relay.untrack()
        house.relay.upkeep('usual')
      }
      const snapshot = await copy.snapshot()
      try {
        return await work({ snapshot, marks: await engine.marks(), engine: engine.capabilities.engine })
      } finally {
        await snapshot.close()
      }
    } finally {
      await copy.stop()
    }
  } finally {
    free()
    await rm(folder, { recursive: true, force: true })
  }
}
