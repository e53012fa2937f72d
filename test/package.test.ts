// What an app developer gets: the package, packed, installed in a folder of its own, runs an app that it has never seen.
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { send } from './support/http.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))

const definition = `
import { defineApp, resource, z } from 'ninefold'

const notes = resource('notes', {
  schema: z.strictObject({ text: z.string().max(500) }),
  indexes: { byOwner: { fields: ['ownerId', 'createdAt'] } },
  access: [{ who: 'user', may: ['create'] }, { who: 'owner', may: ['list', 'get', 'update', 'delete'] }],
  scopes: { read: 'notes:read', write: 'notes:write' },
})

export default defineApp({
  name: 'Notebook',
  scopes: { 'notes:read': 'read your notes', 'notes:write': 'change your notes' },
  resources: [notes],
  frontends: [{ name: 'notes', title: 'Notebook', mode: 'cookie', scopes: ['notes:read', 'notes:write'], folder: new URL('web', import.meta.url).pathname }],
})
`

let folder = ''
let app = ''
let running: ChildProcess | undefined

/** On a busy machine npm has been seen to read the packed file for ever. */
const NPM_MS = 120_000

async function npm(args: readonly string[], cwd: string, tries = 2): Promise<{ stdout: string }> {
  const script = process.env['npm_execpath']
  const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']
  const [program, first] = script?.endsWith('.js') ? [process.execPath, [script]] : ['npm', []]
  try {
    return await run(program, [...first, ...args, ...quiet], { cwd, timeout: NPM_MS, killSignal: 'SIGKILL' })
  } catch (error) {
    const wasLate = error instanceof Error && 'killed' in error && error.killed === true
    if (wasLate && tries > 1) return npm(args, cwd, tries - 1)
    throw error
  }
}

before(
  async () => {
    folder = await mkdtemp(join(tmpdir(), 'ninefold-package-'))
    app = join(folder, 'app')
    const staging = join(folder, 'staging')
    await run(process.execPath, [join('scripts', 'build-package.ts'), staging], { cwd: root })
    const { stdout } = await npm(['pack', '--silent', '--pack-destination', folder], staging)
    await mkdir(join(app, 'web'), { recursive: true })
    await writeFile(join(app, 'package.json'), JSON.stringify({ name: 'notebook', private: true, type: 'module' }))
    await writeFile(join(app, 'ninefold.config.ts'), definition)
    await writeFile(join(app, 'web', 'index.html'), '<!doctype html><html lang="en"><title>Notebook</title><h1>Notebook</h1></html>')
    await npm(['install', join(folder, stdout.trim().split('\n').at(-1) ?? '')], app)
  },
  { timeout: 300_000 },
)

async function stopApp(): Promise<void> {
  if (running === undefined || running.exitCode !== null) return
  running.kill('SIGTERM')
  await once(running, 'exit')
}

after(async () => {
  await stopApp()
  await rm(folder, { recursive: true, force: true })
})

async function startApp(config: string): Promise<number> {
  await stopApp()
  const bin = join(app, 'node_modules', '.bin', 'ninefold')
  const args = ['start', '--config', config, '--port', '0', '--data-dir', join(app, `${config}.data`), '--log-level', 'warn']
  const child = spawn(process.execPath, [bin, ...args], { cwd: app, stdio: ['ignore', 'pipe', 'pipe'] })
  running = child
  let output = ''
  const heard = (chunk: Buffer): void => {
    output += chunk.toString()
  }
  child.stdout.on('data', heard)
  child.stderr.on('data', heard)
  while (!/^Ready in/m.test(output)) {
    await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])
    assert.equal(child.exitCode, null, output)
  }
  return Number(/http:\/\/accounts\.localhost:(\d+)/.exec(output)?.[1])
}

test('the package holds compiled JavaScript with its types, and no TypeScript source', async () => {
  const home = join(app, 'node_modules', 'ninefold')
  const manifest: { exports: Record<string, { types: string; default: string }>; devDependencies?: unknown } = JSON.parse(
    await readFile(join(home, 'package.json'), 'utf8'),
  )
  assert.equal(manifest.devDependencies, undefined)
  for (const entry of Object.values(manifest.exports)) {
    assert.match(await readFile(join(home, entry.default), 'utf8'), /export/)
    assert.match(await readFile(join(home, entry.types), 'utf8'), /export/)
  }
  await assert.rejects(readFile(join(home, 'src', 'main.ts')), { code: 'ENOENT' })
})

test('an app of a developer starts on the installed package and refuses a stranger', async () => {
  const port = await startApp('ninefold.config.ts')
  const health = await send({ port, host: `notes.localhost:${port}`, path: '/healthz' })
  assert.equal(health.status, 200, health.body)
  const list = await send({ port, host: `notes.localhost:${port}`, path: '/api/notes' })
  assert.equal(list.status, 401, list.body)
  assert.match(list.body, /"requestId"/)
  const page = await send({ port, host: `notes.localhost:${port}`, path: '/', headers: { accept: 'text/html' } })
  assert.equal(page.status, 200, page.body)
  assert.match(page.body, /<h1>Notebook<\/h1>/)
})

test('the example app runs on the installed package, away from the repository', async () => {
  for (const name of ['pixel-diary', 'pixel-gallery']) {
    await cp(join(root, 'examples', name), join(app, 'examples', name), { recursive: true })
  }
  const port = await startApp('examples/pixel-diary/ninefold.config.ts')
  const page = await send({ port, host: `diary.localhost:${port}`, path: '/', headers: { accept: 'text/html' } })
  assert.equal(page.status, 200, page.body)
  assert.match(page.body, /<title>Pixel Diary<\/title>/)
  const form = await send({ port, host: `accounts.localhost:${port}`, path: '/sign-up', headers: { accept: 'text/html' } })
  assert.equal(form.status, 200, form.body)
  const stranger = await send({ port, host: `diary.localhost:${port}`, path: '/people/nobody', headers: { accept: 'text/html' } })
  assert.equal(stranger.status, 404, stranger.body)
})

test('an app runs on a database driver of its own', async () => {
  await writeFile(join(app, 'driver-map.ts'), await readFile(join(root, 'test', 'fixtures', 'driver-map.ts'), 'utf8'))
  const own = definition
    .replace("name: 'Notebook',", "name: 'Notebook', database: ({ url }) => createMapEngine(url ?? 'app'),")
    .replace('import {', "import { createMapEngine } from './driver-map.ts'\nimport {")
  await writeFile(join(app, 'own.config.ts'), own)
  const port = await startApp('own.config.ts')
  const health = await send({ port, host: `notes.localhost:${port}`, path: '/healthz' })
  assert.equal(health.status, 200, health.body)
  const form = await send({ port, host: `accounts.localhost:${port}`, path: '/sign-up', headers: { accept: 'text/html' } })
  assert.equal(form.status, 200, form.body)
  await stopApp()
  await assert.rejects(readFile(join(app, 'own.config.ts.data', 'database', 'main.db')), { code: 'ENOENT' })
})

test('a database driver of somebody else passes the suite that the package brings', { timeout: 180_000 }, async () => {
  const fixture = await readFile(join(root, 'test', 'fixtures', 'driver-map.ts'), 'utf8')
  await writeFile(join(app, 'driver-map.ts'), fixture)
  await writeFile(
    join(app, 'driver.test.ts'),
    `import { engineContract } from 'ninefold/database/contract-suite'
import { createMapEngine } from './driver-map.ts'
const broken = process.env['BROKEN'] === 'yes'
engineContract('mine', ({ place }) => {
  const engine = createMapEngine(place)
  return broken ? { ...engine, count: () => 0 } : engine
})
`,
  )
  // Else the inner runner takes itself for a part of this one, and prints nothing.
  const { NODE_TEST_CONTEXT: _context, ...environment } = process.env
  const suite = async (broken: string, ...only: readonly string[]): Promise<string> => {
    const { stdout } = await run(process.execPath, ['--test', '--test-reporter=tap', ...only, 'driver.test.ts'], {
      cwd: app,
      env: { ...environment, BROKEN: broken },
    })
    return stdout
  }
  const output = await suite('no')
  assert.match(output, /# fail 0/)
  assert.ok(Number(/# pass (\d+)/.exec(output)?.[1]) > 70, output.slice(-300))
  await assert.rejects(suite('yes', '--test-name-pattern=counts what'), { stdout: /not ok \d+ - counts what a query would find/ })
})

test('the types of the package check an app definition', async () => {
  const config = {
    compilerOptions: {
      strict: true,
      noEmit: true,
      module: 'nodenext',
      target: 'es2025',
      typeRoots: [join(root, 'node_modules', '@types')],
      types: ['node'],
      allowImportingTsExtensions: true,
      skipLibCheck: true,
    },
    files: ['ninefold.config.ts', 'driver-map.ts', 'driver.test.ts'],
  }
  await writeFile(join(app, 'tsconfig.json'), JSON.stringify(config))
  const tsc = join(root, 'node_modules', '.bin', 'tsc')
  await run(process.execPath, [tsc, '--project', app]).catch((error: { stdout: string }) => assert.fail(error.stdout))
  await writeFile(join(app, 'ninefold.config.ts'), definition.replace("mode: 'cookie'", "mode: 'biscuit'"))
  await assert.rejects(run(process.execPath, [tsc, '--project', app]), { stdout: /biscuit/ })
})
