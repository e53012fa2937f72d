// What a database URL says: where the server is, as whom, in which schema, and how the way there is protected.
import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'

export interface PostgresTarget {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string | undefined
  readonly database: string
  readonly schema: string
  /** At most this many connections. */
  readonly connections: number
  readonly tls: false | ConnectionOptions
}

const DEFAULT_PORT = 5432
const DEFAULT_CONNECTIONS = 10
const PROTOCOLS = new Set(['postgres:', 'postgresql:'])
const KNOWN = new Set(['schema', 'connections', 'sslmode', 'sslrootcert', 'host'])
const SCHEMA = /^[a-z_][a-z0-9_]{0,62}$/
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/

/** Messages name the part that is wrong and never the URL, which holds a password. */
export function parsePostgresUrl(text: string): PostgresTarget {
  if (!URL.canParse(text)) throw new Error('The URL of the PostgreSQL database cannot be read as a URL.')
  const url = new URL(text)
  if (!PROTOCOLS.has(url.protocol)) throw new Error('The URL of a PostgreSQL database begins with postgres://.')
  const unknown = [...url.searchParams.keys()].find((name) => !KNOWN.has(name))
  if (unknown !== undefined) {
    throw new Error(`The URL of the PostgreSQL database has the parameter "${unknown}"; known are: ${[...KNOWN].join(', ')}.`)
  }
  const database = decodeURIComponent(url.pathname.slice(1))
  if (database === '') throw new Error('The URL of the PostgreSQL database needs the name of a database: postgres://user@host/name.')
  const schema = url.searchParams.get('schema') ?? 'public'
  if (!SCHEMA.test(schema)) throw new Error('The schema of the PostgreSQL URL must be lower-case letters, digits and "_".')
  const host = hostOf(url)
  return {
    host,
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    user: decodeURIComponent(url.username) || 'postgres',
    password: url.password === '' ? undefined : decodeURIComponent(url.password),
    database,
    schema,
    connections: connectionsOf(url.searchParams.get('connections')),
    tls: tlsOf(host, url.searchParams),
  }
}

// A folder of sockets is given as a parameter, as libpq has it.
function hostOf(url: URL): string {
  const name = url.searchParams.get('host') ?? decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1')
  return name === '' ? 'localhost' : name
}

function connectionsOf(text: string | null): number {
  if (text === null) return DEFAULT_CONNECTIONS
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1 || count > 1000)
    throw new Error('The connections of the PostgreSQL URL must be a number from 1 to 1000.')
  return count
}

function tlsOf(host: string, parameters: URLSearchParams): false | ConnectionOptions {
  const mode = parameters.get('sslmode')
  const authority = parameters.get('sslrootcert')
  const trusted = authority === null ? {} : { ca: readFileSync(authority, 'utf8') }
  if (mode === null) {
    if (host.startsWith('/') || LOOPBACK.test(host)) return false
    throw new Error(
      'The PostgreSQL server is on another machine: say how the way there is protected, with sslmode=verify-full in the URL, ' +
        'or with sslmode=disable when the network itself is (passwords and documents are then sent as they are).',
    )
  }
  if (mode === 'disable') return false
  if (mode === 'verify-full') return { ...trusted, rejectUnauthorized: true }
  // As in libpq: the name in the certificate is not looked at, its signature is.
  if (mode === 'verify-ca') return { ...trusted, rejectUnauthorized: true, checkServerIdentity: () => undefined }
  if (mode === 'require') return { ...trusted, rejectUnauthorized: authority !== null, checkServerIdentity: () => undefined }
  throw new Error(`sslmode=${mode} may fall back to plain text or is unknown. Use verify-full, verify-ca, require or disable.`)
}
