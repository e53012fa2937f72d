// Where password managers look: the page on which a password is changed (W3C, A Well-Known URL for Changing Passwords), and the ones on which passkeys are
// made and kept (W3C, A Well-Known URL for Relying Party Passkey Endpoints). Each is there when there is something to change.
import { ok, type Route, route, seeOther } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import type { PageParts } from './handling.ts'

const open = { method: 'GET', site: 'accounts', allow: { who: 'anyone' }, rate: 'page' } as const
const endpoints = z.strictObject({ enroll: z.string(), manage: z.string() })

export function wellKnownRoutes({ methods }: Pick<PageParts, 'methods'>): Route[] {
  return [...(methods.password ? [changePassword] : []), ...(methods.passkey ? [passkeyEndpoints] : [])]
}

const changePassword = route({
  ...open,
  path: '/.well-known/change-password',
  summary: 'Leads to where the password is changed',
  answers: { 303: 'empty' },
  handle: async () => seeOther('/account#password'),
})

const passkeyEndpoints = route({
  ...open,
  path: '/.well-known/passkey-endpoints',
  summary: 'Where passkeys are made and kept',
  answers: { 200: endpoints },
  handle: async (_call, _input, { origin }) =>
    ok({ enroll: `${origin}/account/passkeys/add`, manage: `${origin}/account#passkeys` }, { 'cache-control': 'public, max-age=300' }),
})
