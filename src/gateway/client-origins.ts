// The registered origins of clients: whose scripts may call the API and the files.
import { systemCall } from '#kernel/call.ts'
import type { Auth } from '../auth/contract.ts'
import type { Cache } from '../cache/contract.ts'
import type { GatewayFrontend } from './contract.ts'

/** As auth publishes it; a test compares both. */
export const ORIGINS_CHANNEL = 'auth.origins'
const READ_AGAIN_MS = 30_000

export interface ClientOrigins {
  start(): Promise<void>
  stop(): void
  has(origin: string): boolean
  belongsTo(origin: string, clientId: string): boolean
}

/** The registered origins: those of auth's clients, and of the frontends that call the API from another origin. */
export function createClientOrigins(auth: Auth, frontends: readonly GatewayFrontend[], cache: Cache): ClientOrigins {
  let byOrigin = new Map<string, Set<string>>()
  let timer: NodeJS.Timeout | undefined
  let unsubscribe = (): void => {}
  const read = async (): Promise<void> => {
    const next = new Map<string, Set<string>>()
    const add = (origin: string, clientId: string): void => {
      // `null` is what any sandboxed frame sends, and a wildcard is no origin.
      if (origin === 'null' || !URL.canParse(origin) || new URL(origin).origin !== origin) return
      const clients = next.get(origin) ?? new Set()
      next.set(origin, clients.add(clientId))
    }
    for (const { origin, clientId } of await auth.clientOrigins(systemCall('gateway.origins'))) add(origin, clientId)
    for (const frontend of frontends) if (frontend.mode === 'memory') add(frontend.origin, frontend.clientId)
    byOrigin = next
  }
  return {
    async start() {
      await read()
      // A list that cannot be read again is kept: it only says who may read answers, and each of those needs a token.
      const readAgain = (): void => void read().catch(() => {})
      timer = setInterval(readAgain, READ_AGAIN_MS).unref()
      unsubscribe = cache.subscribe(ORIGINS_CHANNEL, readAgain)
    },
    stop() {
      clearInterval(timer)
      unsubscribe()
    },
    has: (origin) => byOrigin.has(origin),
    belongsTo: (origin, clientId) => byOrigin.get(origin)?.has(clientId) === true,
  }
}
