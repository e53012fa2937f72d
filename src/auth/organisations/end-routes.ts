// Ending an organisation over HTTP: for an owner who has signed in lately.
import { type Answer, type Route, route } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { whence } from '../browser.ts'
import { accountActions, doneAnswer, type SignedIn } from '../pages/account-actions.ts'
import { csrfToken, type FormFailure, formFailure, formPage, formText, friendly, type PageParts, skinOf } from '../pages/handling.ts'
import { common, type Doing, params } from './doing.ts'
import { endPage } from './end-page.ts'
import { pathOf } from './parts.ts'

const endForm = z.strictObject({ csrf_token: csrfToken, name: formText })

const endOf = (id: string): string => `${pathOf(id)}/end`

export function endRoutes(parts: PageParts): Route[] {
  const { lately, toFill } = accountActions(parts)
  const owning = (id: string, run: (on: Doing) => Promise<Answer>) => ({
    returnTo: endOf(id),
    run: (who: SignedIn) => run({ who, acting: { accountId: who.session.accountId, organisationId: id } }),
  })
  return [
    route({
      ...common,
      method: 'GET',
      path: '/account/organisations/:id/end',
      summary: 'Says what ends with an organisation, and asks for its name',
      input: { params },
      handle: friendly(parts, (call, { params: { id } }, exchange) =>
        toFill(
          call,
          exchange,
          owning(id, (on) => show(parts, on)),
        ),
      ),
    }),
    route({
      ...common,
      method: 'POST',
      path: '/account/organisations/:id/end',
      rate: 'sign-in',
      summary: 'End an organisation',
      body: 'form',
      input: { params, body: endForm },
      handle: friendly(parts, (call, { params: { id }, body: { name } }, exchange) => {
        const end = owning(id, async (on) => {
          try {
            await parts.organisations.end(call, { ...on.acting, ...whence(exchange) }, name)
            return doneAnswer(parts, on.who, 'organisation-ended')
          } catch (error) {
            return show(parts, on, formFailure(skinOf(parts, exchange).texts, error, { name }))
          }
        })
        return lately(call, exchange, { ...end, typed: { form: 'end', values: { name } } })
      }),
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
  const kept = failure === undefined ? parts.keptForms.take(exchange, acting.accountId, endOf(organisation.id)) : undefined
  const body = endPage(skinOf(parts, exchange, endOf(organisation.id)), {
    organisation,
    invitations: { count: invited.items.length, areMore: invited.next !== undefined },
    services: services.map(({ name }) => name),
    csrfToken: exchange.csrfToken(),
    state: failure?.state ?? kept ?? {},
  })
  return formPage(body, failure)
}
