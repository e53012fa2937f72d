// The API for operators: inviting people.
import { type Route, route } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import type { Admission } from './service.ts'

export function admissionRoutes(admission: Admission): readonly Route[] {
  return [
    route({
      site: 'console',
      allow: { who: 'operator' },
      rate: 'api',
      method: 'POST',
      path: '/api/invitations',
      summary: 'Invite somebody to sign up; the mail is sent, and the address may have an account for 14 days',
      body: 'json',
      input: { body: z.strictObject({ email: z.string().min(3).max(320) }) },
      answers: { 201: z.strictObject({ email: z.string(), expiresAt: z.int() }) },
      handle: async (call, { body }) => ({ status: 201, body: { json: await admission.invite(call, body.email) } }),
    }),
  ]
}
