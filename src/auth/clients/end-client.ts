// What a removed client leaves behind ends: its tokens, and what people have allowed it. As a job that the removal asks for, no crash in between
// leaves a token that works.
import { type JobDefinition, job } from '#kernel/job.ts'
import type { Call } from '#kernel/call.ts'
import { z } from '#kernel/schema.ts'

export const END_CLIENT = 'auth.end_client'

export function endClientJob(end: (call: Call, clientId: string) => Promise<void>): JobDefinition {
  return job({
    name: END_CLIENT,
    input: z.strictObject({ clientId: z.string() }),
    handle: ({ call }, { clientId }) => end(call, clientId),
  })
}
