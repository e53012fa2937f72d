// A bounded queue: when it is full, the oldest goes and is counted. Recording must never wait.

export interface BoundedQueue<T> {
  push(item: T): void
  /** The oldest ones, at most so many. */
  take(limit: number): T[]
  size(): number
  dropped(): number
}

export function createBoundedQueue<T>(capacity: number): BoundedQueue<T> {
  const items: (T | undefined)[] = Array.from({ length: capacity }, () => undefined)
  let first = 0
  let size = 0
  let dropped = 0
  return {
    push(item) {
      if (size === capacity) {
        first = (first + 1) % capacity
        size -= 1
        dropped += 1
      }
      items[(first + size) % capacity] = item
      size += 1
    },
    take(limit) {
      const taken: T[] = []
      for (let count = Math.min(limit, size); count > 0; count -= 1) {
        const item = items[first]
        items[first] = undefined
        first = (first + 1) % capacity
        size -= 1
        if (item !== undefined) taken.push(item)
      }
      return taken
    },
    size: () => size,
    dropped: () => dropped,
  }
}
