#!/usr/bin/env node
// Every npm script starts here, on any Node from 18 on: install what is missing, pick the runtime, build what is stale, run.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runChildren } from './launcher/children.mjs'
import { buildFrontends } from './launcher/frontends.mjs'
import { ensureInstalled } from './launcher/install.mjs'
import { choosePort } from './launcher/port.mjs'
import { environmentFor, noRuntimeMessage, pickRuntime } from './launcher/runtime.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const say = (line) => process.stderr.write(`${line}\n`)

const MAIN = 'src/main.ts'
const APP = ['--config', 'examples/pixel-diary/ninefold.config.ts']

const COMMANDS = {
  start: { args: [MAIN, 'start', ...APP], builds: true, withThirdParty: true },
  dev: { nodeArgs: ['--watch'], args: [MAIN, 'start', ...APP], builds: true, withThirdParty: true },
  test: { args: ['scripts/test.ts'], builds: true },
  check: { args: ['scripts/check.ts'] },
  'switch-off': { args: ['scripts/switch-off.ts'], builds: true },
  format: { args: ['node_modules/@biomejs/biome/bin/biome', 'format', '--write'] },
  generate: { args: ['scripts/generate.ts'] },
  bench: { args: ['bench/run.ts'], builds: true },
  build: { args: ['scripts/build-package.ts'], builds: true },
}

/** The app that signs people in with ours: a program of its own, as it would be anywhere else. It listens one port above. */
function thirdParty(port) {
  const server = 'examples/print-shop/server.ts'
  if (!existsSync(join(root, server))) return []
  const args = [server, '--quiet', '--port', String(port + 1), '--provider', `http://accounts.localhost:${port}`]
  return [{ args, onEnd: (why) => say(`The third-party example stopped (${why}); the platform runs on.`) }]
}

/** `npm start -- routes` and the other commands of the program itself, on the example app. */
function commandOf(name, userArgs) {
  const [own, ...rest] = userArgs
  if (name === 'start' && own !== undefined && !own.startsWith('-'))
    return { command: { args: [MAIN, own, ...APP], builds: true }, userArgs: rest }
  return { command: Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined, userArgs }
}

async function launch([name = 'start', ...words]) {
  const { command, userArgs } = commandOf(name, words)
  if (!command) throw new Error(`Unknown command "${name}". There are: ${Object.keys(COMMANDS).join(', ')}.`)
  ensureInstalled(root, say)
  const runtime = pickRuntime()
  if (!runtime) throw new Error(noRuntimeMessage())
  const env = environmentFor(runtime)
  const main = { runtime, cwd: root, env, nodeArgs: command.nodeArgs, args: [...command.args, ...userArgs] }
  if (userArgs.includes('--help') || userArgs.includes('-h')) return runChildren(main)
  if (command.builds) await buildFrontends({ root, runtime, env, say })
  // The third party knows the example app; whoever brings another one brings what goes with it.
  const isOther = userArgs.some((word) => /^--config(?:=|$)/.test(word))
  if (!command.withThirdParty || isOther) return runChildren(main)
  const port = await choosePort({ root, userArgs })
  if (port === undefined) return runChildren(main)
  const companions = thirdParty(port).map((companion) => ({ runtime, cwd: root, env, ...companion }))
  return runChildren({ ...main, args: [...main.args, '--port', String(port)] }, companions)
}

try {
  process.exitCode = await launch(process.argv.slice(2))
} catch (error) {
  say(error.message)
  process.exitCode = 1
}
