// Organisations over HTTP: the pages of their members. Who may do what is decided by the service, from what is stored.
import { type Route, route } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { accountActions, doneAnswer, saidHere } from '../pages/account-actions.ts'
import { csrfToken, emptyForm, formFailure, formText, friendly, type PageParts, skinOf } from '../pages/handling.ts'
import { serviceAccountRoutes } from '../service-accounts/routes.ts'
import {
  checkedIn,
  common,
  doing,
  doingLately,
  doneIn,
  doneWord,
  memberId,
  named,
  organisationId,
  params,
  posted,
  roleFields,
  show,
} from './doing.ts'
import { endRoutes } from './end-routes.ts'
import { invitationRoutes } from './invitation-routes.ts'

const memberParams = z.strictObject({ id: organisationId, accountId: memberId })
const invitationParams = z.strictObject({ id: organisationId, invitation: memberId })
const nameForm = z.strictObject({ csrf_token: csrfToken, name: formText })
const cursor = z.string().max(400).optional()
const query = z.strictObject({ done: doneWord, after: cursor, invited: cursor })

export function organisationRoutes(parts: PageParts): Route[] {
  if (!parts.organisations.isOn) return []
  return [
    ...ownRoutes(parts),
    ...memberRoutes(parts),
    ...invitingRoutes(parts),
    ...invitationRoutes(parts),
    ...serviceAccountRoutes(parts),
    ...endRoutes(parts),
  ]
}

function ownRoutes(parts: PageParts): Route[] {
  const { organisations } = parts.organisations
  const { signedIn, show: showAccount } = accountActions(parts)
  return [
    route({
      ...common,
      method: 'POST',
      path: '/account/organisations',
      summary: 'Make an organisation',
      body: 'form',
      input: { body: z.strictObject({ csrf_token: csrfToken, organisation: formText }) },
      handle: friendly(parts, (call, { body: { organisation: name } }, exchange) =>
        signedIn(call, exchange, async (who) => {
          try {
            const made = await named('organisation', organisations.create(call, { name, accountId: who.session.accountId }))
            return doneIn(parts, { who, acting: { organisationId: made.id } }, 'created')
          } catch (error) {
            return showAccount(who, {
              section: 'organisations',
              failure: formFailure(skinOf(parts, exchange).texts, error, { organisation: name }),
            })
          }
        }),
      ),
    }),
    route({
      ...common,
      method: 'GET',
      path: '/account/organisations/:id',
      summary: 'An organisation and its members',
      input: { params, query },
      handle: doing(parts, (on, { query: shown }) => show(parts, on, { ...shown, done: saidHere(parts, on.who, shown.done) })),
    }),
    posted(
      parts,
      { path: 'name', summary: 'Give an organisation another name', body: nameForm },
      async ({ who, acting }, { body: { name } }) => {
        await organisations.rename(who.call, acting, name)
        return doneIn(parts, { who, acting }, 'renamed')
      },
    ),
    posted(parts, { path: 'activate', summary: 'Act for an organisation', body: emptyForm }, async ({ who, acting }) => {
      await organisations.activate(who.call, acting.accountId, acting.organisationId)
      return doneIn(parts, { who, acting }, 'activated')
    }),
    posted(parts, { path: 'leave', summary: 'Leave an organisation', body: emptyForm }, async ({ who, acting }) => {
      await organisations.leave(who.call, acting)
      return doneAnswer(parts, who, 'organisation-left')
    }),
  ]
}

function memberRoutes(parts: PageParts): Route[] {
  const { organisations } = parts.organisations
  const { roles } = organisations
  const rolesForm = z.strictObject({ csrf_token: csrfToken, ...roleFields(roles) })
  return [
    route({
      ...common,
      method: 'POST',
      path: '/account/organisations/:id/members/:accountId/roles',
      summary: 'Change what somebody is in an organisation',
      body: 'form',
      input: { params: memberParams, body: rolesForm },
      handle: doingLately(parts, async ({ who, acting }, input) => {
        await organisations.setRoles(who.call, acting, { accountId: input.params.accountId, roles: checkedIn(roles, input.body) })
        return doneIn(parts, { who, acting }, 'roles')
      }),
    }),
    route({
      ...common,
      method: 'POST',
      path: '/account/organisations/:id/members/:accountId/remove',
      summary: 'Take somebody out of an organisation',
      body: 'form',
      input: { params: memberParams, body: emptyForm },
      handle: doing(parts, async ({ who, acting }, input) => {
        await organisations.remove(who.call, acting, input.params.accountId)
        return doneIn(parts, { who, acting }, 'removed')
      }),
    }),
  ]
}

function invitingRoutes(parts: PageParts): Route[] {
  const { organisations, invitations } = parts.organisations
  const { roles } = organisations
  const inviteForm = z.strictObject({ csrf_token: csrfToken, email: formText, ...roleFields(roles) })
  const one = { input: { params: invitationParams, body: emptyForm }, body: 'form' } as const
  return [
    posted(
      parts,
      { path: 'invitations', summary: 'Invite somebody to an organisation', body: inviteForm, recent: true },
      async ({ who, acting }, { body }) => {
        const to = { email: body['email'] ?? '', roles: checkedIn(roles, body) }
        await invitations.invite(who.call, { ...acting, client: who.exchange.client }, to)
        return doneIn(parts, { who, acting }, 'invited')
      },
    ),
    route({
      ...common,
      ...one,
      method: 'POST',
      path: '/account/organisations/:id/invitations/:invitation/resend',
      summary: 'Send an invitation again',
      handle: doingLately(parts, async ({ who, acting }, input) => {
        await invitations.resend(who.call, { ...acting, client: who.exchange.client }, input.params.invitation)
        return doneIn(parts, { who, acting }, 'invited')
      }),
    }),
    route({
      ...common,
      ...one,
      method: 'POST',
      path: '/account/organisations/:id/invitations/:invitation/revoke',
      summary: 'Withdraw an invitation',
      handle: doing(parts, async ({ who, acting }, input) => {
        await invitations.revoke(who.call, acting, input.params.invitation)
        return doneIn(parts, { who, acting }, 'revoked')
      }),
    }),
  ]
}
