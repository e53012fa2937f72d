// The settings of backups.
import { setting } from '#kernel/setting.ts'

export const backupConfig = {
  key: setting.secret(
    'Opens the data and the files of backups: a long passphrase or random text, not the master key. No backup without it',
  ),
  keysKey: setting.secret(
    'Opens the master key in a backup; another one than NINEFOLD_BACKUP_KEY. Without it backups hold no master key: keep that elsewhere',
  ),
  folder: setting.optionalText('Where backups go; "backups" in the data folder when absent. Another disk is better, another house best'),
  everyHours: setting.integer({ default: 0, min: 0, max: 720, about: 'Hours from one scheduled backup to the next; 0 for none' }),
  keep: setting.integer({
    default: 7,
    min: 1,
    max: 1000,
    about: 'How many backups are kept; older ones are removed after a scheduled one',
  }),
}
