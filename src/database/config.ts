// The settings of the database.
import { setting } from '#kernel/setting.ts'

export const databaseConfig = {
  url: setting.secret(
    'Where data is kept: sqlite:<file>, postgres://user:password@host/database or mongodb://user:password@host/database; SQLite in the data folder when absent',
  ),
  scrubUpToMib: setting.integer({
    default: 256,
    min: 0,
    max: 4096,
    about:
      'SQLite, and the request log: up to this size (MiB) the file is written anew once a day, at midnight UTC, without copies of what was deleted; writes wait for it, about 1.5 seconds for 256 MiB. 0 for never',
  }),
}
