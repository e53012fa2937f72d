// The port that the platform will listen on, known before it starts: the third-party example needs its address.
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

const VARIABLE = 'NINEFOLD_GATEWAY_PORT'
const DEFAULT_PORT = 8080

function optionValue(args, name) {
  const at = args.findLastIndex((arg) => arg === name || arg.startsWith(`${name}=`))
  if (at < 0) return undefined
  return args[at].includes('=') ? args[at].slice(name.length + 1) : args[at + 1]
}

function fromDotEnv(root) {
  const file = join(root, '.env')
  if (!existsSync(file)) return undefined
  return new RegExp(`^\\s*(?:export\\s+)?${VARIABLE}\\s*=\\s*["']?(\\d+)`, 'm').exec(readFileSync(file, 'utf8'))?.[1]
}

/** Resolves with the port that was bound and is free again. */
function freePort(port) {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen(port, '127.0.0.1', () => {
      const { port: bound } = server.address()
      server.close(() => resolve(bound))
    })
  })
}

/** A free port whose successor is free too. */
async function freePair() {
  for (let tries = 0; tries < 20; tries += 1) {
    const port = await freePort(0)
    if (port && port < 65_535 && (await freePort(port + 1))) return port
  }
  throw new Error('No two free ports in a row were found.')
}

/** Undefined when what was asked for is no port: the program itself says so best. */
export async function choosePort({ root, userArgs }) {
  const asked = Number(optionValue(userArgs, '--port') ?? process.env[VARIABLE] ?? fromDotEnv(root) ?? DEFAULT_PORT)
  if (asked === 0) return freePair()
  return Number.isInteger(asked) ? asked : undefined
}
