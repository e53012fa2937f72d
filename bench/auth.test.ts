// A measurement that nobody has run for a month measures nothing any more: each subject runs for a moment, on few sessions. What costs ten times what
// docs/performance.md says fails, by processor time where there is one: a busy machine takes at most twice as much of that, while it may take five times as
// long.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { withoutPostgres } from '../test/support/postgres.ts'

const TIMES = 10
/** Of the rate, which ends with whatever waits and computes nothing: the disk of a busy machine may make it wait a good deal. */
const TIMES_OF_RATE = 50
const MOMENT = ['--rounds', '1', '--seconds', '0.3', '--warm-up', '0.2', '--browsers', '2', '--people', '3']
/** For figures that are compared with those of a warm process. */
const WARMED = ['--seconds', '1', '--warm-up', '0.5']
const bench = fileURLToPath(new URL('auth.ts', import.meta.url))

type Row = readonly string[]

const rowsIn = (text: string): Row[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.slice(2).split(' | '))

async function rowsOf(only: string, further: readonly string[] = [], on = 'sqlite'): Promise<Row[]> {
  return rowsIn((await promisify(execFile)(process.execPath, [bench, '--on', on, '--only', only, ...MOMENT, ...further])).stdout)
}

const documents = readFileSync(new URL('../docs/performance.md', import.meta.url), 'utf8')
const documented = rowsIn(documents.slice(documents.indexOf('## What the authorization server costs')))

function cell(rows: readonly Row[], name: string, column: number): number {
  const row = rows.find(([first]) => first === name)
  const value = Number.parseFloat(row?.[column] ?? '')
  assert.ok(
    value > 0,
    `there is no figure of ${name} in column ${column} of ${rows.length} rows${row === undefined ? '' : `: ${row.join(' | ')}`}`,
  )
  return value
}

/** The processor time of a request, beside what the document says of it. */
function assertCost(present: number, said: number, name: string): void {
  assert.ok(present < TIMES * said, `${name} takes ${present} of the processor's time, where docs/performance.md says ${said}`)
}

const REQUESTS = [
  'refresh with rotation',
  'session refresh of a frontend',
  'authorize and token, of the two requests each',
  'introspection of a signed token',
  'introspection of an opaque token',
]
/** As the document calls them. */
const DATABASES = { sqlite: 'SQLite', postgres: 'PostgreSQL' }
const RATE = 1
const CPU_US = 2

/** Once more before it fails, as something else may have had the machine for a second. */
async function inTwoTries(measured: () => Promise<void>): Promise<void> {
  await measured().catch(measured)
}

async function assertRequests(on: keyof typeof DATABASES): Promise<void> {
  const rows = await rowsOf('flows,introspection', WARMED, on)
  for (const request of REQUESTS) {
    const [name, told] = [`${on}: ${request}`, `${DATABASES[on]}: ${request}`]
    assertCost(cell(rows, name, CPU_US), cell(documented, told, CPU_US), name)
    const [rate, said] = [cell(rows, name, RATE), cell(documented, told, RATE)]
    assert.ok(rate * TIMES_OF_RATE > said, `${name}: ${rate} a second, where docs/performance.md says ${said}`)
  }
}

/** After five sign-ins it is 0.4 and more, as nothing of them has been compiled; a tenth of that must not do. */
const LEAST_SHARE = 0.05

async function assertSignIns(): Promise<void> {
  const rows = await rowsOf('sign-ins', ['--seconds', '1', '--hash', '7168/5', '--warm-up-sign-ins', '5'])
  const figure = (name: string): number => cell(rows, name, 1)
  assert.ok(rows.some(([name = '']) => name.includes('7168 KiB and 5 passes')))
  for (const name of ['whole sign-ins', 'hash / all CPU of a sign-in', 'meanwhile / quiet']) assert.ok(figure(name) > 0, name)
  const share = figure('sign-ins / Argon2id alone')
  assert.ok(share > LEAST_SHARE, `${share} sign-ins for each hash`)
  const [hashing, hash] = [figure('CPU of the hashing process for each sign-in'), figure('CPU of one hash, alone')]
  assert.ok(hashing < 5 * hash, `${hashing} ms are hashed for each sign-in, where a hash takes ${hash}`)
}

test('requests of every kind at the authorization server are measured, and cost less than ten times what they did', () =>
  inTwoTries(() => assertRequests('sqlite')))

test('so do they on PostgreSQL', { skip: withoutPostgres }, () => inTwoTries(() => assertRequests('postgres')))

test('password sign-ins are measured beside the hash alone, and are not much slower', () => inTwoTries(assertSignIns))

test('many sessions are measured beside a few, and while expired ones are removed, and cost about as much', async () => {
  const rows = await rowsOf('sessions', ['--sessions', '3000', '--few', '400', '--seconds', '1.2'])
  const [CPU_FEW, CPU_MANY] = [1, 2]
  for (const name of ['get, 200/s', 'refresh, 100/s', 'authorize, 100/s', 'account, 50/s', 'end, 10/s']) {
    const [few, many] = [cell(rows, `sqlite: ${name}`, CPU_FEW), cell(rows, `sqlite: ${name}`, CPU_MANY)]
    assertCost(many, cell(documented, name, CPU_MANY), name)
    assert.ok(many < 5 * few, `${name} takes ${few} us among 400 sessions and ${many} among 3000`)
  }
  assert.ok(
    rows.some(([name = '']) => name.startsWith('sqlite: refresh while ')),
    'while expired rows are removed',
  )
})
