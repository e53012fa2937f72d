// The operators' view of jobs over HTTP. What a job carries is not shown: mails hold one-time links.
import { ok, type Route, route } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { jobsOverview } from './schemas.ts'
import type { JobsService } from './service.ts'

const jobParams = z.strictObject({ id: z.string().min(1).max(200) })

export function jobsRoutes(jobs: JobsService): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/jobs',
      site: 'console',
      allow: { who: 'operator' },
      rate: 'api',
      summary: 'Jobs: counts, recent failures, and figures per name',
      answers: { 200: jobsOverview },
      handle: async (call) => ok(await jobs.overview(call)),
    }),
    route({
      method: 'POST',
      path: '/api/jobs/:id/retry',
      site: 'console',
      allow: { who: 'operator' },
      rate: 'api',
      summary: 'Try a failed job again',
      input: { params: jobParams },
      answers: { 204: 'empty' },
      handle: async (call, { params }) => {
        await jobs.retry(call, params.id)
        return { status: 204 }
      },
    }),
  ]
}
