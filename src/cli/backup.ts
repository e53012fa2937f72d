// `ninefold backup`: makes a backup while people use the data, or opens one from its first byte to its last.
import { resolve } from 'node:path'
import { manifest as manifestSchema } from '../database/backup/manifest.ts'
import { z } from '../kernel/schema.ts'
import { atDesk, barFor } from './at-desk.ts'
import { CommandError, type CommandLine } from './command-line.ts'
import { load } from './load.ts'
import { table } from './table.ts'

const writtenSchema = z.object({ path: z.string(), manifest: manifestSchema })

export async function backupCommand(line: CommandLine): Promise<number> {
  const { to, from, verify } = line.premises
  if (from !== undefined && !verify) throw new CommandError('--from names a backup to open, and goes with --verify. Nothing was done.')
  if (from !== undefined && to !== undefined)
    throw new CommandError('--from and --to both name the backup to open: give one of them. Nothing was done.')
  const loaded = await load(line, verify ? 'look' : 'run')
  const { config, premises } = loaded
  const bar = barFor(process.stderr)
  if (verify) {
    const path = resolve(from ?? to ?? config.backup.folder ?? `${config.platform.dataDir}/backups`)
    const checked = await premises.backups
      .verify(path, bar.report)
      .catch((error: unknown) => {
        throw new CommandError(error instanceof Error ? error.message : String(error), { cause: error })
      })
      .finally(() => bar.end())
    process.stdout.write(`${checked} is whole: every byte opens, and every checksum is what its manifest says.\n`)
    return 0
  }
  const input = to === undefined ? {} : { to: resolve(to) }
  const result = await atDesk(loaded, { kind: 'backup', input, report: bar.report }).finally(() => bar.end())
  const { path, manifest } = writtenSchema.parse(result)
  const rows = manifest.contents.collections.map(({ name, rows: count, checksum }) => [name, String(count), checksum.slice(0, 16)])
  const keys = manifest.keys
    ? 'The master key is in it, wrapped by NINEFOLD_BACKUP_KEYS_KEY.'
    : 'The master key is not in it: keep that elsewhere, or set NINEFOLD_BACKUP_KEYS_KEY.'
  process.stdout.write(
    `${table([['collection', 'rows', 'checksum'], ...rows])}\n${path}: ${manifest.files.count} files, ${manifest.files.new} of them new. ${keys}\n`,
  )
  return 0
}
