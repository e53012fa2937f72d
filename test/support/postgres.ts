// A private PostgreSQL server in a folder of its own, as a user who is not root. Tests that need it are skipped by name where none is installed.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const VERSIONS = '/usr/lib/postgresql'
const PLACES = ['/usr/local/pgsql/bin', '/opt/homebrew/opt/postgresql@15/bin', '/usr/local/bin', '/usr/bin']

function findPrograms(): string | undefined {
  const packaged = existsSync(VERSIONS) ? readdirSync(VERSIONS).map((version) => join(VERSIONS, version, 'bin')) : []
  const candidates = [...packaged.toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true })), ...PLACES]
  return (
    process.env['NINEFOLD_TEST_POSTGRES'] ??
    candidates.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')))
  )
}

const programs = findPrograms()

/** For the `skip` option of a test: false, or the reason. */
export const withoutPostgres = programs === undefined ? 'PostgreSQL is not installed' : false

export interface PostgresOptions {
  /** Off unless told, since most tests do not pull the plug. */
  readonly fsync?: boolean
  readonly settings?: Readonly<Record<string, string>>
  /** Files beside the data, for settings that name them as `../name`. */
  readonly files?: Readonly<Record<string, string>>
}

export interface PostgresServer {
  readonly port: number
  readonly pid: number
  /** Everything that the server has printed. */
  readonly output: () => string
  /** The URL of a schema of its own for every place. */
  url(place?: string): string
  /** Statements on a connection of their own, as the owner of everything. Answers what `psql` prints. */
  sql(text: string): string
  /** `immediate` is as if the plug were pulled from the server's processes. The data stay. */
  halt(mode?: 'fast' | 'immediate'): Promise<void>
  /** Starts it again on the same port after `halt`. */
  resume(): Promise<void>
  /** Ends it for good and removes its folder. */
  stop(): Promise<void>
}

/** PostgreSQL refuses to run as root; every machine that has it has a user for it. */
function runAs(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const read = (flag: string, name: string): number => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }))
  try {
    return { uid: read('-u', 'postgres'), gid: read('-g', 'postgres') }
  } catch {
    return { uid: read('-u', 'nobody'), gid: read('-g', 'nobody') }
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (typeof address !== 'object' || address === null) throw new Error('There is no free port')
  return address.port
}

export async function startPostgres({ fsync = false, settings = {}, files = {} }: PostgresOptions = {}): Promise<PostgresServer> {
  if (programs === undefined) throw new Error('PostgreSQL is not installed')
  const user = runAs()
  const folder = mkdtempSync(join(tmpdir(), 'ninefold-postgres-'))
  if (user !== undefined) chownSync(folder, user.uid, user.gid)
  const run = (program: string, args: readonly string[], input = ''): string =>
    execFileSync(join(programs, program), args, { ...user, cwd: folder, encoding: 'utf8', input, stdio: 'pipe' })
  const data = join(folder, 'data')
  run('initdb', ['-D', data, '-U', 'ninefold', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync', '--no-instructions'])
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), content, { mode: 0o600 })
    if (user !== undefined) chownSync(join(folder, name), user.uid, user.gid)
  }
  const port = await freePort()
  const all = { fsync: fsync ? 'on' : 'off', shared_buffers: '64MB', listen_addresses: '127.0.0.1', max_connections: '100', ...settings }
  const args = ['-D', data, '-p', String(port), '-k', folder, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])]

  let child: ChildProcess | undefined
  let text = ''
  const begin = async (): Promise<void> => {
    const started = spawn(join(programs, 'postgres'), args, { ...user, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
    child = started
    const from = text.length
    await new Promise<void>((resolve, reject) => {
      started.once('error', reject)
      started.once('exit', () => reject(new Error(`PostgreSQL did not start:\n${text}`)))
      started.stderr.on('data', (chunk: Buffer) => {
        text += chunk.toString()
        if (text.includes('ready to accept connections', from)) resolve()
      })
    })
  }
  const halt = async (mode: 'fast' | 'immediate' = 'fast'): Promise<void> => {
    const ending = child
    child = undefined
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return
    const gone = once(ending, 'exit')
    ending.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT')
    await gone
  }
  // A test that ends in a hurry must not leave a server behind.
  const lastResort = (): void => void child?.kill('SIGQUIT')
  process.once('exit', lastResort)
  await begin()

  return {
    port,
    get pid() {
      return child?.pid ?? 0
    },
    output: () => text,
    url: (place) => `postgres://ninefold@127.0.0.1:${port}/postgres${place === undefined ? '' : `?schema=${place}`}`,
    sql: (statements) =>
      run(
        'psql',
        ['-h', folder, '-p', String(port), '-U', 'ninefold', '-d', 'postgres', '-XAtq', '-v', 'ON_ERROR_STOP=1'],
        `${statements};`,
      ),
    halt,
    resume: begin,
    async stop() {
      await halt('immediate')
      process.off('exit', lastResort)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
