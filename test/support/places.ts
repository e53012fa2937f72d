// Databases of every kind to move between. A server is started when the first test wants it, and stopped after the last.
import { after } from 'node:test'
import { newId } from '#kernel/ids.ts'
import { type Ferret, startFerret, withoutFerret } from './ferretdb.ts'
import type { HouseFolder } from './house.ts'
import { type PostgresServer, startPostgres, withoutPostgres } from './postgres.ts'

export interface Place {
  readonly name: string
  /** False, or the reason. */
  readonly skip: string | false
  /** The URL of a database that nobody has used. */
  make(folder: HouseFolder): Promise<string>
}

let made = 0
let postgresServer: Promise<PostgresServer> | undefined
let ferretServer: Promise<Ferret> | undefined

after(async () => {
  await (await postgresServer)?.stop()
  await (await ferretServer)?.stop()
})

export const sqlite: Place = { name: 'SQLite', skip: false, make: async (folder) => folder.sqlite(`db-${newId(1)}`) }

export const postgres: Place = {
  name: 'PostgreSQL',
  skip: withoutPostgres,
  async make() {
    postgresServer ??= startPostgres()
    return (await postgresServer).url(`move_${++made}`)
  },
}

export const mongodb: Place = {
  name: 'MongoDB (FerretDB)',
  skip: withoutFerret,
  async make() {
    ferretServer ??= startFerret()
    return (await ferretServer).url(`move_${++made}`)
  },
}
