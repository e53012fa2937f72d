// A measurement that nobody has run for a month measures nothing any more: each subject runs for a moment, on few sessions.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const MOMENT = ['--on', 'sqlite', '--rounds', '1', '--seconds', '0.3', '--warm-up', '0.2', '--browsers', '2', '--people', '3']
const bench = fileURLToPath(new URL('auth.ts', import.meta.url))

async function rowsOf(only: string, further: readonly string[] = []): Promise<string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [bench, '--only', only, ...MOMENT, ...further])
  return stdout.split('\n').filter((line) => line.startsWith('| '))
}

test('requests of every kind at the authorization server are measured', async () => {
  const rows = await rowsOf('flows,introspection')
  for (const name of ['refresh with rotation', 'session refresh', 'authorize and token', 'a signed token', 'an opaque token'])
    assert.ok(
      rows.some((row) => row.includes(name) && /\| [1-9]\d* \|/.test(row)),
      `${name}: ${rows.join('\n')}`,
    )
})

test('password sign-ins are measured beside the hash alone', async () => {
  const rows = await rowsOf('sign-ins', ['--seconds', '1', '--hash', '7168/5', '--warm-up-sign-ins', '5'])
  for (const name of ['7168 KiB and 5 passes', 'Argon2id alone', 'whole sign-ins', 'hash / all CPU', 'meanwhile / quiet'])
    assert.ok(
      rows.some((row) => row.includes(name) && !row.includes('NaN')),
      `${name}: ${rows.join('\n')}`,
    )
})

test('many sessions are measured beside a few, and while expired ones are removed', async () => {
  const rows = await rowsOf('sessions', ['--sessions', '3000', '--few', '400', '--seconds', '1.2'])
  for (const name of ['get', 'refresh', 'authorize', 'account', 'end'])
    assert.ok(
      rows.some((row) => row.includes(`sqlite: ${name}, `) && !row.includes('NaN')),
      `${name}: ${rows.join('\n')}`,
    )
})
