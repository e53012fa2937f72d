// The API for operators: finding people. Addresses are in bodies, since those of requests are logged; a cursor has one in it, too.
import { ok, type Route, route } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { authErrors } from '../errors.ts'
import type { Finding } from './contract.ts'
import { accountList, accountQuery, accountView } from './schemas.ts'

const common = { site: 'console', allow: { who: 'operator' }, rate: 'api', method: 'POST', body: 'json' } as const
const whom = z.union([z.strictObject({ email: z.string().min(3).max(320) }), z.strictObject({ accountId: z.string().min(1).max(100) })])

export function findingRoutes(finding: Finding): readonly Route[] {
  return [
    route({
      ...common,
      path: '/api/accounts/find',
      summary: 'Accounts by address, or by the beginning of one; everybody without it. At most 100 at a time',
      input: { body: accountQuery },
      answers: { 200: accountList },
      handle: async (call, { body }) => ok(await finding.list(call, body)),
    }),
    route({
      ...common,
      path: '/api/accounts/view',
      summary: 'One account, by address or id: its sessions, apps, ways to sign in, and the newest 50 security events',
      input: { body: whom },
      answers: { 200: accountView },
      async handle(call, { body }) {
        const found = await finding.view(call, body)
        if (found === undefined) throw authErrors.account_not_found({ detail: 'Nobody has this address or id.' })
        return ok(found)
      },
    }),
  ]
}
