#!/usr/bin/env node
// The command line of Ninefold: compiled in the package that people install, TypeScript as it is in the repository.
import { existsSync } from 'node:fs'
import module from 'node:module'
import { fileURLToPath } from 'node:url'
import { runChildren, whenNpmIsGone } from './launcher/children.mjs'
import { compileCache, environmentFor, noRuntimeMessage, pickRuntime } from './launcher/runtime.mjs'

const compiled = new URL('../dist/main.js', import.meta.url)
const main = existsSync(compiled) ? compiled : new URL('../src/main.ts', import.meta.url)
const runtime = pickRuntime()

if (runtime === process.execPath) {
  whenNpmIsGone(() => process.kill(process.pid, 'SIGTERM'))
  // For this process, and for those that it starts.
  const cache = compileCache()
  if (cache !== '') module.enableCompileCache(cache)
  process.env.NODE_COMPILE_CACHE = cache
  await import(main.href)
} else if (runtime) {
  const args = [fileURLToPath(main), ...process.argv.slice(2)]
  process.exitCode = await runChildren({ runtime, args, env: environmentFor(runtime) })
} else {
  process.stderr.write(`${noRuntimeMessage()}\n`)
  process.exitCode = 1
}
