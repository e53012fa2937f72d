// One connection. A batch is several prepared statements in one round trip and one transaction: all of them are done, or none.
// (PostgreSQL, "Pipelining": what is sent before one Sync is one implicit transaction.)
import { Client, type Connection, DatabaseError, type Submittable } from 'pg'
import type { Statement, Value } from './statement.ts'
import type { PostgresTarget } from './url.ts'

export interface Command {
  readonly statement: Statement
  readonly values: readonly Value[]
}

export interface Outcome {
  readonly rows: readonly (readonly Value[])[]
  /** How many rows were written or read. */
  readonly count: number
}

/** The server refused; the transaction has ended and nothing of it is stored. */
export class Refused extends Error {
  /** SQLSTATE. */
  readonly code: string
  readonly constraint: string | undefined
  /** The command of the batch that it was. */
  readonly at: number

  constructor(error: DatabaseError, at: number) {
    super(error.message, { cause: error })
    this.code = error.code ?? ''
    this.constraint = error.constraint
    this.at = at
  }
}

/** The connection ended before the answer came: what was sent may have been done, or not. */
export class Lost extends Error {}

const CONNECT_TIMEOUT_MS = 5000
const KEEP_ALIVE_MS = 10_000

/** Settings of every session; the statements are written for these plans, and an index that does not fit would rather be noticed than sorted. */
const SESSION_SETTINGS = {
  enable_seqscan: 'off',
  enable_sort: 'off',
  enable_incremental_sort: 'off',
  max_parallel_workers_per_gather: '0',
  jit: 'off',
  plan_cache_mode: 'force_generic_plan',
  extra_float_digits: '1',
  default_transaction_isolation: String.raw`read\ committed`,
}

/** What pg calls while a batch is on its way. */
class Batch implements Submittable {
  readonly commands: readonly Command[]
  readonly #session: Session
  readonly #done: (error: Error | undefined, outcomes: Outcome[]) => void
  readonly #outcomes: Outcome[] = []
  #rows: Value[][] = []
  #ended = false

  constructor(session: Session, commands: readonly Command[], done: (error: Error | undefined, outcomes: Outcome[]) => void) {
    this.commands = commands
    this.#session = session
    this.#done = done
  }

  // pg would give a batch without one a callback of its own.
  callback(): void {}

  submit(connection: Connection): void {
    const { stream } = connection
    stream.cork()
    try {
      for (const { statement, values } of this.commands) this.#session.send(connection, statement, values)
      connection.sync()
    } finally {
      stream.uncork()
    }
  }

  handleDataRow(message: { readonly fields: Value[] }): void {
    this.#rows.push(message.fields)
  }

  handleCommandComplete(message: { readonly text: string }): void {
    const { text } = message
    this.#outcomes.push({ rows: this.#rows, count: Number(text.slice(text.lastIndexOf(' ') + 1)) })
    this.#rows = []
  }

  handleError(error: Error): void {
    this.#end(failureOf(error, this.#outcomes.length))
  }

  handleReadyForQuery(): void {
    this.#end(undefined)
  }

  #end(error: Error | undefined): void {
    if (this.#ended) return
    this.#ended = true
    this.#done(error, this.#outcomes)
  }
}

function failureOf(error: Error, at: number): Error {
  if (!(error instanceof DatabaseError)) return new Lost(error.message, { cause: error })
  // A session that is being ended may be past its commit.
  if (error.severity !== 'ERROR') return new Lost(error.message, { cause: error })
  return new Refused(error, at)
}

export interface SessionOptions {
  readonly target: PostgresTarget
  /** Of the server, for one statement; none when absent. */
  readonly statementTimeoutMs?: number
  readonly synchronousCommit?: boolean
}

export class Session {
  readonly #client: Client
  readonly #prepared = new Set<string>()
  #parsing: string[] = []
  #open = true
  /** The tick of the pool at which it was given its work, for who looks after time. */
  since = 0
  busy = false

  private constructor(client: Client) {
    this.#client = client
    // Not of pg's own: a batch has many statements, and only those that the server has taken are there next time.
    client.connection.on('parseComplete', () => {
      const name = this.#parsing.shift()
      if (name !== undefined) this.#prepared.add(name)
    })
  }

  static async open({ target, statementTimeoutMs, synchronousCommit = false }: SessionOptions): Promise<Session> {
    const settings: Readonly<Record<string, string>> = {
      ...SESSION_SETTINGS,
      search_path: target.schema,
      ...(statementTimeoutMs === undefined ? {} : { statement_timeout: String(statementTimeoutMs) }),
      ...(synchronousCommit ? { synchronous_commit: 'on' } : {}),
    }
    const client = new Client({
      host: target.host,
      port: target.port,
      user: target.user,
      // An absent password must not be looked for in files of the user.
      password: target.password ?? '',
      database: target.database,
      ssl: target.tls,
      application_name: 'ninefold',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
      options: Object.entries(settings)
        .map(([name, value]) => `-c ${name}=${value}`)
        .join(' '),
    })
    const session = new Session(client)
    // Without a listener an ended connection would end the process.
    client.on('error', () => session.#close())
    client.on('end', () => session.#close())
    await client.connect()
    return session
  }

  get isOpen(): boolean {
    return this.#open
  }

  onEnd(listener: () => void): void {
    this.#client.on('end', listener)
  }

  send(connection: Connection, { name, text }: Statement, values: readonly Value[]): void {
    // The declared arguments are of an earlier pg; these are what it takes.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
    const wire = connection as unknown as Wire
    if (!this.#prepared.has(name) && !this.#parsing.includes(name)) {
      this.#parsing.push(name)
      wire.parse({ name, text })
    }
    wire.bind({ statement: name, values })
    wire.execute()
  }

  /** `done` is called once; when with a `Lost`, this session is over. */
  run(commands: readonly Command[], done: (error: Error | undefined, outcomes: Outcome[]) => void): void {
    if (!this.#open) {
      done(new Lost('The connection has ended.'), [])
      return
    }
    const batch = new Batch(this, commands, (error, outcomes) => {
      this.#parsing = []
      if (error instanceof Lost) this.destroy()
      done(error, outcomes)
    })
    this.#client.query(batch)
  }

  execute(commands: readonly Command[]): Promise<Outcome[]> {
    return new Promise((resolve, reject) => {
      this.run(commands, (error, outcomes) => (error === undefined ? resolve(outcomes) : reject(error)))
    })
  }

  /** Statements without values, once, outside of a transaction. */
  async script(text: string): Promise<Record<string, unknown>[]> {
    try {
      const result = await this.#client.query<Record<string, unknown>>(text)
      return result.rows
    } catch (error) {
      throw error instanceof Error ? failureOf(error, 0) : error
    }
  }

  async end(): Promise<void> {
    this.#open = false
    await this.#client.end()
  }

  /** At once, without saying goodbye. */
  destroy(): void {
    this.#open = false
    this.#client.connection.stream.destroy()
  }

  #close(): void {
    this.#open = false
  }
}

interface Wire {
  parse(message: { readonly name: string; readonly text: string }): void
  bind(message: { readonly statement: string; readonly values: readonly Value[] }): void
  execute(): void
}
