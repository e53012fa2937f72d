// The part of the cache that a gateway uses, which a test can take away.
import type { Cache } from '../../src/cache/contract.ts'

export interface FakeCacheParts {
  readonly cacheFails: boolean
  onRevoked(listener: () => void): () => void
}

export function fakeCache(parts: FakeCacheParts): Cache {
  const seen = new Set<string>()
  const cache: Partial<Cache> = {
    subscribe: (_channel, listener) => parts.onRevoked(() => listener('')),
    async add(_call, key) {
      if (parts.cacheFails) throw new Error('the cache is away')
      const isNew = !seen.has(key)
      seen.add(key)
      return isNew
    },
  }
  // A gateway that asks for more fails the test.
  return cache as Cache
}
