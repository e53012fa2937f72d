// Latencies in buckets that grow by a fourth root of two, from 0.05 ms to a minute and more: any percentile within 10 per cent, at the cost of one logarithm.

const LEAST_MS = 0.05
const STEPS_PER_DOUBLING = 4

export const BUCKETS = 84

export function bucketOf(ms: number): number {
  if (!(ms > LEAST_MS)) return 0
  return Math.min(BUCKETS - 1, Math.ceil(Math.log2(ms / LEAST_MS) * STEPS_PER_DOUBLING))
}

/** The greatest latency of a bucket, inclusive. The last one has no end. */
export function bucketEndMs(bucket: number): number {
  return LEAST_MS * 2 ** (bucket / STEPS_PER_DOUBLING)
}

export interface Counts {
  readonly length: number
  readonly [bucket: number]: number
}

/** The latency below which this share (0 to 1) of the requests was, or `undefined` when there were none. `at` is where the buckets begin. */
export function percentile(counts: Counts, share: number, at = 0): number | undefined {
  let total = 0
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) total += counts[at + bucket] ?? 0
  if (total === 0) return undefined
  let below = 0
  const rank = share * total
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
    const here = counts[at + bucket] ?? 0
    if (here > 0 && below + here >= rank) {
      const start = bucket === 0 ? 0 : bucketEndMs(bucket - 1)
      return start + (bucketEndMs(bucket) - start) * ((rank - below) / here)
    }
    below += here
  }
  return bucketEndMs(BUCKETS - 1)
}
