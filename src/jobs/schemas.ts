// Shapes of jobs: as they are stored, as they are asked for, and as the console reads them.
import type { JobRequest } from '#kernel/job.ts'
import { type Schema, z } from '#kernel/schema.ts'

export const jobState = z.enum(['waiting', 'running', 'failed', 'done'])
export type JobState = z.infer<typeof jobState>

export const jobRecord = z.object({
  id: z.string().min(1).max(200),
  name: z.string().max(200),
  /** Absent once done: what a mail said is nobody's business afterwards. */
  input: z.json().exactOptional(),
  state: jobState,
  /** Waiting: not before. Running: when the lease ends. Failed and done: when it ended. */
  at: z.number(),
  createdAt: z.number(),
  /** How often it was claimed. Grows with every claim and never shrinks, so that it is the fencing token too. */
  attempt: z.int().min(0),
  /** Claims that do not count as tries: given back at a stop, or before an operator's retry. */
  forgiven: z.int().min(0),
  /** Claims whose worker vanished. */
  lostLeases: z.int().min(0),
  /** The unique key, for as long as the job waits or runs. */
  liveKey: z.string().max(500).exactOptional(),
  /** The unique key that it was asked for with, for a retry. */
  uniqueKey: z.string().max(500).exactOptional(),
  startedAt: z.number().exactOptional(),
  lastError: z.string().max(2000).exactOptional(),
  expiresAt: z.number().exactOptional(),
})
export type JobRecord = z.infer<typeof jobRecord>

export const jobRequest = z.strictObject({
  name: z.string().min(1).max(200),
  input: z.json(),
  delayMs: z.number().min(0).exactOptional(),
  uniqueKey: z.string().min(1).max(250).exactOptional(),
}) satisfies Schema<JobRequest>
export type ParsedRequest = z.infer<typeof jobRequest>

const when = z.iso.datetime()

export const failureSummary = z.strictObject({
  id: z.string(),
  name: z.string(),
  attempts: z.int(),
  lastError: z.string(),
  createdAt: when,
  failedAt: when,
})

export const nameSummary = z.strictObject({
  name: z.string(),
  everyMs: z.number().exactOptional(),
  /** Of this process since it started. */
  done: z.int(),
  failedTries: z.int(),
  meanMs: z.number(),
  lastEndedAt: when.exactOptional(),
  waiting: z.int(),
  running: z.int(),
  failed: z.int(),
})

const count = z.strictObject({ jobs: z.int(), /** There are more than were counted. */ more: z.boolean() })

export const jobsOverview = z.strictObject({
  counts: z.strictObject({ waiting: count, running: count, failed: count }),
  /** How long the longest overdue job has been waiting for a worker. */
  overdueMs: z.number(),
  failures: z.array(failureSummary),
  names: z.array(nameSummary),
})
export type JobsOverview = z.infer<typeof jobsOverview>
