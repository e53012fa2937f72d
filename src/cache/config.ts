// The settings of the cache.
import { setting } from '#kernel/setting.ts'

export const cacheConfig = {
  maxBytes: setting.integer({ default: 64 * 1024 * 1024, min: 1024 * 1024, max: 2 ** 40, about: 'Most bytes that the memory cache holds' }),
}
