// Makes node_modules what the lock file says, and is silent and quick when it is already.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'))

/** npm writes this list at the end of an install, so an install that was cut short has none. */
function installedAsLocked(root) {
  const installed = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(installed)) return false
  const wanted = Object.entries(readJson(join(root, 'package-lock.json')).packages)
  const present = readJson(installed).packages
  // An optional package is for some machines only.
  return wanted.every(([path, entry]) => path === '' || entry.optional || entry.devOptional || present[path]?.version === entry.version)
}

/** npm as this very run of npm was started; else the one on the PATH. */
function npmCommand() {
  const script = process.env.npm_execpath
  if (script && /npm-cli\.[cm]?js$/.test(script)) return { file: process.env.npm_node_execpath ?? process.execPath, first: [script] }
  return { file: process.platform === 'win32' ? 'npm.cmd' : 'npm', first: [], shell: process.platform === 'win32' }
}

function install(root, say) {
  say('Installing packages (npm ci); the first time takes a minute.')
  const { file, first, shell = false } = npmCommand()
  const args = [...first, 'ci', '--include=dev', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']
  const done = spawnSync(file, args, { cwd: root, shell, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  if (done.status === 0) return
  const words = `${done.stdout ?? ''}${done.stderr ?? ''}`.trim()
  // After its reasons npm prints its whole manual page.
  if (words) say(words.split('\n').slice(0, 20).join('\n'))
  const offline = /ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|ENOTCACHED/.test(words)
  const why = done.error
    ? `npm could not be started (${done.error.message})`
    : offline
      ? 'the npm registry did not answer'
      : 'npm ci failed'
  throw new Error(`Could not install the packages: ${why}. Mend that and run the same command again.`)
}

export function ensureInstalled(root, say) {
  const stamp = join(root, 'node_modules', '.ninefold-stamp')
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return
  if (!installedAsLocked(root)) install(root, say)
  writeFileSync(stamp, lock)
}
