// Ending an organisation over HTTP: for an owner who has signed in lately.
import { type Answer, type Exchange, type Route, route } from '#kernel/http/route.ts'
import type { Call } from '#kernel/call.ts'
import { z } from '#kernel/schema.ts'
import { whence } from '../browser.ts'
import { accountActions, doneAnswer } from '../pages/account-actions.ts'
import { csrfToken, type FormFailure, formFailure, formPage, formText, friendly, type PageParts, skinOf } from '../pages/handling.ts'
import { common, type Doing, params } from './doing.ts'
import { endPage } from './end-page.ts'
import { pathOf } from './parts.ts'

const endForm = z.strictObject({ csrf_token: csrfToken, name: formText })

interface Asking {
  readonly call: Call
  readonly exchange: Exchange
  readonly id: string
}

export function endRoutes(parts: PageParts): Route[] {
  const { lately } = accountActions(parts)
  const owning = ({ call, exchange, id }: Asking, run: (on: Doing) => Promise<Answer>): Promise<Answer> =>
    lately(call, exchange, {
      returnTo: `${pathOf(id)}/end`,
      run: (who) => run({ who, acting: { accountId: who.session.accountId, organisationId: id } }),
    })
  return [
    route({
      ...common,
      method: 'GET',
      path: '/account/organisations/:id/end',
      summary: 'Says what ends with an organisation, and asks for its name',
      input: { params },
      handle: friendly(parts, (call, input, exchange) => owning({ call, exchange, id: input.params.id }, (on) => show(parts, on))),
    }),
    route({
      ...common,
      method: 'POST',
      path: '/account/organisations/:id/end',
      rate: 'sign-in',
      summary: 'End an organisation',
      body: 'form',
      input: { params, body: endForm },
      handle: friendly(parts, (call, input, exchange) =>
        owning({ call, exchange, id: input.params.id }, async (on) => {
          const { name } = input.body
          try {
            await parts.organisations.end(call, { ...on.acting, ...whence(exchange) }, name)
            return doneAnswer('organisation-ended')
          } catch (error) {
            return show(parts, on, formFailure(skinOf(parts, exchange).texts, error, { name }))
          }
        }),
      ),
    }),
  ]
}

async function show(parts: PageParts, { who: { call, exchange }, acting }: Doing, failure?: FormFailure): Promise<Answer> {
  const { organisations, invitations } = parts.organisations
  await organisations.requireOwner(call, acting)
  const { organisation } = await organisations.get(call, acting)
  const [invited, services] = await Promise.all([
    invitations.list(call, acting),
    parts.serviceAccounts.services.list(call, { organisationId: acting.organisationId }),
  ])
  const body = endPage(skinOf(parts, exchange, `${pathOf(organisation.id)}/end`), {
    organisation,
    invitations: { count: invited.items.length, areMore: invited.next !== undefined },
    services: services.map(({ name }) => name),
    csrfToken: exchange.csrfToken(),
    state: failure?.state ?? {},
  })
  return formPage(body, failure)
}
