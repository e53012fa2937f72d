// What the server is and does, asked of it before it is trusted.
import type { Session } from './session.ts'

export interface ServerFacts {
  readonly version: string
  /** What it has answered is on its disk. */
  readonly durable: boolean
  /** The settings that make it so, or not. */
  readonly settings: Readonly<Record<'fsync' | 'synchronous_commit' | 'full_page_writes', string>>
}

const OLDEST = 140_000
const FACTS = `
  select current_setting('server_version') as version, current_setting('server_version_num')::int as number,
    current_setting('server_encoding') as encoding, current_setting('fsync') as fsync,
    current_setting('synchronous_commit') as synchronous_commit, current_setting('full_page_writes') as full_page_writes,
    pg_is_in_recovery() as recovering, current_setting('default_transaction_read_only') as read_only, current_database() as database`

export async function probe(session: Session): Promise<ServerFacts> {
  const [facts = {}] = await session.script(FACTS)
  const text = (name: string): string => String(facts[name])
  const refuse = (why: string): Error =>
    new Error(`The PostgreSQL database ${text('database')} cannot be used: ${why} Nothing was changed.`)
  if (Number(facts['number']) < OLDEST)
    throw refuse(`the server is version ${text('version')}, and 14 is the oldest that has what is needed here.`)
  if (text('encoding') !== 'UTF8') {
    throw refuse(`its encoding is ${text('encoding')}. Create a database with: create database ... encoding 'UTF8' template template0.`)
  }
  if (facts['recovering'] === true) throw refuse('the server is a standby, which only reads. Give the URL of the primary.')
  if (text('read_only') === 'on') throw refuse('default_transaction_read_only is on.')
  const settings = {
    fsync: text('fsync'),
    synchronous_commit: text('synchronous_commit'),
    full_page_writes: text('full_page_writes'),
  }
  return { version: text('version'), durable: settings.fsync === 'on' && settings.full_page_writes === 'on', settings }
}

/** `off` and `local` answer before the write is as safe as the server is set up to make it. */
export function needsSynchronousCommit({ settings }: ServerFacts): boolean {
  return settings.synchronous_commit === 'off' || settings.synchronous_commit === 'local'
}
