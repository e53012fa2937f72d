// Where the master key comes from: the environment, a file, a command (a key management service), or in development a file that is made at the first start.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type Config, keyProblems } from '../config.ts'
import { Secret } from '../kernel/secret.ts'
import { CommandError } from './command-line.ts'

const COMMAND_TIMEOUT_MS = 20_000
const MAX_OUTPUT = 16_384

/** `undefined` when it is nowhere yet. */
export async function presentMasterKey({ platform }: Config): Promise<Secret | undefined> {
  if (platform.masterKey !== undefined) return platform.masterKey
  if (platform.masterKeyCommand !== undefined) return keyFromCommand(platform.masterKeyCommand)
  const file = masterKeyFile(platform.dataDir)
  if (!existsSync(file)) return undefined
  const key = readFileSync(file, 'utf8').trim()
  if (keyProblems(key).length > 0) {
    throw new CommandError(`${resolve(file)} does not hold a master key. Put the right one back; delete it only if there is no data yet.`)
  }
  return new Secret(key)
}

/** Outside `database/` and `files/`, so that a backup of the data does not hold the key that opens it. */
export function masterKeyFile(dataDir: string): string {
  return join(dataDir, 'keys', 'master.key')
}

/** To look needs no key that opens anything, and leaves no trace. */
export async function masterKeyOf(config: Config, purpose: 'run' | 'look'): Promise<Secret> {
  const present = await presentMasterKey(config)
  if (present !== undefined) return present
  if (purpose === 'look') return new Secret(newKey())
  makeKeyFile(masterKeyFile(config.platform.dataDir))
  return masterKeyOf(config, purpose)
}

function newKey(): string {
  return randomBytes(32).toString('base64url')
}

/**
 * The output is the key and nothing else. What the command says of its failure is not repeated: it may quote what it was given. Ended as a group, so
 * that nothing that it has started stays.
 */
export async function keyFromCommand(command: Secret, timeoutMs = COMMAND_TIMEOUT_MS): Promise<Secret> {
  const child = spawn('/bin/sh', ['-c', command.reveal()], { stdio: ['ignore', 'pipe', 'ignore'], detached: true })
  const end = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
    child.stdout.destroy()
  }
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    end()
  }, timeoutMs)
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString('utf8')
    if (output.length > MAX_OUTPUT) end()
  })
  await once(child, 'close')
  const { exitCode } = child
  clearTimeout(timer)
  if (isLate) throw refused(`was not done after ${timeoutMs / 1000} seconds`)
  if (output.length > MAX_OUTPUT) throw refused('printed more than a key')
  if (exitCode !== 0) throw refused(`ended with ${String(exitCode)}`)
  const key = output.trim()
  if (keyProblems(key).length > 0) throw refused('did not print a master key')
  return new Secret(key)
}

function refused(what: string): CommandError {
  return new CommandError(`NINEFOLD_MASTER_KEY_COMMAND ${what}. Run it by hand to see why.`)
}

/** Whole and on disk before it has its name: a key that is half there, or gone after a power cut, costs the data. The first of two starts wins. */
function makeKeyFile(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  writeFileSync(draft, `${newKey()}\n`, { mode: 0o600, flag: 'wx', flush: true })
  try {
    linkSync(draft, file)
  } catch (error) {
    if (!existsSync(file)) throw error
  } finally {
    unlinkSync(draft)
  }
}
