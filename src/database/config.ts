// The settings of the database.
import { setting } from '#kernel/setting.ts'

export const databaseConfig = {
  url: setting.secret(
    'Where data is kept: sqlite:<file>, postgres://user:password@host/database or mongodb://user:password@host/database; SQLite in the data folder when absent',
  ),
}
