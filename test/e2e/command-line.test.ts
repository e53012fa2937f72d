// What somebody reads who typed it wrong, or whose machine is not as expected: one clear message, no stack, and a code that scripts understand.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { freePortPair, type PlatformProcess, startPlatform } from '../support/platform.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const CONFIG = ['--config', 'examples/pixel-diary/ninefold.config.ts']

interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

async function run(words: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const child = spawn(process.execPath, ['src/main.ts', ...words], {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString()
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), 20_000)
  const [code] = (await once(child, 'close')) as [number | null]
  clearTimeout(timer)
  return { code, out, err }
}

function assertPlain({ code, err, out }: Ran, message: RegExp): void {
  assert.equal(code, 1, out + err)
  assert.match(err, message)
  assert.doesNotMatch(err, /\n\s+at |node:internal|Error:/, 'no stack')
  assert.equal(out, '')
}

describe('the command line', () => {
  let folder: string
  let platform: PlatformProcess

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ninefold-cli-'))
    platform = await startPlatform()
  })

  after(async () => {
    await platform?.stop({ remove: true })
    await rm(folder, { recursive: true, force: true })
  })

  test('leads to where the platform on this data folder listens, without being told again', async () => {
    const { code, out, err } = await run(['admin', 'link', ...CONFIG, '--data-dir', platform.dataDir])
    assert.equal(code, 0, err)
    assert.ok(out.startsWith(`${platform.origin('console')}/enter?code=`), out)
    const told = await run(['admin', 'link', ...CONFIG, '--data-dir', platform.dataDir, '--port', '9555'])
    assert.match(told.out, /:9555\/enter\?code=/)
  })

  test('helps', async () => {
    for (const words of [['--help'], ['-h'], ['start', '--help']]) {
      const { code, out, err } = await run(words)
      assert.equal(code, 0, err)
      assert.match(out, /Usage: ninefold \[command\] \[options\]/)
      assert.equal(err, '')
    }
  })

  const wrong: Readonly<Record<string, readonly [readonly string[], RegExp]>> = {
    'an unknown option': [['start', '--prot', '1'], /^Unknown option '--prot'/],
    'an option without its value': [['start', '--port'], /'--port <value>' argument missing/],
    'an unknown command': [['strat'], /^There is no command "strat"\. Commands: start/],
    'a word too many': [['start', 'now'], /^The command start takes no further words, but got "now"\.$/m],
    'a port that is no number': [['start', ...CONFIG, '--port', 'abc'], /NINEFOLD_GATEWAY_PORT: must be a whole number/],
    'a port that cannot be': [['start', ...CONFIG, '--port', '70000'], /NINEFOLD_GATEWAY_PORT/],
    'a missing app definition': [['start', '--config', 'nowhere.ts'], /^There is no app definition at .*nowhere\.ts\./],
    'a module that is none': [['start', '--config', 'src/index.ts'], /has no default export made by defineApp/],
    'a word that every object has, for webhooks': [['webhooks', 'toString', 'alarms', ...CONFIG], /^Say ninefold webhooks list/],
    'a word that every object has, for keys': [['keys', 'constructor', ...CONFIG], /^Say: ninefold keys list/],
    'a word that every object has, for organisations': [['organisations', 'toString', ...CONFIG], /^Say ninefold organisations list/],
    'a word that every object has, for services': [['services', 'valueOf', ...CONFIG], /^Say ninefold services list/],
    'a word that every object has, for clients': [['clients', 'toString', 'shop', ...CONFIG], /^clients knows list/],
    'a word that every object has, as a command': [['constructor'], /^There is no command "constructor"/],
    'an address that everybody reaches': [['start', ...CONFIG, '--host', '0.0.0.0'], /NINEFOLD_GATEWAY_HOST must be a loopback address/],
  }
  for (const [name, [words, message]] of Object.entries(wrong)) {
    test(`says what is wrong with ${name}`, async () => {
      assertPlain(await run(words), message)
    })
  }

  test('says every problem of the configuration at once, by name and never by value', async () => {
    const ran = await run(['check', ...CONFIG], { NINEFOLD_PROT: '1', NINEFOLD_MODE: 'secret-mode', NINEFOLD_MASTER_KEY: 'secret-key' })
    assertPlain(ran, /NINEFOLD_PROT is not a setting/)
    assert.match(ran.err, /NINEFOLD_MODE/)
    assert.match(ran.err, /NINEFOLD_MASTER_KEY must be 32 bytes/)
    assert.doesNotMatch(ran.err, /secret/)
  })

  test('says in one line that the port is taken', async () => {
    const ran = await run(['start', ...CONFIG, '--port', String(platform.port), '--data-dir', join(folder, 'data')])
    assertPlain(ran, new RegExp(`^Port ${platform.port} is used by another program.*--port.*\\n$`))
    assert.equal((await platform.send('diary', { path: '/healthz' })).status, 200, 'the one that was there goes on')
  })

  test('does not start with a master key that is none, and makes a good one', async () => {
    const data = join(folder, 'keyed')
    const made = await run(['console-link', ...CONFIG, '--data-dir', data])
    assert.equal(made.code, 0, made.err)
    const file = join(data, 'keys', 'master.key')
    assert.match(await readFile(file, 'utf8'), /^[\w-]{43}\n$/)
    assert.equal((await stat(file)).mode & 0o777, 0o600)
    assert.deepEqual(await readdir(join(data, 'keys')), ['master.key'], 'no draft is left')
    for (const text of ['', 'short', 'a'.repeat(43)]) {
      await writeFile(file, text)
      assertPlain(await run(['check', ...CONFIG, '--data-dir', data]), /^.*master\.key does not hold a master key\..*\n$/)
    }
  })

  test('says in one line that the data folder cannot be used', async () => {
    const file = join(folder, 'a-file')
    await writeFile(file, 'no folder')
    const ran = await run(['start', ...CONFIG, '--port', String(await freePortPair()), '--data-dir', join(file, 'data')])
    assertPlain(ran, /^The data folder .*a-file.* cannot be used.*\n$/)
  })
})

test('a command whose reader has gone, as `head` does, ends well and says nothing of it', async () => {
  const folder = join(await mkdtemp(join(tmpdir(), 'ninefold-unread-')), 'data')
  for (const words of [['check'], ['routes'], ['account', '--list'], ['export', 'photos', '--format', 'csv']]) {
    const child = spawn(process.execPath, ['src/main.ts', ...words, ...CONFIG, '--data-dir', folder, '--log-level', 'silent'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child.stdout.destroy()
    let err = ''
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
    const [code] = (await once(child, 'close')) as [number | null]
    assert.deepEqual([code, err], [0, ''], words.join(' '))
  }
  await rm(dirname(folder), { recursive: true, force: true })
})

test('an option that a command does nothing with is refused, and nothing is done: nothing is opened, even', async () => {
  const place = await mkdtemp(join(tmpdir(), 'ninefold-idle-'))
  const data = join(place, 'data')
  const people = join(place, 'people.ndjson')
  for (const [words, option, command] of [
    [['clients', 'add', 'frames', '--redirect-uri', 'https://frames.example/callback', '--dry-run'], '--dry-run', 'clients add'],
    [['account', 'eve@example.org', '--suspend', '--dry-run'], '--dry-run', 'account'],
    [['users', 'export', '--output', people, '--dry-run'], '--dry-run', 'users export'],
    [['users', 'import', people, '--without-passwords'], '--without-passwords', 'users import'],
    [['migrate', '--dry-run'], '--dry-run', 'migrate'],
    [['move', '--to', 'sqlite:elsewhere.db', '--plan'], '--plan', 'move'],
    [['restore', '--from', place, '--replace', '--dry-run'], '--dry-run', 'restore'],
  ] as const) {
    const ran = await run([...words, ...CONFIG, '--data-dir', data])
    assertPlain(ran, new RegExp(`^"${command}" does nothing with ${option}\\. Nothing was done\\. It.* options.*\\n$`))
    assert.deepEqual(await readdir(place), [], command)
  }
  assertPlain(
    await run(['backup', '--from', place, ...CONFIG, '--data-dir', data]),
    /^--from names a backup to open, and goes with --verify/,
  )
  assert.deepEqual(await readdir(place), [])
  await rm(place, { recursive: true })
})

test('check and routes leave nothing behind', async () => {
  const folder = join(await mkdtemp(join(tmpdir(), 'ninefold-look-')), 'data')
  for (const command of ['check', 'routes']) {
    const { code, err } = await run([command, ...CONFIG, '--data-dir', folder])
    assert.equal(code, 0, err)
    assert.ok(!existsSync(folder), command)
  }
})
