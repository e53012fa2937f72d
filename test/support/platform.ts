// The whole platform as its users meet it: a process of its own with a data folder of its own, reached over HTTP only.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Reply, type Send, send } from './http.ts'
import { scenarioEnvironment } from './scenario-database.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface PlatformProcess {
  readonly port: number
  readonly pid: number
  readonly dataDir: string
  /** The one-time link that start printed. */
  readonly consoleLink: string
  readonly output: () => string
  /** The exit code, once it has ended; none when a signal has ended it. */
  readonly ended: Promise<number | null>
  origin(label: string): string
  /** One request to the host `<label>.localhost`. */
  send(label: string, request: Omit<Send, 'port' | 'host'>): Promise<Reply>
  mails(to: string): Promise<readonly Mail[]>
  /** Stops it in order; the data folder stays unless told. */
  stop(options?: { signal?: NodeJS.Signals; remove?: boolean }): Promise<void>
}

export interface Mail {
  readonly to: string
  readonly subject: string
  readonly text: string
}

export interface StartOptions {
  readonly dataDir?: string
  readonly port?: number
  readonly config?: string
  /** `warn` unless told. */
  readonly logLevel?: 'info' | 'warn'
  /** What is printed after the start is read and thrown away, for runs that log millions of lines. */
  readonly discardOutput?: boolean
  readonly environment?: Readonly<Record<string, string>>
}

/** A port whose successor is free too: the third party listens there. */
export async function freePortPair(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    // Below those that the system gives to connections going out.
    const port = 15_000 + Math.floor(Math.random() * 17_000)
    if ((await isFree(port)) && (await isFree(port + 1))) return port
  }
  throw new Error('No two free ports in a row were found')
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  const free = await new Promise<boolean>((done) => {
    server.once('error', () => done(false))
    server.listen(port, '127.0.0.1', () => done(true))
  })
  if (free) await new Promise((done) => server.close(done))
  return free
}

/** Resolves when the text has appeared in what the process prints; fails, with the output, when it ends before. */
export async function printed(child: ChildProcess, pattern: RegExp, output: () => string): Promise<RegExpExecArray> {
  const found = (): RegExpExecArray | null => pattern.exec(output())
  for (let match = found(); ; match = found()) {
    if (match !== null) return match
    assert.equal(child.exitCode, null, `the process ended early:\n${output()}`)
    await Promise.race([once(child.stdout ?? child, 'data'), once(child, 'exit')])
  }
}

export async function startPlatform(options: StartOptions = {}): Promise<PlatformProcess> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'ninefold-')))
  const port = options.port ?? (await freePortPair())
  const config = options.config ?? 'examples/pixel-diary/ninefold.config.ts'
  const args = [
    'src/main.ts',
    'start',
    '--config',
    config,
    '--port',
    String(port),
    '--data-dir',
    dataDir,
    '--log-level',
    options.logLevel ?? 'warn',
  ]
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...scenarioEnvironment(dataDir), ...options.environment },
  })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  const output = (): string => text
  const ended = once(child, 'close').then(([code]: (number | null)[]) => code ?? null)
  await printed(child, /Ready in (\d+) ms/, output)
  if (options.discardOutput === true) child.stdout.removeAllListeners('data').resume()
  const consoleLink = /(http\S+\/enter\?code=\S+)/.exec(text)?.[1] ?? ''
  const sendTo = (label: string, request: Omit<Send, 'port' | 'host'>): Promise<Reply> =>
    send({ ...request, port, host: `${label}.localhost:${port}` })
  return {
    port,
    pid: child.pid ?? 0,
    dataDir,
    consoleLink,
    output,
    ended,
    origin: (label) => `http://${label}.localhost:${port}`,
    send: sendTo,
    async mails(to) {
      const reply = await sendTo('console', { path: '/mailbox.json' })
      assert.equal(reply.status, 200, reply.body)
      const box = JSON.parse(reply.body) as { items: Mail[] }
      return box.items.filter((mail) => mail.to === to)
    },
    async stop({ signal = 'SIGTERM', remove = false } = {}) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill(signal)
        await once(child, 'exit')
      }
      if (remove) await rm(dataDir, { recursive: true, force: true })
    },
  }
}
