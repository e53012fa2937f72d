// Switches each defence of sign-in off, one at a time, in a copy of the sources, and shows that the test which names its requirement fails then. Not part of
// `npm test`: it takes half an hour. CI does a part a day, so that each has its turn within two months.
//   node scripts/switch-off.ts                 all of them
//   node scripts/switch-off.ts 7 44            those of some requirements
//   node scripts/switch-off.ts --part=3/60     every 60th, from the third on
//   node scripts/switch-off.ts --today         the part of today
//   node scripts/switch-off.ts --fit           none; only whether each still fits the sources
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ACCOUNTS } from './switch-off/accounts.ts'
import { AUTHORIZATION } from './switch-off/authorization.ts'
import { BROWSERS } from './switch-off/browsers.ts'
import { chooseBy } from './switch-off/choice.ts'
import { CLIENTS } from './switch-off/clients.ts'
import type { Defence, Edit } from './switch-off/defence.ts'
import { ENDPOINT_TOKENS } from './switch-off/endpoints.ts'
import { MACHINES } from './switch-off/machines.ts'
import { MOVING } from './switch-off/moving.ts'
import { PAGES } from './switch-off/pages.ts'
import { PASSWORDS } from './switch-off/passwords.ts'
import { PEOPLE } from './switch-off/people.ts'
import { PROVEN } from './switch-off/proven.ts'
import { REFRESHING } from './switch-off/refreshing.ts'
import { STEP_UP } from './switch-off/step-up.ts'
import { TOKENS } from './switch-off/tokens.ts'

const COUNT = 73
const RUN_MS = 180_000
/** Without its defence many a test waits in vain. */
const PATIENCE_MS = 20_000
const PACKAGE = /^node_modules\/(?:@[^/]+\/)?[^/]+/

const root = fileURLToPath(new URL('..', import.meta.url))
const all: readonly Defence[] = [
  ...AUTHORIZATION,
  ...STEP_UP,
  ...PAGES,
  ...TOKENS,
  ...ENDPOINT_TOKENS,
  ...MACHINES,
  ...REFRESHING,
  ...PROVEN,
  ...CLIENTS,
  ...BROWSERS,
  ...ACCOUNTS,
  ...PASSWORDS,
  ...PEOPLE,
  ...MOVING,
]
const say = (line: string): boolean => process.stdout.write(`${line}\n`)

/** An edit that does not fit its file any more proves nothing. */
function staleness({ requirement, off, edits }: Defence): string[] {
  return edits.flatMap(([file, search]) => {
    const times = readFileSync(join(root, file), 'utf8').split(search).length - 1
    return times === 1
      ? []
      : [`requirement ${requirement} (${off}): ${file} has this ${times} times, not once: ${search.trim().split('\n')[0]}`]
  })
}

function gaps(): string[] {
  const known = new Set(all.map(({ requirement }) => requirement))
  return Array.from({ length: COUNT }, (_, index) => index + 1).flatMap((number) =>
    known.has(number) ? [] : [`no defence of requirement ${number} is listed`],
  )
}

/** Sources are copied, packages are linked: but for those that are changed, since what is linked is everybody's. */
function copyTree(defences: readonly Defence[]): string {
  const copy = mkdtempSync(join(tmpdir(), 'ninefold-switch-off-'))
  cpSync(root, copy, { recursive: true, filter: (path) => !/^(?:\.git|node_modules)(?:\/|$)/.test(relative(root, path)) })
  const changed = new Set(defences.flatMap(({ edits }) => edits.flatMap(([file]) => PACKAGE.exec(file)?.[0] ?? [])))
  mkdirSync(join(copy, 'node_modules'))
  for (const name of readdirSync(join(root, 'node_modules'))) {
    const path = join('node_modules', name)
    if (changed.has(path)) cpSync(join(root, path), join(copy, path), { recursive: true })
    else if (name !== '.cache') symlinkSync(join(root, path), join(copy, path))
  }
  return copy
}

function apply(copy: string, edits: readonly Edit[]): void {
  for (const [file, search, replacement] of edits) {
    const path = join(copy, file)
    // A function, or a "$&" in the code would mean something.
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace(search, () => replacement),
    )
  }
}

function restore(copy: string, edits: readonly Edit[]): void {
  for (const [file] of edits) {
    mkdirSync(dirname(join(copy, file)), { recursive: true })
    cpSync(join(root, file), join(copy, file))
  }
}

interface Outcome {
  readonly passed: number
  /** Tests whose own assertions failed: a file that does not even load proves nothing. */
  readonly failed: number
  readonly output: string
}

async function run(copy: string, file: string, requirements: readonly number[]): Promise<Outcome> {
  const pattern = String.raw`requirement (?:${requirements.join('|')})\b`
  // A test that fails half-way may leave a server behind.
  const args = ['--test-reporter=tap', '--test-force-exit', `--test-name-pattern=${pattern}`, `--test-timeout=${RUN_MS / 2}`, file]
  const env = { ...process.env, NINEFOLD_TEST_PATIENCE_MS: String(PATIENCE_MS) }
  const child = spawn(process.execPath, args, { cwd: copy, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: RUN_MS, killSignal: 'SIGKILL' })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  await new Promise((resolve) => child.once('close', resolve))
  const count = (what: RegExp): number => [...output.matchAll(what)].length
  const named = new RegExp(String.raw`^\s*ok \d+ - (?!.*# SKIP)`, 'gm')
  return { passed: count(named), failed: count(/failureType: 'testCodeFailure'/g), output }
}

/** What fails with all defences on would fail without one, too: it shows nothing about those that it is to notice. */
async function baseline(copy: string, defences: readonly Defence[]): Promise<ReadonlyMap<string, string>> {
  const broken = new Map<string, string>()
  for (const file of new Set(defences.map(({ test }) => test))) {
    const requirements = [...new Set(defences.filter(({ test }) => test === file).map(({ requirement }) => requirement))]
    const { passed, output } = await run(copy, file, requirements)
    if (passed === 0 || /^\s*not ok /m.test(output)) broken.set(file, `${file} does not pass as it is:\n${output.slice(-2000)}`)
  }
  return broken
}

const tellOf = ({ requirement, off, test }: Defence): string => `${String(requirement).padStart(2)}  ${off}  (${test})`

async function switchOff(copy: string, defence: Defence): Promise<string[]> {
  const { requirement, off, edits, test } = defence
  const startedAt = performance.now()
  apply(copy, edits)
  const { failed, output } = await run(copy, test, [requirement])
  restore(copy, edits)
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  say(`${failed > 0 ? 'noticed' : 'MISSED '}  ${tellOf(defence)}, ${failed} failed, ${seconds} s`)
  return failed > 0 ? [] : [`requirement ${requirement}: nothing in ${test} fails though ${off}\n${output.slice(-1500)}`]
}

async function switchAllOff(defences: readonly Defence[]): Promise<string[]> {
  const copy = copyTree(defences)
  try {
    const broken = await baseline(copy, defences)
    const found = [...broken.values()]
    for (const defence of defences) {
      if (broken.has(defence.test)) say(`left on  ${tellOf(defence)}, whose test does not pass as it is`)
      else found.push(...(await switchOff(copy, defence)))
    }
    return found
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

const { chosen, name } = chooseBy(process.argv.slice(2), all)
if (chosen.length > 0) say(`Switching off ${chosen.length} of ${all.length} defences (${name}).`)
const stale = [...gaps(), ...all.flatMap(staleness)]
const problems = stale.length > 0 || chosen.length === 0 ? stale : await switchAllOff(chosen)
for (const problem of problems) say(`\n${problem}`)
say(`\n${chosen.length} defences switched off, ${problems.length} problems`)
process.exitCode = problems.length === 0 ? 0 : 1
