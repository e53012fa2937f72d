// Authorization servers in processes of their own, which share a database and an issuer with each other, or with the world of a test.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ClientDefinition } from '../../src/auth/clients/contract.ts'
import { type OauthWorld, sitesAt } from './oauth.ts'

const childFile = fileURLToPath(new URL('../fixtures/auth-child.ts', import.meta.url))

export const SHOP_SECRET = 'a secret of a shop with forty characters'

/** Known to each of them, beside the print shop. */
export const PROCESS_CLIENTS: readonly ClientDefinition[] = [
  { clientId: 'tv', name: 'Picture Frame', redirectUris: [], origins: [], scopes: ['photos:read'], grants: ['device_code'] },
  {
    clientId: 'shop',
    name: 'Shop',
    redirectUris: ['https://shop.example/callback'],
    origins: [],
    scopes: ['photos:read'],
    authentication: { method: 'client_secret_basic', secretHashes: [createHash('sha256').update(SHOP_SECRET).digest('base64url')] },
  },
]

/** What such a process does beside serving. */
export interface AuthCommands {
  /** Moves its clock, engine and all. */
  advance(ms: number): Promise<void>
  rotateKeysNow(): Promise<void>
  /** Whether every role hears of it. */
  revokeKey(kid: string): Promise<boolean>
}

export interface AuthProcess extends Pick<OauthWorld, 'port' | 'sites'>, AuthCommands {
  readonly child: ChildProcess
}

export interface AuthProcessSettings {
  readonly file: string
  readonly masterKey: string
  readonly issuerPort: number
  /** `dying`: by SIGKILL, when the database has answered a rotation. `brief`: nobody stays signed in for longer than 30 days. */
  readonly mode?: 'dying' | 'brief' | undefined
}

export async function startAuthProcess({ file, masterKey, issuerPort, mode }: AuthProcessSettings): Promise<AuthProcess> {
  const args = [childFile, file, masterKey, String(issuerPort), mode ?? '']
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const { stdin, stdout } = child
  let said = ''
  stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const heard = async (): Promise<unknown> => {
    while (!said.includes('\n')) {
      await Promise.race([once(stdout, 'data'), once(child, 'exit')])
      assert.deepEqual([child.exitCode, child.signalCode], [null, null], 'the other process has ended')
    }
    const end = said.indexOf('\n')
    const line = said.slice(0, end)
    said = said.slice(end + 1)
    return JSON.parse(line)
  }
  const ask = (name: keyof AuthCommands, value?: unknown): Promise<unknown> => {
    stdin.write(`${JSON.stringify({ name, value })}\n`)
    return heard()
  }
  return {
    port: Number(await heard()),
    sites: sitesAt(issuerPort),
    child,
    advance: async (ms) => void (await ask('advance', ms)),
    rotateKeysNow: async () => void (await ask('rotateKeysNow')),
    revokeKey: async (kid) => (await ask('revokeKey', kid)) === true,
  }
}
