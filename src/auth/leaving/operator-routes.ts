// The API for operators: blocking somebody, and letting them in again. Addresses are in bodies, since those of requests are logged.
import { ok, type Route, route } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { authErrors } from '../errors.ts'
import type { Leaving } from './service.ts'

export function standingRoutes({ suspend }: Pick<Leaving, 'suspend'>): readonly Route[] {
  const one = (path: string, { suspended, summary }: { readonly suspended: boolean; readonly summary: string }): Route =>
    route({
      site: 'console',
      allow: { who: 'operator' },
      rate: 'api',
      method: 'POST',
      path,
      summary,
      body: 'json',
      input: { body: z.strictObject({ email: z.string().min(3).max(320) }) },
      answers: { 200: z.strictObject({ accountId: z.string(), suspended: z.boolean() }) },
      async handle(call, { body }) {
        const standing = await suspend(call, body.email, suspended)
        if (standing === undefined) throw authErrors.account_not_found({ detail: 'Nobody has this address.' })
        return ok(standing)
      },
    })
  return [
    one('/api/accounts/block', { suspended: true, summary: 'Block somebody: every session and token of theirs ends within a second' }),
    one('/api/accounts/unblock', { suspended: false, summary: 'Let somebody in again who was blocked' }),
  ]
}
