// Authorization servers in processes of their own, which share a database and an issuer with each other, or with the world of a test.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ClientDefinition } from '../../src/auth/clients/contract.ts'
import { type OauthWorld, sitesAt } from './oauth.ts'

const childFile = fileURLToPath(new URL('../fixtures/auth-child.ts', import.meta.url))

/** Known to each of them, beside the print shop. */
export const PROCESS_CLIENTS: readonly ClientDefinition[] = [
  { clientId: 'tv', name: 'Picture Frame', redirectUris: [], origins: [], scopes: ['photos:read'], grants: ['device_code'] },
]

export interface AuthProcess extends Pick<OauthWorld, 'port' | 'sites'> {
  readonly child: ChildProcess
  /** Moves the clock of that process, engine and all. */
  advance(ms: number): Promise<void>
}

export interface AuthProcessSettings {
  readonly file: string
  readonly masterKey: string
  readonly issuerPort: number
  /** `dying`: by SIGKILL, when the database has answered a rotation. */
  readonly mode?: 'dying'
}

export async function startAuthProcess({ file, masterKey, issuerPort, mode }: AuthProcessSettings): Promise<AuthProcess> {
  const args = [childFile, file, masterKey, String(issuerPort), mode ?? '']
  // It ends with its standard input, so that none is left behind by a test that was killed.
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const { stdin, stdout } = child
  let said = ''
  stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const line = async (): Promise<string> => {
    while (!said.includes('\n')) {
      await Promise.race([once(stdout, 'data'), once(child, 'exit')])
      assert.deepEqual([child.exitCode, child.signalCode], [null, null], 'the other process has ended')
    }
    const [first = '', ...rest] = said.split('\n')
    said = rest.join('\n')
    return first
  }
  const [, port] = (await line()).split(' ')
  return {
    port: Number(port),
    sites: sitesAt(issuerPort),
    child,
    async advance(ms) {
      stdin.write(`${ms}\n`)
      assert.equal(await line(), `advanced ${ms}`)
    },
  }
}
