// What happened in each of the last seconds: a ring of plain number arrays, so that counting a request allocates nothing.
import { BUCKETS, bucketOf, percentile } from './histogram.ts'

/** A power of two above the 15 minutes that the console shows. */
const SLOTS = 1024
export const SHOWN_SECONDS = 900

export interface SecondFigures {
  readonly requests: number
  readonly errors4xx: number
  readonly errors5xx: number
  readonly p50: number | undefined
  readonly p95: number | undefined
  readonly p99: number | undefined
}

export interface Seconds {
  add(second: number, status: number, durationMs: number): void
  /** All seconds from the first to the last, both included, as one. */
  over(first: number, last: number): SecondFigures
}

export function createSeconds(): Seconds {
  const second = new Float64Array(SLOTS)
  const requests = new Uint32Array(SLOTS)
  const errors4xx = new Uint32Array(SLOTS)
  const errors5xx = new Uint32Array(SLOTS)
  const latencies = new Uint32Array(SLOTS * BUCKETS)
  const sum = new Float64Array(BUCKETS)

  const begin = (slot: number, at: number): void => {
    second[slot] = at
    requests[slot] = 0
    errors4xx[slot] = 0
    errors5xx[slot] = 0
    latencies.fill(0, slot * BUCKETS, (slot + 1) * BUCKETS)
  }

  return {
    add(at, status, durationMs) {
      const slot = at % SLOTS
      if (second[slot] !== at) begin(slot, at)
      requests[slot] = (requests[slot] ?? 0) + 1
      if (status >= 500) errors5xx[slot] = (errors5xx[slot] ?? 0) + 1
      else if (status >= 400) errors4xx[slot] = (errors4xx[slot] ?? 0) + 1
      const place = slot * BUCKETS + bucketOf(durationMs)
      latencies[place] = (latencies[place] ?? 0) + 1
    },
    over(first, last) {
      const total = { requests: 0, errors4xx: 0, errors5xx: 0 }
      sum.fill(0)
      for (let at = Math.max(first, last - SLOTS + 1); at <= last; at += 1) {
        const slot = at % SLOTS
        if (second[slot] !== at) continue
        total.requests += requests[slot] ?? 0
        total.errors4xx += errors4xx[slot] ?? 0
        total.errors5xx += errors5xx[slot] ?? 0
        for (let bucket = 0; bucket < BUCKETS; bucket += 1) sum[bucket] = (sum[bucket] ?? 0) + (latencies[slot * BUCKETS + bucket] ?? 0)
      }
      return { ...total, p50: percentile(sum, 0.5), p95: percentile(sum, 0.95), p99: percentile(sum, 0.99) }
    },
  }
}
