// Imports and exports on the whole platform, as its users and its operator meet them: over HTTP and on the command line, and when the process is killed.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { ImportView } from '../../src/resource/transfer/contract.ts'
import { type Person, session, signIn, signUp } from '../support/person.ts'
import { type PlatformProcess, startPlatform } from '../support/platform.ts'
import { scenarioUrl } from '../support/scenario-database.ts'
import type { Page } from '../support/visitor.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const EMAIL = 'ada@example.com'
/** FerretDB on SQLite writes a few hundred documents in a second. */
const ROWS = scenarioUrl('')?.startsWith('mongodb') === true ? 1500 : 20_000
/** A lease of the jobs server, its notice, and the rest of the file. */
const PATIENCE_MS = 120_000
const environment = { NINEFOLD_GATEWAY_RATE_LIMIT_FACTOR: '1000' }
const PROFILE = '0'.repeat(26)

interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

async function ninefold(dataDir: string, words: readonly string[]): Promise<Ran> {
  const args = [
    'src/main.ts',
    ...words,
    '--config',
    'examples/pixel-diary/ninefold.config.ts',
    '--data-dir',
    dataDir,
    '--log-level',
    'warn',
  ]
  const url = scenarioUrl(dataDir)
  const env = { ...process.env, ...(url === undefined ? {} : { NINEFOLD_DATABASE_URL: url }) }
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString()
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out, err }
}

describe('imports on the whole platform', () => {
  let folder: string
  let platform: PlatformProcess
  let ada: Person

  const ask = (path: string, change: { method?: string; headers?: Record<string, string>; body?: string } = {}): Promise<Page> =>
    ada.visitor.request(new URL(platform.origin('diary') + path), change)

  async function post(path: string, type: string, body: string): Promise<Page> {
    const { csrfToken } = await session(platform, ada.visitor)
    const headers = { 'x-csrf-token': csrfToken, origin: platform.origin('diary'), 'sec-fetch-site': 'same-origin', 'content-type': type }
    return ask(path, { method: 'POST', headers, body })
  }

  async function look({ links }: ImportView): Promise<ImportView> {
    const page = await ask(links.self)
    assert.equal(page.status, 200, page.body)
    return JSON.parse(page.body)
  }

  async function when(view: ImportView, isSo: (now: ImportView) => boolean): Promise<ImportView> {
    const deadline = Date.now() + PATIENCE_MS
    for (;;) {
      const now = await look(view)
      if (isSo(now)) return now
      assert.ok(Date.now() < deadline, JSON.stringify(now))
      await delay(30)
    }
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ninefold-imports-'))
    platform = await startPlatform({ environment })
    ada = await signUp(platform, EMAIL)
    await signIn(platform, ada)
  })

  after(async () => {
    await platform?.stop({ remove: true })
    await rm(folder, { recursive: true, force: true })
  })

  test('asks for a sign-in, and for the token against forgery', async () => {
    const stranger = await platform.send('diary', {
      method: 'POST',
      path: '/api/comments/import',
      headers: { 'content-type': 'text/csv' },
      body: 'text\nx\n',
    })
    assert.ok([401, 403].includes(stranger.status), String(stranger.status))
    const forged = await ask('/api/comments/import', {
      method: 'POST',
      headers: { 'content-type': 'text/csv', 'sec-fetch-site': 'same-origin', origin: platform.origin('diary') },
      body: 'text\nx\n',
    })
    assert.equal(forged.status, 403)
  })

  test('a process that is killed in the middle of an import loses no row and stores none twice', async (t) => {
    const rows = Array.from({ length: ROWS }, (_, index) => JSON.stringify(index % 100 === 99 ? { text: '' } : { text: `row ${index}` }))
    const constants = encodeURIComponent(JSON.stringify({ profileId: PROFILE }))
    const sent = await post(`/api/comments/import?constants=${constants}`, 'application/x-ndjson', rows.join('\n'))
    assert.equal(sent.status, 202, sent.body)
    const begun: ImportView = JSON.parse(sent.body)
    const seen = await when(begun, ({ progress }) => progress.stored > ROWS / 20)
    assert.equal(seen.state, 'running', 'it was not done before it was killed')
    await platform.stop({ signal: 'SIGKILL' })
    const killedAt = Date.now()
    platform = await startPlatform({ environment, dataDir: platform.dataDir, port: platform.port })
    const again = await look(begun)
    assert.equal(again.state, 'running')
    assert.ok(again.progress.rows < ROWS, `it had ${again.progress.rows} rows when it was killed`)
    const ended = await when(begun, ({ endedAt }) => endedAt !== undefined)
    t.diagnostic(`killed at ${again.progress.rows} rows, done ${Date.now() - killedAt} ms later`)
    assert.deepEqual(
      [ended.state, ended.progress.rows, ended.progress.stored, ended.progress.rejected],
      ['done', ROWS, ROWS * 0.99, ROWS * 0.01],
    )
    const report = await ask(`${begun.links.rejects}?format=ndjson`)
    const lines = report.body
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).ninefold_line)
    assert.deepEqual(
      lines,
      Array.from({ length: ROWS / 100 }, (_, index) => index * 100 + 100),
    )
    assert.deepEqual(
      (await readdir(join(platform.dataDir, 'imports'))).filter((name) => name.endsWith('.source')),
      [],
    )
    const { code, err } = await ninefold(platform.dataDir, ['export', 'comments', '--output', join(folder, 'comments.ndjson')])
    assert.equal(code, 0, err)
    const exported = (await readFile(join(folder, 'comments.ndjson'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).text)
    assert.equal(exported.length, ROWS * 0.99)
    assert.equal(new Set(exported).size, ROWS * 0.99)
  })

  test('the command imports beside a running platform, reports what it rejects, and says so by its code', async () => {
    const file = join(folder, 'notes.csv')
    const rejects = join(folder, 'rejects.csv')
    await writeFile(file, 'Text;Who\nfrom the command;x\n;y\nand another;z\n')
    const words = [
      'import',
      'comments',
      file,
      '--as',
      EMAIL,
      '--map',
      'Text=text',
      '--map',
      'Who=',
      '--constant',
      `profileId=${JSON.stringify('1'.repeat(26))}`,
      '--output',
      rejects,
    ]
    const dry = await ninefold(platform.dataDir, [...words, '--dry-run'])
    assert.deepEqual([dry.code, /3 rows, 2 would be stored, 1 rejected/.test(dry.out)], [2, true], dry.out + dry.err)
    const real = await ninefold(platform.dataDir, words)
    assert.equal(real.code, 2, real.out + real.err)
    assert.match(real.out, /done: 3 rows, 2 stored, 1 rejected/)
    assert.match(await readFile(rejects, 'utf8'), /^3,text,/m)
    const list = await ask(`/api/comments?profileId=${'1'.repeat(26)}`)
    assert.deepEqual(
      JSON.parse(list.body)
        .items.map(({ text }: { text: string }) => text)
        .toSorted(),
      ['and another', 'from the command'],
      'the running platform has it at once',
    )
    const mine = await ninefold(platform.dataDir, [
      'export',
      'comments',
      '--as',
      EMAIL,
      '--where',
      `profileId=${'1'.repeat(26)}`,
      '--format',
      'ndjson',
    ])
    assert.equal(mine.out.trim().split('\n').length, 2, mine.err)
  })

  for (const [name, words, message] of [
    ['nobody', ['import', 'comments', 'package.json'], /Say what and whose/],
    ['somebody unknown', ['import', 'comments', 'package.json', '--as', 'eve@example.com'], /Nobody has the address/],
    ['a file that is not there', ['import', 'comments', 'no-such.csv', '--as', EMAIL], /There is no file no-such.csv/],
    ['a file of an unknown kind', ['import', 'comments', 'LICENSE', '--as', EMAIL], /add --format/],
    [
      'a resource that is not there',
      ['import', 'spoons', 'package.json', '--format', 'ndjson', '--as', EMAIL],
      /There is no resource spoons/,
    ],
    ['an option that cannot be', ['import', 'comments', 'package.json', '--as', EMAIL, '--dates', 'ymd'], /dates/],
    ['a place that must not be fetched', ['import', 'comments', 'http://10.0.0.1/', '--as', EMAIL], /only public addresses/],
    ['an export of nothing', ['export'], /Say what/],
    ['a place that cannot be written', ['export', 'comments', '--output', '/nowhere/x.csv'], /x\.csv cannot be used.*ENOENT/],
    ['a report that cannot be written', ['import', 'comments', 'package.json', '--as', EMAIL, '--output', '/nowhere/x.csv'], /ENOENT/],
    ['a report over what is read', ['import', 'comments', 'package.json', '--as', EMAIL, '--output', './package.json'], /that is read/],
  ] as const) {
    test(`the command says in a line what is wrong with ${name}`, async () => {
      const { code, out, err } = await ninefold(platform.dataDir, words)
      assert.equal(code, 1, out + err)
      assert.match(err, message)
      // Beside the log, whose lines are JSON.
      const said = err.split('\n').filter((line) => !line.startsWith('{'))
      assert.doesNotMatch(said.join('\n'), /\n\s+at |node:internal/, 'no stack')
    })
  }
})
