// Builds the web apps whose sources changed since their last build.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'

const NO_SOURCE = new Set(['dist', 'node_modules', '.ninefold'])

/** Every web app of this repository: a folder with a vite.config.ts. */
function frontends(root) {
  const examples = existsSync(join(root, 'examples')) ? readdirSync(join(root, 'examples')).map((name) => join('examples', name)) : []
  return ['console', ...examples].filter((folder) => existsSync(join(root, folder, 'vite.config.ts')))
}

function filesBelow(folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !NO_SOURCE.has(entry.name))
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)]))
}

function sourceHash(root, folder) {
  const hash = createHash('sha256')
  const files = [...filesBelow(join(root, folder)), ...filesBelow(join(root, 'client')), join(root, 'package-lock.json')]
  for (const file of files.sort((a, b) => (a < b ? -1 : 1)))
    hash.update(relative(root, file)).update('\0').update(readFileSync(file)).update('\0')
  return hash.digest('hex')
}

// The folder is the current one and not an argument: its config may name another root.
function viteBuild({ root, folder, runtime, env }) {
  const dist = join(root, folder, 'dist')
  const args = [join(root, 'node_modules', 'vite', 'bin', 'vite.js'), 'build', '--outDir', dist, '--emptyOutDir', '--logLevel', 'warn']
  return new Promise((resolve, reject) => {
    const output = []
    const child = spawn(runtime, args, { cwd: join(root, folder), env, stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.on('data', (chunk) => output.push(chunk))
    child.stderr.on('data', (chunk) => output.push(chunk))
    child.on('error', reject)
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`Building ${folder} failed.\n${Buffer.concat(output).toString()}`)),
    )
  })
}

async function buildIfStale({ root, folder, runtime, env, say }) {
  const stamp = join(root, folder, 'dist', '.stamp')
  const hash = sourceHash(root, folder)
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return
  const startedAt = Date.now()
  await viteBuild({ root, folder, runtime, env })
  writeFileSync(stamp, hash)
  say(`Built ${folder} in ${((Date.now() - startedAt) / 1000).toFixed(1)} s.`)
}

export async function buildFrontends({ root, runtime, env, say }) {
  await Promise.all(frontends(root).map((folder) => buildIfStale({ root, folder, runtime, env, say })))
}
