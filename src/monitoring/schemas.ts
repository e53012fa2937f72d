// What the console reads about the platform's state.
import { z } from '#kernel/schema.ts'

export const statusQuery = z.strictObject({
  /** Only seconds after this one, in epoch seconds: the console adds them to those it has. */
  since: z.coerce.number().int().min(0).exactOptional(),
})

const milliseconds = z.number().nullable()

const summary = z.strictObject({
  requestsPerSecond: z.number(),
  errorRatio: z.number(),
  serverErrorRatio: z.number(),
  p50: milliseconds,
  p95: milliseconds,
  p99: milliseconds,
})

const routeRow = z.strictObject({
  method: z.string(),
  site: z.string(),
  route: z.string(),
  requests: z.number(),
  meanMs: z.number(),
  p95Ms: z.number(),
  /** Of all time spent on requests. */
  share: z.number(),
  errors4xx: z.number(),
  errors5xx: z.number(),
})

export const platformStatus = z.strictObject({
  at: z.iso.datetime(),
  /** Of the last minute. */
  now: summary,
  /** Column by column, one entry per second, oldest first. */
  series: z.strictObject({
    second: z.array(z.number()),
    requests: z.array(z.number()),
    errors4xx: z.array(z.number()),
    errors5xx: z.array(z.number()),
    p50: z.array(milliseconds),
    p95: z.array(milliseconds),
    p99: z.array(milliseconds),
  }),
  /** Of the last 15 minutes. */
  routes: z.strictObject({ byTime: z.array(routeRow), byErrors: z.array(routeRow) }),
  process: z.strictObject({
    uptimeSeconds: z.number(),
    cpu: z.number(),
    loopBusy: z.number(),
    loopDelayP99Ms: z.number(),
    rssBytes: z.number(),
    heapUsedBytes: z.number(),
  }),
  requestLog: z.strictObject({ queued: z.number(), dropped: z.number(), retentionDays: z.number(), pseudonyms: z.boolean() }),
  /** Names of what is not ready. */
  notReady: z.array(z.string()),
})
export type PlatformStatus = z.infer<typeof platformStatus>
