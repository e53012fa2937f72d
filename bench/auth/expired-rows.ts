// How many rows of sessions have expired and are still there: only the database itself can tell, since readers no longer see them.
import { DatabaseSync } from 'node:sqlite'
import { Client } from 'pg'
import { grantsCollection, refreshTokensCollection, sessionsCollection } from '../../src/auth/provider/collections.ts'

const TABLES = [sessionsCollection.name, grantsCollection.name, refreshTokensCollection.name]

const counting = (column: string, now: number): string =>
  `SELECT ${TABLES.map((table) => `(SELECT count(*) FROM ${table} WHERE ${column} <= ${now})`).join(' + ')} AS expired`

export async function expiredRows(url: string): Promise<number> {
  const now = Date.now()
  if (url.startsWith('sqlite:')) {
    const database = new DatabaseSync(decodeURI(url.slice('sqlite:'.length)), { readOnly: true })
    try {
      return Number(database.prepare(counting('expires_at', now)).get()?.['expired'])
    } finally {
      database.close()
    }
  }
  const client = new Client({ connectionString: url.replace(/\?.*/, '') })
  await client.connect()
  try {
    await client.query(`SET search_path TO "${new URL(url).searchParams.get('schema') ?? 'public'}"`)
    const { rows } = await client.query<{ expired: string }>(counting('_expires_at', now))
    return Number(rows[0]?.expired)
  } finally {
    await client.end()
  }
}
