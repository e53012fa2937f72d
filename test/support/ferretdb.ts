// A private FerretDB 1.24: a real server of MongoDB's wire protocol, over SQLite files in a folder of its own. Built by .ci/ferretdb/build. Tests that
// need it are skipped by name where it is not there.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'

const VERSION = '1.24.0'
const START_MS = 20_000

const CANDIDATES = [
  join(process.env['NINEFOLD_FERRETDB_CACHE'] ?? join(homedir(), '.cache', 'ninefold'), `ferretdb-${VERSION}`, 'ferretdb'),
  ...(process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'ferretdb')),
]

export const ferretPath = process.env['NINEFOLD_TEST_FERRETDB'] ?? CANDIDATES.find((path) => existsSync(path))

/** For the `skip` option of a test: false, or the reason. */
export const withoutFerret = ferretPath === undefined ? `FerretDB ${VERSION} is not built (.ci/ferretdb/build)` : false

export interface Ferret {
  /** Of a database of this name. */
  url(database: string): string
  readonly port: number
  readonly pid: number
  /** As `kill -9`. */
  kill(): Promise<void>
  /** After `kill`: the same data, the same port. */
  startAgain(): Promise<void>
  /** Ends it and removes its data. */
  stop(): Promise<void>
}

export async function startFerret(): Promise<Ferret> {
  const folder = mkdtempSync(join(tmpdir(), 'ninefold-ferretdb-'))
  const port = await freePort()
  let child = await launch(folder, port)
  let stopIndexing = keepIdsIndexed(join(folder, 'data'))
  const kill = async (): Promise<void> => {
    stopIndexing()
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    // Nothing else may keep the event loop turning until it has ended.
    child.ref()
    child.kill('SIGKILL')
    await exited
  }
  return {
    url: (database) => `mongodb://127.0.0.1:${port}/${database}`,
    port,
    get pid() {
      return child.pid ?? 0
    },
    kill,
    async startAgain() {
      child = await launch(folder, port)
      stopIndexing = keepIdsIndexed(join(folder, 'data'))
    },
    async stop() {
      await kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function launch(folder: string, port: number): Promise<ChildProcess> {
  if (ferretPath === undefined) throw new Error('FerretDB is not built.')
  const data = join(folder, 'data')
  mkdirSync(data, { recursive: true })
  const child = spawn(
    ferretPath,
    [
      '--handler=sqlite',
      // No test pulls the plug of the machine; a killed process loses nothing by it.
      `--sqlite-url=file:${data}/?_pragma=synchronous(off)`,
      `--state-dir=${folder}`,
      `--listen-addr=127.0.0.1:${port}`,
      '--debug-addr=-',
      '--telemetry=disable',
      '--log-level=ERROR',
    ],
    // Its garbage is small, and it has half a processor: a quarter of what it takes went into collecting and into waking threads (measured).
    { stdio: 'ignore', env: { ...process.env, GOGC: '800', GOMAXPROCS: '1' } },
  )
  const latest = Date.now() + START_MS
  while (!(await listens(port))) {
    if (child.exitCode !== null || Date.now() > latest) {
      child.kill('SIGKILL')
      throw new Error(`FerretDB did not start (exit ${String(child.exitCode)}).`)
    }
    await delay(20)
  }
  // A test that forgets to stop it must not leave it behind.
  const end = (): void => void child.kill('SIGKILL')
  process.once('exit', end)
  child.once('exit', () => process.off('exit', end))
  child.unref()
  return child
}

const LOOK_MS = 100
/** Collections are nearly always made right after their database. */
const YOUNG_MS = 5000
const LOOK_AT_OLD_MS = 2000

/**
 * FerretDB 1.24 makes the index of ids for `_ferretdb_sjson->"_id"` and asks for `_ferretdb_sjson->'$._id'`, which to SQLite is another expression: every
 * get, update and delete by id reads the whole collection. The server stays as it is; its files get the index that it meant, as other servers have it.
 */
function keepIdsIndexed(data: string): () => void {
  const seen = new Map<string, { readonly since: number; looked: number }>()
  const timer = setInterval(() => {
    const now = performance.now()
    for (const file of readdirSync(data)) {
      if (!file.endsWith('.sqlite')) continue
      const known = seen.get(file) ?? { since: now, looked: 0 }
      seen.set(file, known)
      if (now - known.since > YOUNG_MS && now - known.looked < LOOK_AT_OLD_MS) continue
      known.looked = now
      indexIds(join(data, file))
    }
  }, LOOK_MS)
  timer.unref()
  return () => clearInterval(timer)
}

function indexIds(file: string): void {
  const url = pathToFileURL(file)
  url.searchParams.set('mode', 'rw')
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(url, { timeout: 50 })
    const tables = db.prepare(
      `SELECT name FROM sqlite_schema AS tables WHERE type = 'table' AND name NOT LIKE '%ferretdb\\_%' ESCAPE '\\'
       AND NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = 'by_id_of_' || tables.name)`,
    )
    for (const { name } of tables.all()) db.exec(`CREATE INDEX "by_id_of_${String(name)}" ON "${String(name)}" (_ferretdb_sjson->'$._id')`)
  } catch {
    // Busy, or gone again: the next look will do.
  } finally {
    db?.close()
  }
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (typeof address !== 'object' || address === null) throw new Error('A listening server has no address.')
  return address.port
}
