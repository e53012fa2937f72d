// The wiring of the cache server.
import { defineServer, idle } from '#kernel/lifecycle.ts'
import type { Cache } from './contract.ts'
import { createMemoryCache, type MemoryCacheParts } from './drivers/memory.ts'

export const cacheServer = defineServer<MemoryCacheParts, Cache>({
  name: 'cache',
  needs: [],
  create: (parts) => idle(createMemoryCache({ ...parts, logger: parts.logger.child({ server: 'cache' }) })),
})
