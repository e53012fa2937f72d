// The API for operators: inviting people. Addresses are in bodies, since those of requests are logged.
import { ok, type Route, route } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { authErrors } from '../errors.ts'
import type { Inviting } from './service.ts'

const common = { site: 'console', allow: { who: 'operator' }, rate: 'api' } as const
const body = z.strictObject({ email: z.string().min(3).max(320) })
const invited = z.strictObject({ email: z.string(), invitedAt: z.int(), expiresAt: z.int() })

export function admissionRoutes(admission: Inviting): readonly Route[] {
  return [
    route({
      ...common,
      method: 'GET',
      path: '/api/invitations',
      summary: 'Who is invited to sign up and has not done so, newest first',
      input: { query: z.strictObject({ after: z.string().max(2000).exactOptional() }) },
      answers: { 200: z.strictObject({ items: z.array(invited), next: z.string().exactOptional() }) },
      handle: async (call, { query }) => ok(await admission.invitations(call, query.after)),
    }),
    route({
      ...common,
      method: 'POST',
      path: '/api/invitations',
      summary: 'Invite somebody to sign up; the mail is sent, and the address may have an account for 14 days',
      body: 'json',
      input: { body },
      answers: { 201: z.strictObject({ email: z.string(), expiresAt: z.int() }) },
      handle: async (call, { body: { email } }) => ({ status: 201, body: { json: await admission.invite(call, email) } }),
    }),
    route({
      ...common,
      method: 'POST',
      path: '/api/invitations/withdraw',
      summary: 'Withdraw an invitation to sign up: the address may not have an account by it any more',
      body: 'json',
      input: { body },
      answers: { 204: 'empty' },
      handle: async (call, { body: { email } }) => {
        if (!(await admission.withdrawInvitation(call, email)))
          throw authErrors.invitation_not_found({ detail: 'Nobody with this address is invited, or they have signed up.' })
        return { status: 204 }
      },
    }),
  ]
}
