// Whose scripts may call: the origins of the app's own clients and of those that operators have registered. Clients that came by themselves are not
// among them: the API would say yes to as many origins as anybody cares to register. At the token endpoint the engine knows the client, and asks it.
import type { Call } from '#kernel/call.ts'
import { systemCall } from '#kernel/call.ts'
import type { Logger } from '#kernel/log.ts'
import type { Cache } from '../../cache/contract.ts'
import type { Database } from '../../database/contract.ts'
import type { Auth } from '../contract.ts'
import { CLIENT_CHANGED, type ClientsRepository } from './repository.ts'

/** Told to gateways when clients have changed: a hint to look again. */
export const ORIGINS_CHANNEL = 'auth.origins'

const PAGE = 500

export interface ClientOriginsParts {
  readonly repository: ClientsRepository
  readonly database: Database
  readonly cache: Cache
  readonly logger: Logger
  readonly fixed: readonly { readonly clientId: string; readonly origins: readonly string[] }[]
}

export interface ClientOrigins {
  list: Auth['clientOrigins']
  /** Follows what any process writes, the command line among them. */
  start(): void
  stop(): void
}

export function createClientOrigins({ repository, database, cache, logger, fixed }: ClientOriginsParts): ClientOrigins {
  let end = (): void => {}
  const pairs = ({ clientId, origins }: { clientId: string; origins: readonly string[] }): { origin: string; clientId: string }[] =>
    origins.map((origin) => ({ origin, clientId }))
  const announce = async (call: Call): Promise<void> => {
    try {
      await cache.publish(call, ORIGINS_CHANNEL, '')
    } catch (error) {
      logger.warn({ error: String(error) }, 'a change of clients could not be announced; gateways find it at their next look')
    }
  }
  return {
    async list(call) {
      const found = fixed.flatMap(pairs)
      let after: string | undefined
      do {
        const page = await repository.list(call, 'operator', { limit: PAGE, ...(after === undefined ? {} : { after }) })
        found.push(...page.items.flatMap(({ value }) => (value.blockedAt === undefined ? pairs(value.definition) : [])))
        after = page.next
      } while (after !== undefined)
      return found
    },
    start() {
      end = database.tail({
        topics: [CLIENT_CHANGED],
        handle: (events) => (events.length === 0 ? undefined : announce(systemCall('auth.clients'))),
      })
    },
    stop: () => end(),
  }
}
