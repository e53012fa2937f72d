// npm test: *.test.ts in processes of their own, short ones together, the scenarios of test/http, test/e2e, test/hostile and test/resource-transfer on each
// other database that is installed as well. After them *.heavy.test.ts (whose own servers need a processor), one for each processor, and *.alone.test.ts
// (measurements) one at a time; both choose their databases themselves.
// Arguments: parts of paths to run only those; --name <pattern> for tests by name; --on sqlite,postgres,mongodb for the databases; --no-skips to fail on
// any skipped test.
import { globSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { hasSeveralProcesses, OTHERS, type Place, type TestedDatabase, type TestedServer } from './test/databases.ts'
import { clearScratch, type FileResult, root, runTogether, WHOLE } from './test/processes.ts'
import { atOnce, inPlaces } from './test/places.ts'
import type { TestLine } from './test/reporter.ts'

/** This one refreshes for two minutes by the clock, and is begun while there is much else to do. */
const FIRST = /e2e[\\/]tabs/
/** So many short files in a process. */
const TOGETHER = 8

/** Files that one process runs, and the database that it is on unless that is SQLite. */
interface Task {
  readonly files: readonly string[]
  readonly on?: { readonly name: string; readonly server: TestedServer }
}

const say = (line: string): boolean => process.stdout.write(`${line}\n`)

const { values: options, positionals: filters } = parseArgs({
  allowPositionals: true,
  options: { name: { type: 'string' }, on: { type: 'string' }, 'no-skips': { type: 'boolean', default: false } },
})
// Who names files has something at hand that is quick.
const databases = (options.on ?? (filters.length === 0 ? 'sqlite,postgres,mongodb' : 'sqlite')).split(',')

const alone = (file: string): boolean => file.endsWith('.alone.test.ts')
const heavy = (file: string): boolean => file.endsWith('.heavy.test.ts')

/** It is over in seconds, most of which it waits, and starts nothing that takes a processor. */
function isShort(file: string): boolean {
  return /^(src|client|test[\\/]http)[\\/]/.test(file) && !alone(file) && !heavy(file) && !hasSeveralProcesses(file)
}

function testFiles(): string[] {
  const all = globSync(['{src,test,client,bench}/**/*.test.ts'], { cwd: root, exclude: ['**/node_modules/**', '**/dist/**'] }).toSorted()
  const wanted = filters.map((filter) => filter.replace(/^\.\//, ''))
  return wanted.length === 0 ? all : all.filter((file) => wanted.some((part) => file.includes(part)))
}

/** In processes: short ones together, so many at most, each other one alone. */
function grouped(files: readonly string[], together: number): string[][] {
  const short = files.filter(isShort)
  const groups = Array.from({ length: Math.ceil(short.length / together) }, (_, at) => short.slice(at * together, (at + 1) * together))
  return [...files.filter((file) => !short.includes(file)).map((file) => [file]), ...groups]
}

/**
 * These choose their databases themselves, are about what a browser or a command does before anything is stored, or about what a browser does with a
 * feature whose storing is in test/http, on every database.
 */
const ELSEWHERE =
  /e2e[\\/](backup|move|command-line|forgery|content|hash-cost|passkeys|organisations|planted-cookies|production|uploads)|resource-transfer[\\/](formats|hostile|url)/

/** Files whose world stands on a database that can be another one. */
function isScenario(file: string): boolean {
  if (!/^test[\\/](http|e2e|hostile|resource-transfer)[\\/]/.test(file) || alone(file) || heavy(file) || ELSEWHERE.test(file)) return false
  const text = readFileSync(join(root, file), 'utf8')
  return /from '(\.\.\/support\/(platform|whole-platform|person|data-world|accounts|oauth|realtime-world|scenario-database)|\.\/world)\.ts'/.test(
    text,
  )
}

/** What files say that could not be run. */
function unrun(files: readonly string[], on: string, { outcome, why }: Required<Pick<TestLine, 'outcome' | 'why'>>): FileResult[] {
  return files.map((file) => ({ file: `${file} [${on}]`, seconds: 0, lines: [{ outcome, name: [WHOLE], seconds: 0, why }], output: '' }))
}

async function runTask({ files, on }: Task): Promise<FileResult[]> {
  const pattern = options.name
  if (on === undefined) return await runTogether({ files, title: (file) => file, environment: {}, pattern })
  let place: Place
  try {
    place = await on.server.placeFor(files)
  } catch (error) {
    return unrun(files, on.name, { outcome: 'failed', why: `the server did not start: ${String(error)}` })
  }
  try {
    const environment = { NINEFOLD_TEST_DATABASE_URL: place.url }
    return await runTogether({ files, title: (file) => `${file} [${on.name}]`, environment, pattern })
  } finally {
    await place.leave()
  }
}

const count = (results: readonly FileResult[], outcome: TestLine['outcome']): number =>
  results.reduce((sum, { lines }) => sum + lines.filter((line) => line.outcome === outcome).length, 0)

async function runAndTell(task: Task): Promise<FileResult[]> {
  const results = await runTask(task)
  for (const result of results) {
    const mark = count([result], 'failed') > 0 ? 'FAIL' : 'ok  '
    say(`${mark} ${result.file}  ${result.lines.length} in ${result.seconds.toFixed(1)} s`)
  }
  return results
}

async function runAll(tasks: readonly Task[]): Promise<FileResult[]> {
  const isFirst = ({ files, on }: Task): boolean => on === undefined && files.some((file) => FIRST.test(file))
  const inOrder = [...tasks.filter(isFirst), ...tasks.filter((task) => !isFirst(task))]
  const results = await inPlaces(inOrder, { isLight: ({ files }) => files.every(isShort), run: runAndTell })
  return results.flat()
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '    ')
}

const nameOf = ({ name }: TestLine): string => name.join(' > ')

function report(results: readonly FileResult[]): void {
  for (const { file, lines, output } of results) {
    const failed = lines.filter((line) => line.outcome === 'failed')
    for (const line of failed) say(`\nfailed: ${file}: ${nameOf(line)}\n${indent(line.why ?? '')}`)
    if (failed.length > 0 && output.trim() !== '') say(`  its process printed:\n${indent(output.trim())}`)
  }
  const skipped = results.flatMap(({ file, lines }) =>
    lines.filter((line) => line.outcome === 'skipped').map((line) => `skipped: ${file}: ${nameOf(line)}: ${line.why ?? ''}`),
  )
  if (skipped.length > 0) say(`\n${skipped.join('\n')}`)
}

/** What is to be run, what will not run and why, and what is to be stopped at the end. */
interface Plan {
  readonly tasks: Task[]
  readonly results: FileResult[]
  readonly servers: TestedServer[]
}

/** Adds the scenarios of a database, once its server is there. A database that cannot be started fails its own scenarios, and no others. */
async function prepare(files: readonly string[], database: TestedDatabase, { tasks, results, servers }: Plan): Promise<void> {
  const { name, missing, without, together } = database
  const scenarios = files.filter((file) => isScenario(file) && without?.test(file) !== true)
  const leaveOut = (outcome: 'skipped' | 'failed', why: string): void => {
    results.push(...unrun(scenarios, name, { outcome, why }))
  }
  if (missing !== false) {
    leaveOut('skipped', missing)
    return
  }
  if (scenarios.length === 0) return
  try {
    const server = await database.start()
    servers.push(server)
    tasks.push(...grouped(scenarios, together).map((group) => ({ files: group, on: { name, server } })))
  } catch (error) {
    leaveOut('failed', `the server did not start: ${String(error)}`)
  }
}

/** All databases at once, so that none waits for the last file of another one. */
async function runEverything(files: readonly string[]): Promise<FileResult[]> {
  const onSqlite = databases.includes('sqlite') ? files : []
  const first = onSqlite.filter((file) => !alone(file) && !heavy(file))
  const plan: Plan = { tasks: grouped(first, TOGETHER).map((group) => ({ files: group })), results: [], servers: [] }
  // The server's process alone does not keep this one waiting for its end.
  const awake = setInterval(() => {}, 1000)
  try {
    for (const database of OTHERS.filter(({ name }) => databases.includes(name))) await prepare(files, database, plan)
    plan.results.push(...(await runAll(plan.tasks)))
  } finally {
    await Promise.allSettled(plan.servers.map((server) => server.stop()))
    clearInterval(awake)
  }
  const heavily = await atOnce(
    onSqlite.filter(heavy).map((file) => ({ files: [file] })),
    { most: availableParallelism(), run: runAndTell },
  )
  const apart = await atOnce(
    onSqlite.filter(alone).map((file) => ({ files: [file] })),
    { most: 1, run: runAndTell },
  )
  return [...plan.results, ...heavily.flat(), ...apart.flat()]
}

const unknown = databases.filter((name) => name !== 'sqlite' && !OTHERS.some((other) => other.name === name))
if (unknown.length > 0) say(`There is no database ${unknown.join(', ')}: sqlite, postgres and mongodb are tested.`)
const files = testFiles()
const results = unknown.length > 0 ? [] : await runEverything(files)
if (unknown.length === 0 && results.length === 0) say('No test file matches.')
clearScratch()
report(results)
const failed = count(results, 'failed')
const skipped = count(results, 'skipped')
say(`\n${count(results, 'passed')} passed, ${failed} failed, ${skipped} skipped`)
if (failed > 0 || results.length === 0 || (skipped > 0 && options['no-skips'])) process.exitCode = 1
