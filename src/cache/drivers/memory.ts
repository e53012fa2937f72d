// The cache in this process: the most recently used entries, within a budget of bytes.
import { LRUCache } from 'lru-cache'
import type { Clock } from '#kernel/clock.ts'
import type { Logger } from '#kernel/log.ts'
import type { Cache } from '../contract.ts'
import { cacheErrors } from '../errors.ts'

export interface MemoryCacheParts {
  readonly maxBytes: number
  readonly clock: Clock
  readonly logger: Logger
}

/** What an entry costs beside its text: the maps, the lists and the headers of two strings, measured generously. */
const ENTRY_BYTES = 200
/** One value may take this part of the budget, so that it cannot push out everything else. */
const LARGEST_PART = 16

export function createMemoryCache({ maxBytes, clock, logger }: MemoryCacheParts): Cache {
  const entries = new LRUCache<string, string>({
    maxSize: maxBytes,
    maxEntrySize: Math.floor(maxBytes / LARGEST_PART),
    sizeCalculation: sizeOf,
    ttlResolution: 0,
    // The library takes 0 for no time at all.
    perf: { now: () => clock.now() + 1 },
  })
  const channels = createChannels(logger)

  const put = (key: string, value: string, ttlMs: number): void => {
    if (sizeOf(value, key) > entries.maxEntrySize) {
      throw cacheErrors.too_large({
        detail: `A value of ${value.length} characters does not fit; the largest is about ${entries.maxEntrySize / 2}.`,
      })
    }
    if (!(ttlMs > 0)) throw new RangeError('A cache entry needs a lifetime.')
    entries.set(key, value, { ttl: ttlMs })
  }

  return {
    async get(_call, key) {
      return entries.get(key)
    },
    // oxlint-disable-next-line eslint/max-params -- the contract: the call, the key, the value, and how long
    async set(_call, key, value, { ttlMs }) {
      put(key, value, ttlMs)
    },
    // oxlint-disable-next-line eslint/max-params -- as above
    async add(_call, key, value, { ttlMs }) {
      if (entries.has(key)) return false
      put(key, value, ttlMs)
      return true
    },
    async increment(_call, key, { by, ttlMs }) {
      const before = entries.get(key)
      if (before === undefined) {
        put(key, String(by), ttlMs)
        return by
      }
      const sum = Number(before) + by
      if (before.trim() === '' || !Number.isFinite(sum))
        throw cacheErrors.not_a_number({ detail: 'Only a key that was made by increment can be incremented.' })
      // The lifetime goes on as it was. In its last millisecond the rest is 0, which the library takes for no end.
      entries.set(key, String(sum), { ttl: Math.max(1, entries.getRemainingTTL(key)) })
      return sum
    },
    async delete(_call, key) {
      entries.delete(key)
    },
    async publish(_call, channel, message) {
      channels.publish(channel, message)
    },
    subscribe: (channel, listener) => channels.subscribe(channel, listener),
  }
}

// Two bytes per character: exact for text beyond Latin-1, an upper bound for the rest.
function sizeOf(value: string, key: string): number {
  return ENTRY_BYTES + 2 * (key.length + value.length)
}

type Listener = (message: string) => void

function createChannels(logger: Logger): {
  publish(channel: string, message: string): void
  subscribe(channel: string, listener: Listener): () => void
} {
  const channels = new Map<string, Set<{ readonly listener: Listener }>>()
  return {
    publish(channel, message) {
      const subscribers = channels.get(channel) ?? new Set()
      for (const subscriber of subscribers) {
        // Like a message from another machine: not before the publisher has gone on, and no concern of its own if a listener fails.
        queueMicrotask(() => {
          if (!subscribers.has(subscriber)) return
          try {
            subscriber.listener(message)
          } catch (error) {
            logger.error({ err: error, channel }, 'a cache listener failed')
          }
        })
      }
    },
    subscribe(channel, listener) {
      const subscriber = { listener }
      const subscribers = channels.get(channel) ?? new Set()
      subscribers.add(subscriber)
      channels.set(channel, subscribers)
      return () => {
        subscribers.delete(subscriber)
        if (subscribers.size === 0 && channels.get(channel) === subscribers) channels.delete(channel)
      }
    },
  }
}
