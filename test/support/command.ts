// One command of the command line in a process of its own, and what it printed.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** On the example app, unless told. */
export async function ninefold(
  words: readonly string[],
  options: { readonly environment?: Readonly<Record<string, string>>; readonly input?: string; readonly config?: string } = {},
): Promise<Ran> {
  const { environment = {}, input, config = 'examples/pixel-diary/ninefold.config.ts' } = options
  const child = spawn(process.execPath, ['src/main.ts', ...words, '--config', config], {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    out += chunk.toString()
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    err += chunk.toString()
  })
  child.stdin?.end(input)
  const timer = setTimeout(() => child.kill('SIGKILL'), 110_000)
  const [code] = (await once(child, 'close')) as [number | null]
  clearTimeout(timer)
  return { code, out, err }
}
