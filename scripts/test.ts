// npm test: every *.test.ts in a process of its own, a few at a time, the scenarios of test/http, test/e2e, test/hostile and test/resource-transfer on each
// other database that is installed as well. After them *.heavy.test.ts (whose own servers need a processor), one for each processor, and *.alone.test.ts
// (measurements) one at a time; both choose their databases themselves.
// Arguments: parts of paths to run only those; --name <pattern> for tests by name; --on sqlite,postgres,mongodb for the databases; --no-skips to fail on
// any skipped test.
import { spawn } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startFerret, withoutFerret } from '../test/support/ferretdb.ts'
import { startMongoProxy } from '../test/support/mongo-proxy.ts'
import { startPostgres, withoutPostgres } from '../test/support/postgres.ts'
import type { TestLine } from './test-reporter.ts'

const TEST_TIMEOUT_MS = 120_000
const FILE_TIMEOUT_MS = 600_000
/** One more than there are processors: some file always waits for a clock, a disk or a browser. */
const AT_ONCE = availableParallelism() + 1
/** This one refreshes for two minutes by the clock, and is begun while there is much else to do. */
const FIRST = /e2e[\\/]tabs/
const KEPT_OUTPUT = 4000

/** A file, and the database that it is run on unless that is SQLite. */
interface Task {
  readonly file: string
  readonly on?: { readonly name: string; readonly server: TestedServer }
}

interface FileResult {
  readonly file: string
  readonly seconds: number
  readonly lines: readonly TestLine[]
  readonly output: string
}

/** Where a file finds its database, until it has ended. */
interface Place {
  readonly url: string
  leave(): Promise<void>
}

/** What scenarios run on, for as long as they do. */
interface TestedServer {
  placeFor(file: string): Promise<Place>
  stop(): Promise<void>
}

interface TestedDatabase {
  readonly name: string
  /** Why it cannot be tested here. */
  readonly missing: string | false
  /** Scenarios that are left out. */
  readonly without?: RegExp
  start(): Promise<TestedServer>
}

const root = fileURLToPath(new URL('..', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'ninefold-test-'))
const say = (line: string): boolean => process.stdout.write(`${line}\n`)

const { values: options, positionals: filters } = parseArgs({
  allowPositionals: true,
  options: { name: { type: 'string' }, on: { type: 'string' }, 'no-skips': { type: 'boolean', default: false } },
})
// Who names files has something at hand that is quick.
const databases = (options.on ?? (filters.length === 0 ? 'sqlite,postgres,mongodb' : 'sqlite')).split(',')

const running = new Set<number>()

/** The test and whatever it started: a test that was cut short must not leave servers behind. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // The group is gone, which is what we wanted.
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    for (const pid of running) killGroup(pid)
    rmSync(scratch, { recursive: true, force: true })
    process.exit(1)
  })
}

const alone = (file: string): boolean => file.endsWith('.alone.test.ts')
const heavy = (file: string): boolean => file.endsWith('.heavy.test.ts')

function testFiles(): string[] {
  const all = globSync(['{src,test,client,bench}/**/*.test.ts'], { cwd: root, exclude: ['**/node_modules/**', '**/dist/**'] }).toSorted()
  const wanted = filters.map((filter) => filter.replace(/^\.\//, ''))
  return wanted.length === 0 ? all : all.filter((file) => wanted.some((part) => file.includes(part)))
}

/** What a file says by how it ended, beyond what its tests said. */
function verdictOnFile(
  lines: readonly TestLine[],
  ended: { code: number | null; signal: string | null; late: boolean },
): TestLine | undefined {
  const name = '(the file as a whole)'
  if (ended.late)
    return { outcome: 'failed', name, why: `did not end within ${FILE_TIMEOUT_MS / 1000} s: a test hangs, or something was left open` }
  if (ended.code !== 0 && !lines.some((line) => line.outcome === 'failed'))
    return { outcome: 'failed', name, why: `ended with ${ended.signal ?? `exit code ${ended.code}`}` }
  if (lines.length === 0 && options.name === undefined) return { outcome: 'failed', name, why: 'holds no test' }
  return undefined
}

function readLines(reportFile: string): TestLine[] {
  try {
    const text = readFileSync(reportFile, 'utf8')
    return text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .filter((line) => line !== '')
      .map((line): TestLine => JSON.parse(line))
  } catch {
    // A file that could not be loaded has written no report; its exit code says so.
    return []
  }
}

/**
 * These choose their databases themselves, are about what a browser or a command does before anything is stored, or about what a browser does with a
 * feature whose storing is in test/http, on every database.
 */
const ELSEWHERE =
  /e2e[\\/](backup|move|command-line|forgery|content|hash-cost|passkeys|organisations|planted-cookies|uploads)|resource-transfer[\\/](formats|hostile|url)/

/** Files whose world stands on a database that can be another one. */
function isScenario(file: string): boolean {
  if (!/^test[\\/](http|e2e|hostile|resource-transfer)[\\/]/.test(file) || alone(file) || heavy(file) || ELSEWHERE.test(file)) return false
  const text = readFileSync(join(root, file), 'utf8')
  return /from '(\.\.\/support\/(platform|whole-platform|person|data-world|accounts|oauth|realtime-world|scenario-database)|\.\/world)\.ts'/.test(
    text,
  )
}

/** What a file says that could not be run. */
function unrun(file: string, on: string, { outcome, why }: Required<Pick<TestLine, 'outcome' | 'why'>>): FileResult {
  return { file: `${file} [${on}]`, seconds: 0, lines: [{ outcome, name: '(the file as a whole)', why }], output: '' }
}

async function runFile({ file, on }: Task): Promise<FileResult> {
  if (on === undefined) return await runProcess(file, file)
  let place: Place
  try {
    place = await on.server.placeFor(file)
  } catch (error) {
    return unrun(file, on.name, { outcome: 'failed', why: `the server did not start: ${String(error)}` })
  }
  try {
    return await runProcess(file, `${file} [${on.name}]`, { NINEFOLD_TEST_DATABASE_URL: place.url })
  } finally {
    await place.leave()
  }
}

function runProcess(file: string, title: string, environment: Readonly<Record<string, string>> = {}): Promise<FileResult> {
  const startedAt = performance.now()
  const reportFile = join(scratch, `${title.replaceAll(/[^a-z0-9]/gi, '_')}.ndjson`)
  const reporter = ['--test-reporter', new URL('test-reporter.ts', import.meta.url).href, '--test-reporter-destination', reportFile]
  const only = options.name === undefined ? [] : ['--test-name-pattern', options.name]
  const child = spawn(process.execPath, [...reporter, ...only, `--test-timeout=${TEST_TIMEOUT_MS}`, file], {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  })
  const pid = child.pid ?? 0
  running.add(pid)
  let output = ''
  const keep = (chunk: string): void => {
    output = (output + chunk).slice(-KEPT_OUTPUT)
  }
  child.stdout.setEncoding('utf8').on('data', keep)
  child.stderr.setEncoding('utf8').on('data', keep)
  let late = false
  const watchdog = setTimeout(() => {
    late = true
    killGroup(pid)
  }, FILE_TIMEOUT_MS)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      clearTimeout(watchdog)
      killGroup(pid)
      running.delete(pid)
      const lines = readLines(reportFile)
      const verdict = verdictOnFile(lines, { code, signal, late })
      // A moment for the last of the output to arrive.
      void delay(20).then(() =>
        resolve({ file: title, seconds: (performance.now() - startedAt) / 1000, lines: verdict ? [...lines, verdict] : lines, output }),
      )
    })
  })
}

const count = (results: readonly FileResult[], outcome: TestLine['outcome']): number =>
  results.reduce((sum, { lines }) => sum + lines.filter((line) => line.outcome === outcome).length, 0)

async function runAll(tasks: readonly Task[], atOnce: number): Promise<FileResult[]> {
  const rank = ({ file, on }: Task): number => (on === undefined && FIRST.test(file) ? 0 : 1)
  const queue = tasks.toSorted((a, b) => rank(a) - rank(b))
  const results: FileResult[] = []
  const worker = async (): Promise<void> => {
    for (let task = queue.shift(); task !== undefined; task = queue.shift()) {
      const result = await runFile(task)
      results.push(result)
      const mark = count([result], 'failed') > 0 ? 'FAIL' : 'ok  '
      say(`${mark} ${result.file}  ${result.lines.length} in ${result.seconds.toFixed(1)} s`)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return results
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '    ')
}

function report(results: readonly FileResult[]): void {
  for (const { file, lines, output } of results) {
    const failed = lines.filter((line) => line.outcome === 'failed')
    for (const line of failed) say(`\nfailed: ${file}: ${line.name}\n${indent(line.why ?? '')}`)
    if (failed.length > 0 && output.trim() !== '') say(`  it printed:\n${indent(output.trim())}`)
  }
  const skipped = results.flatMap(({ file, lines }) =>
    lines.filter((line) => line.outcome === 'skipped').map((line) => `skipped: ${file}: ${line.name}: ${line.why ?? ''}`),
  )
  if (skipped.length > 0) say(`\n${skipped.join('\n')}`)
}

/** They pass on FerretDB too, and take minutes there: commands, 20,000 questions, five tabs, files of many rows. PostgreSQL is the other database of these. */
const SLOW_ON_FERRETDB = /http[\\/]matrix|e2e[\\/](\w+-command|tabs)|resource-transfer[\\/](export|resume)/

/**
 * Several processes on one database, a platform and commands beside it among them: FerretDB 1.24 does not update atomically, so these have it behind a proxy
 * that makes it so, as MongoDB is.
 */
function hasSeveralProcesses(file: string): boolean {
  return /from '\.\.\/support\/(auth-process|command)\.ts'/.test(readFileSync(join(root, file), 'utf8'))
}

async function ferretFor(file: string): Promise<Place> {
  const server = await startFerret()
  const leave = async (): Promise<void> => await server.stop()
  if (!hasSeveralProcesses(file)) return { url: server.url('scenarios'), leave }
  try {
    const atomic = await startMongoProxy(server.port, { oneAtATime: true })
    return {
      url: atomic.url('scenarios'),
      async leave() {
        await Promise.allSettled([atomic.close()])
        await leave()
      },
    }
  } catch (error) {
    await leave()
    throw error
  }
}

const OTHERS: readonly TestedDatabase[] = [
  {
    name: 'postgres',
    missing: withoutPostgres,
    async start() {
      const server = await startPostgres({ settings: { max_connections: '300' } })
      return { placeFor: async () => ({ url: server.url(), leave: async () => {} }), stop: () => server.stop() }
    },
  },
  {
    name: 'mongodb',
    missing: withoutFerret,
    without: SLOW_ON_FERRETDB,
    // One for each file: a ping of FerretDB looks at every collection of every database, and a platform that waits for that long believes its server away.
    start: async () => ({ placeFor: ferretFor, stop: async () => {} }),
  },
]

/** What is to be run, what will not run and why, and what is to be stopped at the end. */
interface Plan {
  readonly tasks: Task[]
  readonly results: FileResult[]
  readonly servers: TestedServer[]
}

/** Adds the scenarios of a database, once its server is there. A database that cannot be started fails its own scenarios, and no others. */
async function prepare(files: readonly string[], database: TestedDatabase, { tasks, results, servers }: Plan): Promise<void> {
  const { name, missing, without } = database
  const scenarios = files.filter((file) => isScenario(file) && without?.test(file) !== true)
  const leaveOut = (outcome: 'skipped' | 'failed', why: string): void => {
    results.push(...scenarios.map((file) => unrun(file, name, { outcome, why })))
  }
  if (missing !== false) {
    leaveOut('skipped', missing)
    return
  }
  if (scenarios.length === 0) return
  try {
    const server = await database.start()
    servers.push(server)
    tasks.push(...scenarios.map((file) => ({ file, on: { name, server } })))
  } catch (error) {
    leaveOut('failed', `the server did not start: ${String(error)}`)
  }
}

/** All databases at once, so that none waits for the last file of another one. */
async function runEverything(files: readonly string[]): Promise<FileResult[]> {
  const onSqlite = databases.includes('sqlite') ? files : []
  const only = (kind: (file: string) => boolean): Task[] => onSqlite.filter(kind).map((file) => ({ file }))
  const plan: Plan = { tasks: only((file) => !alone(file) && !heavy(file)), results: [], servers: [] }
  // The server's process alone does not keep this one waiting for its end.
  const awake = setInterval(() => {}, 1000)
  try {
    for (const database of OTHERS.filter(({ name }) => databases.includes(name))) await prepare(files, database, plan)
    plan.results.push(...(await runAll(plan.tasks, AT_ONCE)))
  } finally {
    await Promise.allSettled(plan.servers.map((server) => server.stop()))
    clearInterval(awake)
  }
  return [...plan.results, ...(await runAll(only(heavy), availableParallelism())), ...(await runAll(only(alone), 1))]
}

const unknown = databases.filter((name) => name !== 'sqlite' && !OTHERS.some((other) => other.name === name))
if (unknown.length > 0) say(`There is no database ${unknown.join(', ')}: sqlite, postgres and mongodb are tested.`)
const files = testFiles()
const results = unknown.length > 0 ? [] : await runEverything(files)
if (unknown.length === 0 && results.length === 0) say('No test file matches.')
rmSync(scratch, { recursive: true, force: true })
report(results)
const failed = count(results, 'failed')
const skipped = count(results, 'skipped')
say(`\n${count(results, 'passed')} passed, ${failed} failed, ${skipped} skipped`)
if (failed > 0 || results.length === 0 || (skipped > 0 && options['no-skips'])) process.exitCode = 1
