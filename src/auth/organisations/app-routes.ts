// For the app's own pages: which organisations the signed-in person belongs to, and for which one to act from now on.
import type { Call } from '#kernel/call.ts'
import { httpErrors } from '#kernel/http/problem.ts'
import { ok, type Route, route } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import type { OrganisationsPart } from './create.ts'

const common = { site: 'app', allow: { who: 'user', firstParty: true }, rate: 'api' } as const

const membership = z.strictObject({ id: z.string(), name: z.string(), roles: z.array(z.string()), active: z.boolean() })

/** Under a name that no resource can have. */
export function organisationAppRoutes({ isOn, organisations }: OrganisationsPart): Route[] {
  if (!isOn) return []
  return [
    route({
      ...common,
      method: 'GET',
      path: '/api/me/organisations',
      summary: 'The organisations that I belong to',
      answers: { 200: z.strictObject({ items: z.array(membership) }) },
      async handle(call) {
        const all = await organisations.list(call, accountOf(call))
        return ok({ items: all.map(({ organisation: { id, name }, roles, active }) => ({ id, name, roles: [...roles], active })) })
      },
    }),
    route({
      ...common,
      method: 'PUT',
      path: '/api/me/organisation',
      summary: 'Act for this organisation, or with null for none; tokens that tell otherwise end within a second',
      body: 'json',
      input: { body: z.strictObject({ id: z.string().max(64).nullable() }) },
      answers: { 204: 'empty' },
      async handle(call, { body: { id } }) {
        await organisations.activate(call, accountOf(call), id ?? undefined)
        return { status: 204 }
      },
    }),
  ]
}

function accountOf({ principal }: Call): string {
  if (principal.kind !== 'user') throw httpErrors.unauthenticated()
  return principal.accountId
}
