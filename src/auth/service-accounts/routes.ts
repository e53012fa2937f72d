// Service accounts of an organisation over HTTP, for its owners. A secret is shown in the answer that made it and nowhere else.
import { type Answer, page, type Route, route } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import {
  checkedIn,
  common,
  doingLately,
  type Doing,
  doneIn,
  memberId,
  named,
  organisationId,
  posted,
  roleFields,
} from '../organisations/doing.ts'
import { pathOf } from '../organisations/parts.ts'
import { csrfToken, emptyForm, formText, type PageParts, skinOf } from '../pages/handling.ts'
import { authErrors } from '../errors.ts'
import { secretPage } from './pages.ts'

const params = z.strictObject({ id: organisationId, service: memberId })

export function serviceAccountRoutes(parts: PageParts): Route[] {
  const { services } = parts.serviceAccounts
  const { roles } = parts.organisations.organisations
  const boxes = Object.fromEntries(services.scopes.map((scope) => [`scope-${scope}`, z.literal('on').optional()]))
  const makeForm = z.strictObject({ csrf_token: csrfToken, service: formText, key: formText, ...boxes, ...roleFields(roles) })
  const shown = ({ who, acting }: Doing, made: Parameters<typeof secretPage>[1]['made']): Answer => {
    const skin = skinOf(parts, who.exchange, pathOf(acting.organisationId))
    return page(secretPage(skin, { made, backPath: pathOf(acting.organisationId), tokenEndpoint: `${who.exchange.origin}/token` }))
  }
  const one = (name: string, summary: string) =>
    ({ ...common, method: 'POST', path: `/account/organisations/:id/services/:service/${name}`, summary, body: 'form' }) as const
  return [
    posted(parts, { path: 'services', summary: 'Make a service account', body: makeForm, recent: true }, async (on, { body }) => {
      const { acting, who } = on
      const owner = await services.ownerOf(who.call, acting)
      const scopes = services.scopes.filter((scope) => Object.hasOwn(body, `scope-${scope}`))
      const made = { name: body['service'] ?? '', key: body['key'], roles: checkedIn(roles, body), scopes }
      return shown(on, await named('service', services.create(who.call, owner, made)))
    }),
    route({
      ...one('roles', 'Change what a service account is'),
      input: { params, body: z.strictObject({ csrf_token: csrfToken, ...roleFields(roles) }) },
      handle: doingLately(parts, async ({ who, acting }, input) => {
        const owner = await services.ownerOf(who.call, acting)
        await services.setRoles(who.call, owner, { clientId: input.params.service, roles: checkedIn(roles, input.body) })
        return doneIn(acting.organisationId, 'service-roles')
      }),
    }),
    route({
      ...one('secret', 'Give a service account a new secret'),
      input: { params, body: emptyForm },
      handle: doingLately(parts, async (on, input) => {
        const { who, acting } = on
        const clientId = input.params.service
        const secret = await services.renewSecret(who.call, await services.ownerOf(who.call, acting), clientId)
        return shown(on, { service: { clientId }, secret })
      }),
    }),
    route({
      ...one('remove', 'Remove a service account'),
      input: { params, body: emptyForm },
      handle: doingLately(parts, async ({ who, acting }, input) => {
        if (!(await services.remove(who.call, await services.ownerOf(who.call, acting), input.params.service)))
          throw authErrors.service_not_found()
        return doneIn(acting.organisationId, 'service-removed')
      }),
    }),
  ]
}
