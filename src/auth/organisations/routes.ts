// Organisations over HTTP: the pages of their members. Who may do what is decided by the service, from what is stored.
import { type Answer, type Exchange, type Route, type RouteInput, route, seeOther } from '#kernel/http/route.ts'
import type { Call } from '#kernel/call.ts'
import { z } from '#kernel/schema.ts'
import { accountActions } from '../pages/account-actions.ts'
import {
  csrfToken,
  emptyForm,
  type FormFailure,
  formAnswers,
  formFailure,
  formPage,
  formText,
  friendly,
  type PageParts,
  skinOf,
} from '../pages/handling.ts'
import type { SignedIn } from '../pages/parts.ts'
import { en, type Texts } from '../texts/en.ts'
import { OWNER } from '../roles/permissions.ts'
import { invitationRoutes } from './invitation-routes.ts'
import { organisationPage, pathOf } from './pages.ts'
import type { Acting } from './service.ts'

export type OrganisationDone = keyof Texts['organisations']['done']

const doneWord = z.custom<OrganisationDone>((word) => typeof word === 'string' && Object.hasOwn(en.organisations.done, word))
const common = {
  site: 'accounts',
  allow: {
    who: 'handler',
    reason:
      'For the person whose sign-in cookie of the accounts origin the browser holds; the service asks what they are in the organisation.',
  },
  rate: 'page',
  answers: { ...formAnswers, 404: 'html', 409: 'html', 410: 'html' },
} as const
const organisationId = z.string().regex(/^[0-9a-z]{26}$/)
const params = z.strictObject({ id: organisationId })
const memberParams = z.strictObject({ id: organisationId, accountId: z.string().min(1).max(128) })
const invitationParams = z.strictObject({ id: organisationId, invitation: z.string().min(1).max(128) })
const nameForm = z.strictObject({ csrf_token: csrfToken, name: formText })
const query = z.strictObject({ done: doneWord.optional(), after: z.string().max(400).optional() })

export function organisationRoutes(parts: PageParts): Route[] {
  if (!parts.organisations.isOn) return []
  return [...ownRoutes(parts), ...memberRoutes(parts), ...invitingRoutes(parts), ...invitationRoutes(parts)]
}

interface Doing {
  readonly who: SignedIn
  readonly acting: Acting
}

export function doneIn(id: string, done: OrganisationDone): Answer {
  return seeOther(`${pathOf(id)}?done=${done}`)
}

/** Runs it for whoever is signed in; what is wrong with a form is shown on the page of the organisation. */
function doing<Params extends { readonly id: string }, Query, Body>(
  parts: PageParts,
  run: (doing: Doing, input: RouteInput<Params, Query, Body>) => Promise<Answer>,
): (call: Call, input: RouteInput<Params, Query, Body>, exchange: Exchange) => Promise<Answer> {
  const { signedIn } = accountActions(parts)
  return friendly(parts, (call, input, exchange) =>
    signedIn(call, exchange, async (who) => {
      const acting = { accountId: who.session.accountId, organisationId: input.params.id }
      try {
        return await run({ who, acting }, input)
      } catch (error) {
        const typed =
          typeof input.body === 'object' && input.body !== null
            ? Object.entries(input.body).filter(([, value]) => typeof value === 'string')
            : []
        return show(parts, { who, acting }, { failure: formFailure(skinOf(parts, exchange).texts, error, Object.fromEntries(typed)) })
      }
    }),
  )
}

interface Shown {
  readonly done?: OrganisationDone | undefined
  readonly after?: string | undefined
  readonly failure?: FormFailure
}

async function show(parts: PageParts, { who: { call, exchange }, acting }: Doing, { done, after, failure }: Shown): Promise<Answer> {
  const { organisations, invitations } = parts.organisations
  const membership = await organisations.get(call, acting)
  const [{ items, next }, invited] = await Promise.all([
    organisations.members(call, acting, after),
    membership.roles.includes(OWNER) ? invitations.list(call, acting) : [],
  ])
  const skin = skinOf(parts, exchange, pathOf(acting.organisationId))
  const body = organisationPage(skin, {
    membership,
    accountId: acting.accountId,
    members: items,
    morePath: next === undefined ? undefined : `${pathOf(acting.organisationId)}?after=${encodeURIComponent(next)}`,
    invitations: invited,
    roles: organisations.roles,
    csrfToken: exchange.csrfToken(),
    now: parts.clock.now(),
    done: done === undefined ? undefined : skin.texts.organisations.done[done],
    state: failure?.state ?? {},
  })
  return formPage(body, failure)
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
      input: { body: nameForm },
      handle: friendly(parts, (call, { body: { name } }, exchange) =>
        signedIn(call, exchange, async (who) => {
          try {
            const made = await organisations.create(call, { name, accountId: who.session.accountId })
            return doneIn(made.id, 'created')
          } catch (error) {
            return showAccount(who, { section: 'organisations', failure: formFailure(skinOf(parts, exchange).texts, error, { name }) })
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
      handle: doing(parts, (on, input) => show(parts, on, input.query)),
    }),
    posted(
      parts,
      { path: 'name', summary: 'Give an organisation another name', body: nameForm },
      async ({ who, acting }, { body: { name } }) => {
        await organisations.rename(who.call, acting, name)
        return doneIn(acting.organisationId, 'renamed')
      },
    ),
    posted(parts, { path: 'activate', summary: 'Act for an organisation', body: emptyForm }, async ({ who, acting }) => {
      await organisations.activate(who.call, acting.accountId, acting.organisationId)
      return doneIn(acting.organisationId, 'activated')
    }),
    posted(parts, { path: 'leave', summary: 'Leave an organisation', body: emptyForm }, async ({ who, acting }) => {
      await organisations.leave(who.call, acting)
      return seeOther('/account?done=organisation-left')
    }),
  ]
}

/** A form on the page of an organisation. */
function posted<Body>(
  parts: PageParts,
  { path, summary, body }: { readonly path: string; readonly summary: string; readonly body: z.ZodType<Body> },
  run: (on: Doing, input: RouteInput<{ id: string }, unknown, Body>) => Promise<Answer>,
): Route {
  return route({
    ...common,
    method: 'POST',
    path: `/account/organisations/:id/${path}`,
    summary,
    body: 'form',
    input: { params, body },
    handle: doing(parts, run),
  })
}

/** `role-editor=on` for each that is given. */
function roleFields(roles: readonly string[]): { [name: string]: z.ZodOptional<z.ZodLiteral<'on'>> } {
  return Object.fromEntries(roles.map((role) => [`role-${role}`, z.literal('on').optional()]))
}

const checkedIn = (roles: readonly string[], body: object): string[] => roles.filter((role) => Object.hasOwn(body, `role-${role}`))

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
      handle: doing(parts, async ({ who, acting }, input) => {
        await organisations.setRoles(who.call, acting, { accountId: input.params.accountId, roles: checkedIn(roles, input.body) })
        return doneIn(acting.organisationId, 'roles')
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
        return doneIn(acting.organisationId, 'removed')
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
      { path: 'invitations', summary: 'Invite somebody to an organisation', body: inviteForm },
      async ({ who, acting }, { body }) => {
        const to = { email: body['email'] ?? '', roles: checkedIn(roles, body) }
        await invitations.invite(who.call, { ...acting, client: who.exchange.client }, to)
        return doneIn(acting.organisationId, 'invited')
      },
    ),
    route({
      ...common,
      ...one,
      method: 'POST',
      path: '/account/organisations/:id/invitations/:invitation/resend',
      summary: 'Send an invitation again',
      handle: doing(parts, async ({ who, acting }, input) => {
        await invitations.resend(who.call, { ...acting, client: who.exchange.client }, input.params.invitation)
        return doneIn(acting.organisationId, 'invited')
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
        return doneIn(acting.organisationId, 'revoked')
      }),
    }),
  ]
}
