// Structured logs: one JSON line per event, written by this thread in blocks, with secrets redacted by name.
import { type DestinationStream, destination, type Logger, pino, stdSerializers } from 'pino'

export type { Logger }

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

export interface LogSettings {
  readonly level: LogLevel
  /** Where lines go; standard output when absent. */
  readonly stream?: DestinationStream
}

const SECRET_FIELDS = new Set([
  'authorization',
  'cookie',
  'set-cookie',
  'password',
  'token',
  'secret',
  'access_token',
  'refresh_token',
  'code',
  'code_verifier',
  'client_secret',
])
/** An error's code is a name (`ECONNREFUSED`), not an authorization code. */
const SECRETS_OF_ERRORS = SECRET_FIELDS.difference(new Set(['code']))
const CENSORED = '[redacted]'

type Fields = Record<string, unknown>

/**
 * The same object, or a copy where secrets are censored by the name of their field, here and one level down. pino's own redaction does the
 * same for six times the cost of the whole line.
 */
function censored(fields: Fields, secrets: ReadonlySet<string>, depth = 1): Fields {
  let copy: Fields | undefined
  for (const name in fields) {
    const value = fields[name]
    const clean = secrets.has(name) ? CENSORED : depth > 0 && isPlain(value) ? censored(value, secrets, depth - 1) : value
    if (clean === value) continue
    copy ??= { ...fields }
    copy[name] = clean
  }
  return copy ?? fields
}

function isPlain(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Error)
}

/** The root logger. Servers take `logger.child({ server })`; what a child is bound to is not redacted, so bind names only. */
export function createLogger(settings: LogSettings): Logger {
  // A worker transport would lose lines at exit and pile them up in memory when it crashes, so the same thread writes.
  const stream = settings.stream ?? destination({ dest: 1, sync: false, minLength: 4096, periodicFlush: 1000 })
  return pino(
    {
      level: settings.level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => censored(fields, SECRET_FIELDS),
      },
      serializers: { err: (error: Error) => censored({ ...stdSerializers.err(error) }, SECRETS_OF_ERRORS) },
    },
    stream,
  )
}
