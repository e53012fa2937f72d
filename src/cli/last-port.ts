// The port that the platform on a data folder has, for commands beside it: what they print and mail leads to where it listens.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const FILE = 'port'

export function keepPort(dataDir: string, port: number): void {
  writeFileSync(join(dataDir, FILE), `${port}\n`, { mode: 0o600 })
}

/** Of the one that was started last. */
export function lastPort(dataDir: string): number | undefined {
  try {
    const port = Number(readFileSync(join(dataDir, FILE), 'utf8'))
    return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined
  } catch {
    return undefined
  }
}
