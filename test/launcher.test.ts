// A fresh clone on a machine whose own Node may be too old: one command installs, builds and starts; stopping leaves nothing behind.
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { cp, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { send } from './support/http.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))
const launcher = join('bin', 'launch.mjs')
const INSTALL_MS = 300_000

/** The PATH and the Node of the machine, without what npm, the launcher and the runner of tests put there. */
const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'))
const machineNode = path.map((folder) => join(folder, 'node')).find((file) => existsSync(file)) ?? process.execPath
const env = { ...process.env, PATH: path.join(delimiter), NODE_COMPILE_CACHE: undefined }

let clone = ''

before(async () => {
  clone = await mkdtemp(join(tmpdir(), 'ninefold-clone-'))
  const { stdout } = await run('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: root })
  for (const file of stdout.split('\0')) {
    if (file !== '' && existsSync(join(root, file))) await cp(join(root, file), join(clone, file))
  }
})

after(() => rm(clone, { recursive: true, force: true }))

/** Every process that works in the clone, however it is related to us. */
async function processesInClone(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const folders = await Promise.all(pids.map(async (pid) => [pid, await readlink(`/proc/${pid}/cwd`).catch(() => '')] as const))
  return folders.filter(([, cwd]) => cwd.startsWith(clone)).map(([pid]) => pid)
}

async function untilNoneInClone(): Promise<void> {
  const deadline = Date.now() + 15_000
  while (Date.now() < deadline && (await processesInClone()).length > 0) await delay(50)
  assert.deepEqual(await processesInClone(), [])
}

async function startInClone(...words: string[]): Promise<{ child: ChildProcess; port: number }> {
  const args = [launcher, 'start', '--port', '0', '--data-dir', join(clone, '.ninefold', 'test'), ...words]
  const child = spawn(machineNode, args, { cwd: clone, env, stdio: ['ignore', 'pipe', 'pipe'] })
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
  const port = Number(/http:\/\/accounts\.localhost:(\d+)/.exec(output)?.[1])
  assert.ok(port > 0, output)
  return { child, port }
}

test('compiled code is kept in no folder that happens to be the current one', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ninefold-cache-'))
  try {
    const beside = join(root, 'node_modules', '.cache', 'compiled')
    const ninefold = join(root, 'bin', 'ninefold.mjs')
    const script = `import(${JSON.stringify(join(root, 'bin', 'launcher', 'runtime.mjs'))}).then(({ compileCache }) => process.stdout.write(compileCache()))`
    // Switched off, anybody's, and one that somebody has chosen.
    for (const [given, kept] of [
      ['', ''],
      ['cache', beside],
      [join(folder, 'chosen'), join(folder, 'chosen')],
      [undefined, beside],
    ] as const) {
      const { stdout } = await run(process.execPath, ['-e', script], { cwd: folder, env: { ...env, NODE_COMPILE_CACHE: given } })
      assert.equal(stdout, kept, given)
    }
    // Node itself has made these, for itself.
    for (const name of ['cache', 'chosen']) await rm(join(folder, name), { recursive: true, force: true })
    const { stdout } = await run(process.execPath, [ninefold, '--help'], { cwd: folder, env: { ...env, NODE_COMPILE_CACHE: '' } })
    assert.match(stdout, /^Usage: ninefold/m)
    assert.deepEqual(await readdir(folder), [])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('the first command installs the packages, says so in one line, and runs on Node 24 or later', { timeout: INSTALL_MS }, async () => {
  const { stdout, stderr } = await run(machineNode, [launcher, 'start', '--help'], { cwd: clone, env })
  assert.match(stdout, /^Usage: ninefold/m)
  assert.match(stderr, /^Installing packages[^\n]*\n$/)
  const script = `import('./bin/launcher/runtime.mjs').then(({ pickRuntime }) => process.stdout.write(pickRuntime()))`
  const { stdout: runtime } = await run(machineNode, ['-e', script], { cwd: clone, env })
  const { stdout: version } = await run(runtime, ['--version'])
  assert.ok(Number.parseInt(version.slice(1), 10) >= 24, version)
})

test('the next command installs nothing', async () => {
  const { stderr } = await run(machineNode, [launcher, 'start', '--help'], { cwd: clone, env })
  assert.equal(stderr, '')
})

test('what was compiled is kept beside the packages, for the next start', async () => {
  const kept = await readdir(join(clone, 'node_modules', '.cache', 'compiled'), { recursive: true })
  assert.ok(kept.length > 10, `${kept.length}`)
})

test('a command that does not exist is refused with the list of those that do', async () => {
  await assert.rejects(run(machineNode, [launcher, 'fly'], { cwd: clone, env }), {
    code: 1,
    stderr: /^Unknown command "fly". There are: start, /,
  })
})

test('the other commands of the program run through npm start too, without the third party', { timeout: INSTALL_MS }, async () => {
  const options = { cwd: clone, env, maxBuffer: 16 * 1024 * 1024 }
  const { stdout } = await run(machineNode, [launcher, 'start', 'routes'], options)
  assert.ok((JSON.parse(stdout) as unknown[]).length > 50)
  await assert.rejects(run(machineNode, [launcher, 'start', 'fly'], options), {
    code: 1,
    stdout: '',
    stderr: /^There is no command "fly"/m,
  })
})

test('a port that is taken is said in one line', async () => {
  const { child, port } = await startInClone()
  const args = [launcher, 'start', '--port', String(port), '--data-dir', join(clone, '.ninefold', 'second')]
  await assert.rejects(run(machineNode, args, { cwd: clone, env }), (error: { stderr: string }) => {
    assert.match(error.stderr, new RegExp(`^Port ${port} is used by another program already`, 'm'))
    assert.doesNotMatch(error.stderr, /^\s+at /m)
    return true
  })
  child.kill('SIGTERM')
  await once(child, 'exit')
  await untilNoneInClone()
})

test('SIGTERM stops the platform and the third party, with exit code 0', async () => {
  const { child, port } = await startInClone()
  const health = await send({ port, host: `accounts.localhost:${port}`, path: '/healthz' })
  assert.equal(health.status, 200, health.body)
  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')
  assert.equal(code, 0)
  await untilNoneInClone()
})

test('another app than the example runs without the third party of the example', async () => {
  const commands = async (): Promise<string> =>
    (await Promise.all((await processesInClone()).map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')))).join('\n')
  const usual = await startInClone()
  assert.match(await commands(), /print-shop\/server/, 'it is there otherwise')
  usual.child.kill('SIGTERM')
  await once(usual.child, 'exit')
  await untilNoneInClone()
  const { child } = await startInClone('--config', 'examples/identity-alone/ninefold.config.ts')
  assert.doesNotMatch(await commands(), /print-shop\/server/)
  child.kill('SIGTERM')
  await once(child, 'exit')
  await untilNoneInClone()
})

test('a launcher that is killed takes its children with it', async () => {
  const { child, port } = await startInClone()
  child.kill('SIGKILL')
  await once(child, 'exit')
  await untilNoneInClone()
  await assert.rejects(send({ port, host: `accounts.localhost:${port}`, path: '/healthz' }), { code: 'ECONNREFUSED' })
})
