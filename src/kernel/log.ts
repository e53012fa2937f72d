// Structured logs: one JSON line per event, written by this thread in blocks, with secrets redacted by name.
import { type DestinationStream, destination, type Logger, pino } from 'pino'

export type { Logger }

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

export interface LogSettings {
  readonly level: LogLevel
  /** Where lines go; standard output when absent. */
  readonly stream?: DestinationStream
}

const REDACTED = [
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
]

/** The root logger. Servers take `logger.child({ server })`. */
export function createLogger(settings: LogSettings): Logger {
  // A worker transport would lose lines at exit and pile them up in memory when it crashes, so the same thread writes.
  const stream = settings.stream ?? destination({ dest: 1, sync: false, minLength: 4096 })
  return pino(
    {
      level: settings.level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REDACTED.flatMap((name) => [`["${name}"]`, `*["${name}"]`]), censor: '[redacted]' },
    },
    stream,
  )
}
