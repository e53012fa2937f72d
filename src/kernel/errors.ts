// Errors with stable codes. A code is `server.reason`; callers match it by code, never by class, so that an error means the
// same whether the server that raised it is in this process or in another.
import type { FieldProblem } from './schema.ts'

export interface ErrorEntry {
  readonly status: number
  readonly title: string
}

export interface AppErrorOptions {
  /** Shown to the client. Say what was wrong and what to do; never what another person owns. */
  readonly detail?: string
  /** Logged, never shown. */
  readonly cause?: unknown
  readonly fields?: readonly FieldProblem[]
  /** Sent with the answer, for example `WWW-Authenticate` or `Retry-After`. */
  readonly headers?: Readonly<Record<string, string>>
}

/** The one error class that has an answer of its own. Anything else that is thrown is a bug and answers 500. */
export class AppError extends Error {
  override readonly name = 'AppError'
  readonly code: string
  readonly status: number
  readonly title: string
  readonly detail: string | undefined
  readonly fields: readonly FieldProblem[] | undefined
  readonly headers: Readonly<Record<string, string>> | undefined

  constructor(code: string, entry: ErrorEntry, options: AppErrorOptions = {}) {
    super(options.detail === undefined ? `${code}: ${entry.title}` : `${code}: ${options.detail}`, { cause: options.cause })
    this.code = code
    this.status = entry.status
    this.title = entry.title
    this.detail = options.detail
    this.fields = options.fields
    this.headers = options.headers
  }
}

type ErrorFactories<Table> = { readonly [Name in keyof Table]: (options?: AppErrorOptions) => AppError }

const tables = new Map<string, ErrorEntry>()

/** Declares a server's error table: `throw fileErrors.not_found({ detail })`. */
export function defineErrors<const Table extends Record<string, ErrorEntry>>(server: string, table: Table): ErrorFactories<Table> {
  const factories = Object.entries(table).map(([name, entry]) => {
    const code = `${server}.${name}`
    tables.set(code, entry)
    return [name, (options?: AppErrorOptions) => new AppError(code, entry, options)]
  })
  return Object.fromEntries(factories)
}

/** Every declared code with its status and title, for the reference page. */
export function declaredErrors(): ReadonlyMap<string, ErrorEntry> {
  return tables
}

export function hasCode(error: unknown, code: string): error is AppError {
  return error instanceof Error && 'code' in error && error.code === code
}

/** Whether a status says that something is wrong here. Not where a client uses a method that there is not (RFC 9110 section 15.6.2): any scanner does. */
export function isOurFault(status: number): boolean {
  return status >= 500 && status !== 501
}
