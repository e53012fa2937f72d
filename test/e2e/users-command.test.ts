// `ninefold users` as an operator types it.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ninefold } from '../support/command.ts'
import { scenarioEnvironment } from '../support/scenario-database.ts'

const noFullDisk = existsSync('/dev/full') ? false : 'there is no /dev/full'
let folder = ''
let data: readonly string[] = []
let environment: Readonly<Record<string, string>> = {}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ninefold-users-'))
  const dataDir = join(folder, 'data')
  data = ['--data-dir', dataDir, '--log-level', 'error']
  environment = scenarioEnvironment(dataDir)
})

after(() => rm(folder, { recursive: true, force: true }))

const run = (...words: string[]) => ninefold([...words, ...data], { environment })
const at = (name: string): string => join(folder, name)

test('moves people in from a Keycloak export, says what was refused, and out again', async () => {
  const credential = {
    type: 'password',
    secretData: JSON.stringify({ value: Buffer.alloc(64, 1).toString('base64'), salt: Buffer.alloc(16, 2).toString('base64') }),
    credentialData: JSON.stringify({ hashIterations: 1000, algorithm: 'pbkdf2-sha512' }),
  }
  const user = (id: number, more: object = {}) => ({
    id: `00000000-0000-4000-8000-${String(id).padStart(12, '0')}`,
    username: `p${id}`,
    email: `p${id}@example.org`,
    emailVerified: true,
    credentials: [credential],
    ...more,
  })
  const users = [
    user(1),
    user(2, { email: undefined }),
    user(3, { credentials: [{ ...credential, credentialData: '{}' }] }),
    user(4),
    user(5, { email: 'P1@example.org' }),
  ]
  await writeFile(at('realm.json'), `{"realm":"users","users":[\n${users.map((one) => JSON.stringify(one)).join(',\n')}\n]}`)
  const dry = await run('users', 'import', at('realm.json'), '--from', 'keycloak', '--dry-run')
  assert.match(dry.out, /^2 would be moved in, 3 refused: .*Nothing was written\.\n$/)
  assert.equal(dry.code, 2, dry.err)
  const moved = await run('users', 'import', at('realm.json'), '--from', 'keycloak', '--output', at('rejects.ndjson'))
  assert.match(moved.out, /^2 moved in, 3 refused: /)
  const rejects = (await readFile(at('rejects.ndjson'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { line: number; reason: string })
  assert.deepEqual(rejects.map(({ line }) => line).toSorted(), [3, 4, 6])
  assert.match(rejects.find(({ line }) => line === 6)?.reason ?? '', /the address is on line 2, too/)
  assert.match((await run('users', 'import', at('realm.json'), '--from', 'keycloak')).out, /^0 moved in, 2 already here, 3 refused/)

  const out = await run('users', 'export', '--output', at('people.ndjson'))
  assert.match(out.out, /password hashes in it/)
  assert.equal((await stat(at('people.ndjson'))).mode & 0o777, 0o600)
  const people = (await readFile(at('people.ndjson'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { email: string; passwordHash: string })
  assert.deepEqual(
    people.map(({ email }) => email),
    ['p1@example.org', 'p4@example.org'],
  )
  assert.ok(people.every(({ passwordHash }) => passwordHash.startsWith('$pbkdf2-sha512$i=1000$')))
  const again = await run('users', 'export', '--output', at('people.ndjson'))
  assert.equal(again.code, 1)
  assert.match(again.err, /is there already/)
  await run('users', 'export', '--without-passwords', '--output', at('bare.ndjson'))
  assert.doesNotMatch(await readFile(at('bare.ndjson'), 'utf8'), /pbkdf2/)
})

test('a file that cannot be used is said in a line, and nobody is moved in or out', async () => {
  const rows = '{"email":"report@example.org","emailVerified":true}\n{}\n'
  await writeFile(at('report.ndjson'), rows)
  await symlink('report.ndjson', at('same.ndjson'))
  await mkdir(at('folder.ndjson'))
  const into = (output: string) => ['import', at('report.ndjson'), '--output', output]
  for (const [words, reason] of [
    [into('/nowhere/x'), /^\/nowhere\/x cannot be used: there is no such file or folder \(ENOENT\)\. Name another/],
    [into(at('folder.ndjson')), /it is a folder/],
    [into(at('report.ndjson')), /is the file that is read/],
    [into(at('same.ndjson')), /is the file that is read/],
    [['import', at('none.ndjson')], /there is no such file/],
    [['import', at('folder.ndjson')], /it is a folder/],
    [['export', '--output', '/nowhere/x'], /there is no such file or folder/],
  ] as const) {
    const { code, out, err } = await run('users', ...words)
    assert.deepEqual([code, out], [1, ''], err)
    assert.match(err, reason)
    assert.equal(err.trim().split('\n').length, 1, err)
  }
  assert.equal(await readFile(at('report.ndjson'), 'utf8'), rows)
  const { out, err } = await run('users', ...into(at('report-rejects.ndjson')))
  assert.match(out, /^1 moved in, 1 refused: /, err)
})

test('a disk that is full under the report ends the command with what was done', { skip: noFullDisk }, async () => {
  await writeFile(at('full.ndjson'), '{"email":"full@example.org","emailVerified":true}\nnone\n')
  const { code, out, err } = await run('users', 'import', at('full.ndjson'), '--output', '/dev/full')
  assert.deepEqual([code, out], [1, ''], err)
  assert.match(err, /^\/dev\/full cannot be used: the disk is full \(ENOSPC\)\. Until then: 0 moved in, 1 refused\.\n$/)
})

test('goes on where it was killed, and makes nobody twice', async () => {
  const rows = Array.from({ length: 1500 }, (_, index) => JSON.stringify({ email: `many-${index}@example.org`, emailVerified: true }))
  await writeFile(at('many.ndjson'), rows.join('\n'))
  const child = spawn(
    process.execPath,
    ['src/main.ts', 'users', 'import', at('many.ndjson'), ...data, '--config', 'examples/pixel-diary/ninefold.config.ts'],
    { cwd: fileURLToPath(new URL('../..', import.meta.url)), env: { ...process.env, ...environment }, stdio: 'ignore' },
  )
  const timer = setTimeout(() => child.kill('SIGKILL'), 1200)
  await once(child, 'exit')
  clearTimeout(timer)
  const { out, code, err } = await run('users', 'import', at('many.ndjson'))
  assert.equal(code, 0, err)
  const [, made, present = '0'] = /^(\d+) moved in(?:, (\d+) already here)?, 0 refused\.\n$/.exec(out) ?? []
  assert.equal(Number(made) + Number(present), 1500, out)
})
