// A process for some test files, and what came of each of them.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { TestLine } from './reporter.ts'

const TEST_TIMEOUT_MS = 120_000
/** Of a process, however many files it has: they are few and short, or one. */
const PROCESS_TIMEOUT_MS = 600_000
const KEPT_OUTPUT = 4000
/** What stands for a file where no test of it does. */
export const WHOLE = '(the file as a whole)'

export interface FileResult {
  /** With the database, if it is not the usual one. */
  readonly file: string
  readonly seconds: number
  readonly lines: readonly TestLine[]
  /** The last of what its process printed. */
  readonly output: string
}

export interface Run {
  readonly files: readonly string[]
  /** What its results are called. */
  readonly title: (file: string) => string
  readonly environment: Readonly<Record<string, string>>
  /** Only tests whose names match. */
  readonly pattern: string | undefined
}

export const root = fileURLToPath(new URL('../..', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'ninefold-test-'))
const running = new Set<number>()
let runs = 0

/** The tests and whatever they started: one that was cut short must not leave servers behind. */
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
    clearScratch()
    process.exit(1)
  })
}

export function clearScratch(): void {
  rmSync(scratch, { recursive: true, force: true })
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
    // It ended before it had anything to report; its exit code says so.
    return []
  }
}

/** How a process ended, where that is a failure whatever its tests said. */
function faultOf(ended: { code: number | null; signal: string | null; late: boolean }, lines: readonly TestLine[]): string | undefined {
  if (ended.late) return `did not end within ${PROCESS_TIMEOUT_MS / 1000} s: a test hangs, or something was left open`
  if (ended.code === 0 || lines.some(({ outcome }) => outcome === 'failed')) return undefined
  return `ended with ${ended.signal ?? `exit code ${ended.code}`}`
}

function resultOf(
  file: string,
  all: readonly TestLine[],
  { pattern, fault }: { pattern?: string | undefined; fault?: string | undefined },
): Omit<FileResult, 'file' | 'output'> {
  const own = all.filter(({ name }) => name[0] === file)
  const whole = own.find(({ name }) => name.length === 1)
  const lines = own.flatMap((line): TestLine[] => {
    if (line.outcome === 'ended') return []
    return [{ ...line, name: line === whole ? [WHOLE] : line.name.slice(1) }]
  })
  const seconds = whole?.seconds ?? 0
  const failed = (why: string): Omit<FileResult, 'file' | 'output'> => ({
    seconds,
    lines: [...lines, { outcome: 'failed', name: [WHOLE], seconds, why }],
  })
  if (fault !== undefined) return failed(fault)
  if (whole === undefined && pattern === undefined) return failed('was not run to its end')
  if (lines.length === 0 && pattern === undefined) return failed('holds no test')
  return { seconds, lines }
}

/** The results of its files, in their order. */
export function runTogether({ files, title, environment, pattern }: Run): Promise<FileResult[]> {
  runs += 1
  const reportFile = join(scratch, `${runs}-${files[0]?.replaceAll(/[^a-z0-9]/gi, '_')}.ndjson`)
  const reporter = ['--test-reporter', new URL('reporter.ts', import.meta.url).href, '--test-reporter-destination', reportFile]
  const only = pattern === undefined ? [] : ['--test-name-pattern', pattern]
  const child = spawn(
    process.execPath,
    [...reporter, ...only, `--test-timeout=${TEST_TIMEOUT_MS}`, fileURLToPath(new URL('together.ts', import.meta.url)), ...files],
    { cwd: root, detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...environment } },
  )
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
  }, PROCESS_TIMEOUT_MS)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      clearTimeout(watchdog)
      killGroup(pid)
      running.delete(pid)
      const lines = readLines(reportFile)
      const fault = faultOf({ code, signal, late }, lines)
      const ended = new Set(lines.flatMap(({ name }) => (name.length === 1 ? name : [])))
      // Where all have ended, any of them may have left something open.
      const guilty = (file: string): boolean => !ended.has(file) || files.every((one) => ended.has(one))
      // A moment for the last of the output to arrive.
      void delay(20).then(() =>
        resolve(
          files.map((file) => ({
            file: title(file),
            ...resultOf(file, lines, { pattern, fault: guilty(file) ? fault : undefined }),
            output,
          })),
        ),
      )
    })
  })
}
