// `ninefold restore`: brings a backup back onto an empty machine, and shows nothing to anybody before all of it has been checked.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { newestIn } from '../database/backup/backups.ts'
import { printsOf } from '../database/backup/manifest.ts'
import { masterKeyIn, openBackup, type OpenBackup, restoreBackup } from '../database/backup/read.ts'
import { type Config, keyProblems, readConfig } from '../config.ts'
import { barFor } from './at-desk.ts'
import { CommandError, type CommandLine } from './command-line.ts'
import { load } from './load.ts'
import { masterKeyFile, presentMasterKey } from './master-key.ts'

export async function restoreCommand(line: CommandLine): Promise<number> {
  try {
    return await restore(line)
  } catch (error) {
    if (error instanceof CommandError || !(error instanceof Error) || 'code' in error) throw error
    throw new CommandError(error.message, { cause: error })
  }
}

async function restore(line: CommandLine): Promise<number> {
  const { from, replace } = line.premises
  if (from === undefined) throw new CommandError('Say which backup: --from <folder>, one backup or a folder of them.')
  const { config } = readConfig({ overrides: line.overrides })
  if (config.backup.key === undefined)
    throw new CommandError('A backup is opened by its key: set NINEFOLD_BACKUP_KEY or NINEFOLD_BACKUP_KEY_FILE.')
  const backup = await openBackup(await newestIn(resolve(from)), config.backup.key)
  if (!line.premises.withoutMasterKey) await bringMasterKey(backup, config)

  const { platform, premises } = await load(line, 'run')
  const { house, shelf } = premises
  const bar = barFor(process.stderr)
  house.beforeUse(async (engine, declared) => {
    await restoreBackup(backup, { engine, declared, shelf, replace, now: () => Date.now(), report: bar.report })
  })
  try {
    await platform.startOnly(['lock', 'folders', 'database'])
  } finally {
    bar.end()
    await platform.stop()
  }
  const rows = backup.manifest.contents.collections.reduce((sum, collection) => sum + collection.rows, 0)
  process.stdout.write(
    `${backup.path} is restored to ${house.status().present}: ${rows} rows, ${backup.manifest.files.count} files, as of ${new Date(backup.manifest.at).toISOString()}. ` +
      'Every checksum is what the manifest says.\n',
  )
  if (line.premises.withoutMasterKey) process.stderr.write(WITHOUT_KEY)
  return 0
}

const WITHOUT_KEY =
  'What is sealed in it does not open with the present master key. Say "ninefold keys begin-anew" before the start: it tells what is lost with the former one.\n'

/** The data opens with the master key that it was sealed with, and no other. */
async function bringMasterKey({ path, manifest, keys }: OpenBackup, config: Config): Promise<void> {
  const { platform, backup } = config
  const file = masterKeyFile(platform.dataDir)
  const present = (await presentMasterKey(config))?.reveal()
  const wrapped = manifest.keys && backup.keysKey !== undefined ? await masterKeyIn(path, backup.keysKey) : undefined
  const key = present ?? wrapped
  if (key === undefined) throw new CommandError(withoutKey(manifest.keys, file))
  // What was sealed with a former version may be in the backup still, so each that it was made with has to be there.
  const prints = new Set(printsOf(key, keys.manifest))
  if (!manifest.masterKey.split(' ').every((print) => prints.has(print))) {
    const given = platform.masterKeyCommand === undefined ? 'of NINEFOLD_MASTER_KEY' : 'of NINEFOLD_MASTER_KEY_COMMAND'
    const isFile = platform.masterKey === undefined && platform.masterKeyCommand === undefined
    const where = isFile ? `in ${resolve(file)}` : given
    throw new CommandError(
      `The master key ${where} is not the one that the backup was made with, with all its versions. Put the right one there, or take it away.`,
    )
  }
  if (present === undefined) keepKey(file, key)
}

function withoutKey(isWrapped: boolean, file: string): string {
  return isWrapped
    ? 'The master key is in the backup: set NINEFOLD_BACKUP_KEYS_KEY, which opens it. If that is lost too, say --without-master-key: what is sealed in the data cannot be opened then.'
    : `The backup holds no master key. Put it into ${resolve(file)} or set NINEFOLD_MASTER_KEY. If it is lost for good, say --without-master-key: what is sealed in the data cannot be opened then.`
}

function keepKey(file: string, key: string): void {
  if (keyProblems(key).length > 0) throw new CommandError('The backup holds a master key that is none.')
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  writeFileSync(file, `${key}\n`, { mode: 0o600, flag: 'wx', flush: true })
}
