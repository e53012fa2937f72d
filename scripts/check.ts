// npm run check: everything that can be said about the code without running it. Two checks at a time, told in order.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

interface Check {
  readonly name: string
  readonly bin: string
  readonly args: readonly string[]
}

const root = fileURLToPath(new URL('..', import.meta.url))
const AT_ONCE = 2
const folders = ['src', 'test', 'bench', 'client', 'console', 'examples', 'scripts', 'bin'].filter((folder) =>
  existsSync(join(root, folder)),
)
const cruised = folders.filter((folder) => folder !== 'test' && folder !== 'bin')

const checks: readonly Check[] = [
  { name: 'types', bin: 'tsc', args: ['--project', '.'] },
  { name: 'types (web)', bin: 'tsc', args: ['--project', 'tsconfig.web.json'] },
  { name: 'lint', bin: 'oxlint', args: ['--type-aware', '--deny-warnings', ...folders] },
  { name: 'format', bin: 'biome', args: ['format', '--reporter=summary'] },
  { name: 'boundaries', bin: 'depcruise', args: [...cruised, '--config', '.dependency-cruiser.mjs'] },
  { name: 'dead code', bin: 'knip', args: ['--no-progress'] },
]

function run({ bin, args }: Check): Promise<{ ok: boolean; output: string; seconds: number }> {
  const startedAt = performance.now()
  const child = spawn(process.execPath, [join(root, 'node_modules', '.bin', bin), ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const keep = (chunk: string): void => {
    output += chunk
  }
  child.stdout.setEncoding('utf8').on('data', keep)
  child.stderr.setEncoding('utf8').on('data', keep)
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ ok: false, output: error.message, seconds: 0 }))
    child.once('close', (code) => resolve({ ok: code === 0, output, seconds: (performance.now() - startedAt) / 1000 }))
  })
}

const queue = [...checks]
async function worker(): Promise<void> {
  for (let check = queue.shift(); check !== undefined; check = queue.shift()) {
    const { ok, output, seconds } = await run(check)
    process.stdout.write(`${ok ? 'ok  ' : 'FAIL'} ${check.name}  ${seconds.toFixed(1)} s\n${ok ? '' : `${output.trim()}\n\n`}`)
    if (!ok) process.exitCode = 1
  }
}

await Promise.all(Array.from({ length: AT_ONCE }, worker))
