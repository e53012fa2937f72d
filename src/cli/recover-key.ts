// `ninefold keys recover`: the master key out of a backup, for who has the key that wraps it there. Needs nothing else, least of all a master key.
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readConfig } from '../config.ts'
import { newestIn } from '../database/backup/backups.ts'
import { masterKeyIn } from '../database/backup/read.ts'
import { CommandError, type CommandLine } from './command-line.ts'

export async function recoverKey({ premises: { from }, overrides }: CommandLine): Promise<number> {
  if (from === undefined) throw new CommandError('Say out of which backup: --from <folder>, one backup or a folder of them.')
  const { config } = readConfig({ overrides, withoutMasterKey: true })
  const { keysKey } = config.backup
  if (keysKey === undefined)
    throw new CommandError('It opens with the keys key: set NINEFOLD_BACKUP_KEYS_KEY or NINEFOLD_BACKUP_KEYS_KEY_FILE.')
  const backup = await newestIn(resolve(from))
  if (!existsSync(join(backup, 'manifest.json'))) throw new CommandError(`There is no backup in ${from}, or not a whole one.`)
  process.stdout.write(`${await masterKeyOf(backup, keysKey)}\n`)
  return 0
}

async function masterKeyOf(backup: string, keysKey: Parameters<typeof masterKeyIn>[1]): Promise<string> {
  try {
    return await masterKeyIn(backup, keysKey)
  } catch (cause) {
    const isAbsent = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    const why = isAbsent ? 'there is none in it' : 'the keys key is another one, or the file was changed'
    throw new CommandError(`No master key comes out of ${backup}: ${why}.`, { cause })
  }
}
