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
  const app = {
    type: 'otp',
    secretData: '{"value":"abcdefghijklmnopqrst"}',
    credentialData: '{"subType":"totp","digits":6,"period":30,"counter":0,"algorithm":"HmacSHA1"}',
  }
  const user = (id: number, more: object = {}) => ({
    id: `00000000-0000-4000-8000-${String(id).padStart(12, '0')}`,
    username: `p${id}@example.org`,
    email: `p${id}@example.org`,
    emailVerified: true,
    credentials: [credential],
    ...more,
  })
  const users = [
    user(1, { credentials: [credential, app] }),
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
  assert.match(rejects.find(({ line }) => line === 6)?.reason ?? '', /the address is on line 2 \(entry 1\), too/)
  assert.match((await run('users', 'import', at('realm.json'), '--from', 'keycloak')).out, /^0 moved in, 2 already here, 3 refused/)

  const out = await run('users', 'export', '--output', at('people.ndjson'))
  assert.match(out.out, /password hashes and keys of authenticator apps in it/)
  assert.equal((await stat(at('people.ndjson'))).mode & 0o777, 0o600)
  const people = (await readFile(at('people.ndjson'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { email: string; passwordHash: string; totpKey?: string })
  assert.deepEqual(
    people.map(({ email }) => email),
    ['p1@example.org', 'p4@example.org'],
  )
  assert.ok(people.every(({ passwordHash }) => passwordHash.startsWith('$pbkdf2-sha512$i=1000$')))
  assert.deepEqual(
    people.map(({ totpKey }) => totpKey),
    ['MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U', undefined],
  )
  const again = await run('users', 'export', '--output', at('people.ndjson'))
  assert.equal(again.code, 1)
  assert.match(again.err, /is there already/)
  await run('users', 'export', '--without-passwords', '--output', at('bare.ndjson'))
  assert.doesNotMatch(await readFile(at('bare.ndjson'), 'utf8'), /pbkdf2|MFRGG/)
  const back = await run('users', 'import', at('bare.ndjson'))
  assert.match(back.out, /^0 moved in, 2 already here, 1 not taken whole, 0 refused/)
  const report = await readFile(at('bare.ndjson.rejects.ndjson'), 'utf8')
  assert.match(report, /p1@example\.org.*the second step of there \(authenticator app\) did not come along/)
})

const rowsOf = async (name: string): Promise<Record<string, unknown>[]> =>
  (await readFile(at(name), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

const BCRYPT = '$2b$10$Z6hUTEEeoJXN5/AmSm/4.eZ75RYgFVriQM9LPhNEC7kbAbS/VAaJ2'
const auth0User = (id: string, email: string, more: object = {}) => ({
  user_id: id,
  email,
  email_verified: true,
  name: `Of ${id}`,
  created_at: '2022-05-01T10:00:00.000Z',
  identities: [{ provider: id.split('|')[0], user_id: id.split('|')[1], isSocial: !id.startsWith('auth0') }],
  ...more,
})
const auth0Hash = (id: string, email: string) => ({ _id: { $oid: id }, email, email_verified: true, passwordHash: BCRYPT })

test('requirement 71: the two files of Auth0 make one person of what is one, whatever comes first, and say what they do not take', async () => {
  const users = [
    auth0User('auth0|a1', 'zoe@gmail.com'),
    auth0User('google-oauth2|g1', 'zoe@gmail.com', { name: 'Zoe' }),
    auth0User('google-oauth2|g2', 'victim@gmail.com'),
    auth0User('auth0|a2', 'victim@gmail.com', { email_verified: false }),
    auth0User('auth0|a3', 'kept-out@example.org', { blocked: true }),
    auth0User('google-oauth2|g5', 'office@corp.example', { blocked: true }),
    auth0User('auth0|a5', 'office@corp.example'),
  ]
  const hashes = [
    auth0Hash('a1', 'zoe@gmail.com'),
    { ...auth0Hash('a2', 'victim@gmail.com'), email_verified: false },
    auth0Hash('a3', 'kept-out@example.org'),
    auth0Hash('a4', 'alone@example.org'),
  ]
  const lines = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).join('\n')
  await writeFile(at('users.ndjson'), lines(users))
  await writeFile(at('hashes.ndjson'), lines(hashes))
  for (const files of [
    [at('users.ndjson'), at('hashes.ndjson')],
    [at('hashes.ndjson'), at('users.ndjson')],
  ]) {
    const dry = await run('users', 'import', ...files, '--from', 'auth0', '--dry-run', '--output', at('dry.ndjson'))
    assert.match(dry.out, /^5 would be moved in, 3 further rows of the same people, 3 refused: /, dry.err)
  }
  const moved = await run('users', 'import', at('users.ndjson'), at('hashes.ndjson'), '--from', 'auth0', '--output', at('left.ndjson'))
  assert.match(moved.out, /^5 moved in, 3 further rows of the same people, 3 refused: /, moved.err)
  const left = await rowsOf('left.ndjson')
  assert.deepEqual(
    left.map(({ file, line, id, email }) => [file, line, id, email]),
    [
      [at('users.ndjson'), 6, 'google-oauth2|g5', 'office@corp.example'],
      [at('users.ndjson'), 4, 'auth0|a2', 'victim@gmail.com'],
      [at('hashes.ndjson'), 2, undefined, 'victim@gmail.com'],
    ],
  )
  const [former] = left.splice(0, 1)
  assert.match(String(former?.['reason']), /does not say whose the address is today: .* connects this one on the account page/)
  for (const { reason } of left) assert.match(String(reason), /another account has this address there, and this one has not confirmed it/)
  await run('users', 'export', '--output', at('auth0-out.ndjson'))
  const people = new Map((await rowsOf('auth0-out.ndjson')).map((row) => [row['email'], row]))
  const google = (subject: string) => [{ issuer: 'https://accounts.google.com', subject }]
  const zoe = people.get('zoe@gmail.com')
  assert.deepEqual([zoe?.['passwordHash'], zoe?.['identities'], zoe?.['name']], [BCRYPT, google('g1'), 'Of auth0|a1'])
  const victim = people.get('victim@gmail.com')
  assert.deepEqual([victim?.['passwordHash'], victim?.['identities']], [undefined, google('g2')], 'no password of somebody else')
  const office = people.get('office@corp.example')
  assert.deepEqual(
    [office?.['name'], office?.['identities'], office?.['suspended']],
    ['Of auth0|a5', undefined, undefined],
    'nothing of who left',
  )
  assert.equal(people.get('kept-out@example.org')?.['suspended'], true)
  assert.equal(people.get('alone@example.org')?.['passwordHash'], BCRYPT)
  const again = await run('users', 'import', at('users.ndjson'), at('hashes.ndjson'), '--from', 'auth0', '--output', at('left.ndjson'))
  assert.match(again.out, /^0 moved in, 5 already here, 3 further rows of the same people, 3 refused: /)
})

test('requirement 71: whoever has another id here than there is counted, and a file names both, of every account of theirs', async () => {
  const rows = [
    auth0User('auth0|ids1', 'ids1@gmail.com'),
    auth0User('google-oauth2|ids2', 'ids1@gmail.com'),
    auth0User('an-id-that-is-kept-1', 'ids3@gmail.com', { identities: [] }),
  ]
  await writeFile(at('ids.ndjson'), rows.map((row) => JSON.stringify(row)).join('\n'))
  const words = ['users', 'import', at('ids.ndjson'), '--from', 'auth0'] as const
  const path = `${at('ids.ndjson')}.ids.ndjson`
  const dry = await run(...words, '--dry-run')
  assert.equal(
    dry.out,
    `2 would be moved in, 1 further rows of the same people, 0 refused. Of these people 1 would have another id here than there, which is the sub of tokens: ${path} names both. Nothing was written.\n`,
  )
  const planned = await rowsOf('ids.ndjson.ids.ndjson')
  await rm(path)
  const moved = await run(...words)
  assert.match(moved.out, /0 refused\. Of these people 1 have another id here than there, which is the sub of tokens: /)
  assert.equal(moved.code, 0, 'nothing is missing of them')
  await run('users', 'export', '--output', at('ids-out.ndjson'))
  const ids = new Map((await rowsOf('ids-out.ndjson')).map(({ email, id }) => [email, id]))
  const accountId = ids.get('ids1@gmail.com')
  assert.deepEqual(await rowsOf('ids.ndjson.ids.ndjson'), [
    { id: 'auth0|ids1', accountId },
    { id: 'google-oauth2|ids2', accountId },
  ])
  assert.deepEqual(await rowsOf('ids.ndjson.ids.ndjson'), planned)
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  assert.equal(ids.get('ids3@gmail.com'), 'an-id-that-is-kept-1')
  // Once more it is the whole list again, beside another report, too.
  await run(...words, '--output', at('ids-left.ndjson'))
  assert.deepEqual(await rowsOf('ids-left.ndjson.ids.ndjson'), planned)
  assert.equal(existsSync(`${at('realm.json')}.ids.ndjson`), false, 'where all ids are kept there is none')
})

test('roles and groups have the names that they are given, and what has none is said and left out', async () => {
  const user = (name: string, more: object) => ({
    username: `${name}@example.org`,
    email: `${name}@example.org`,
    emailVerified: true,
    ...more,
  })
  const users = [
    user('mapped', {
      id: 'b0000000-0000-4000-8000-000000000001',
      realmRoles: ['ROLE_ADMIN', 'ROLE_NOBODY'],
      groups: ['/Team A', '/staff/x'],
    }),
    user('unmapped', { realmRoles: ['ROLE_OTHER', 'editor'], groups: ['/Team B'] }),
    { username: 'gone' },
  ]
  // All on one line.
  await writeFile(at('one-line.json'), JSON.stringify({ realm: 'x', users }))
  const words = ['users', 'import', at('one-line.json'), '--from', 'keycloak']
  const wrong = await run(...words, '--map-role', 'ROLE_ADMIN=The Admin')
  assert.match(wrong.err, /--map-role: "The Admin" cannot be a role or a group/)
  const names = ['--map-role', 'ROLE_ADMIN=admin', '--map-role', 'ROLE_NOBODY=', '--map-group', '/Team A=team-a']
  const moved = await run(...words, ...names)
  assert.match(moved.out, /^2 moved in, 1 not taken whole, 1 refused: /, moved.err)
  assert.equal(moved.code, 2)
  const rejects = await rowsOf('one-line.json.rejects.ndjson')
  assert.deepEqual(
    rejects.map(({ line, entry, id, email, outcome }) => [line, entry, id, email, outcome]).toSorted(),
    [
      [1, 2, 'unmapped@example.org', 'unmapped@example.org', 'made'],
      [1, 3, 'gone', undefined, 'refused'],
    ],
    'each row is named, though all are on one line',
  )
  assert.match(JSON.stringify(rejects), /ROLE_OTHER.* left out; .*\/Team B.* left out/)
  await run('users', 'export', '--output', at('roles-out.ndjson'))
  const people = new Map((await rowsOf('roles-out.ndjson')).map((row) => [row['email'], row]))
  const belongings = (email: string) => [people.get(email)?.['roles'], people.get(email)?.['groups']]
  assert.deepEqual(belongings('mapped@example.org'), [['admin'], ['staff.x', 'team-a']])
  assert.deepEqual(belongings('unmapped@example.org'), [['editor'], undefined])
})

test('what somebody has there and does not bring along is said, though they come in', async () => {
  const user = {
    username: 'eve-in-part@example.org',
    email: 'eve-in-part@example.org',
    emailVerified: true,
    clientRoles: { shop: ['shop-admin'] },
    federatedIdentities: [{ identityProvider: 'corp-saml', userId: '7', userName: 'e' }],
  }
  await writeFile(at('in-part.json'), JSON.stringify({ realm: 'x', users: [user] }))
  const words = ['users', 'import', at('in-part.json'), '--from', 'keycloak']
  const moved = await run(...words)
  assert.match(moved.out, /^1 moved in, 1 not taken whole, 0 refused: /, moved.err)
  assert.equal(moved.code, 2)
  const [row] = await rowsOf('in-part.json.rejects.ndjson')
  assert.equal(row?.['outcome'], 'made')
  assert.match(String(row?.['reason']), /"corp-saml" .*--issuer 'corp-saml=<url>'; .*"shop\/shop-admin" .*--map-role/)
  const named = await run(...words, '--issuer', 'corp-saml=https://saml.corp.example', '--map-role', 'shop/shop-admin=')
  assert.deepEqual([named.out, named.code], ['0 moved in, 1 completed, 0 refused.\n', 0])
})

test('a file that cannot be used is said in a line, and nobody is moved in or out', async () => {
  const rows = '{"email":"report@example.org","emailVerified":true}\n{}\n'
  await writeFile(at('report.ndjson'), rows)
  await symlink('report.ndjson', at('same.ndjson'))
  await writeFile(at('taken.ndjson'), rows)
  for (const name of ['folder.ndjson', 'taken.ndjson.ids.ndjson']) await mkdir(at(name))
  const into = (output: string) => ['import', at('report.ndjson'), '--output', output]
  for (const [words, reason] of [
    [['import', at('taken.ndjson')], /taken\.ndjson\.ids\.ndjson cannot be used: it is a folder \(EISDIR\)\. Name another/],
    [into('/nowhere/x'), /^\/nowhere\/x cannot be used: there is no such file or folder \(ENOENT\)\. Name another/],
    [into(at('folder.ndjson')), /it is a folder/],
    [into(at('report.ndjson')), /is the file that is read/],
    [into(at('same.ndjson')), /is the file that is read/],
    [['import', at('none.ndjson')], /there is no such file/],
    [['import', at('report.ndjson'), at('report.ndjson')], /Give one file/],
    [['import', at('report.ndjson'), '/dev/null', '--from', 'auth0', '--format', 'ndjson'], /read twice, so it must be a file/],
    [['import', at('folder.ndjson')], /it is a folder/],
    [['export', '--output', '/nowhere/x.ndjson'], /there is no such file or folder/],
    ...['people.csv', 'people.json', 'people'].map(
      (name) => [['export', '--output', at(name)], /writes NDJSON alone: .* ends in \.ndjson/] as const,
    ),
    [['export', '--output', at('formatted.ndjson'), '--format', 'csv'], /writes NDJSON alone/],
  ] as const) {
    const { code, out, err } = await run('users', ...words)
    assert.deepEqual([code, out], [1, ''], err)
    assert.match(err, reason)
    assert.equal(err.trim().split('\n').length, 1, err)
  }
  assert.equal(await readFile(at('report.ndjson'), 'utf8'), rows)
  for (const name of ['people.csv', 'people.json', 'people', 'formatted.ndjson']) assert.equal(existsSync(at(name)), false, name)
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
