// The settings of the database.
import { setting } from '#kernel/setting.ts'

export const databaseConfig = {
  url: setting.secret(
    'Where data is kept: sqlite:<file>, postgres://user:password@host/database or mongodb://user:password@host/database; SQLite in the data folder when absent',
  ),
  scrubUpToMib: setting.integer({
    default: 512,
    min: 0,
    max: 1_000_000,
    about:
      'SQLite, and the request log: up to this size (MiB) the file is written anew once a day, so that no byte of what was deleted is left; writes wait for it, about 6 seconds for a GiB. 0 for never',
  }),
}
