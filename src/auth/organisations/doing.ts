// What the forms on the page of an organisation share: who is signed in, what is wrong shown on that page, and what was done.
import { type Answer, type Exchange, type Route, type RouteInput, route } from '#kernel/http/route.ts'
import type { Call } from '#kernel/call.ts'
import { AppError } from '#kernel/errors.ts'
import { z } from '#kernel/schema.ts'
import { accountActions, type Told } from '../pages/account-actions.ts'
import { type FormFailure, formAnswers, formFailure, formPage, friendly, type PageParts, skinOf } from '../pages/handling.ts'
import type { SignedIn } from '../pages/parts.ts'
import { firstSignIn } from '../pages/recent.ts'
import { authErrors } from '../errors.ts'
import { en, type Texts } from '../texts/en.ts'
import { OWNER } from '../roles/permissions.ts'
import { organisationPage } from './pages.ts'
import { pathOf } from './parts.ts'
import type { InvitationsShown } from './invitations.ts'
import type { Acting } from './service.ts'

export type OrganisationDone = keyof Texts['organisations']['done']

export const doneWord = z
  .custom<OrganisationDone>((word) => typeof word === 'string' && Object.hasOwn(en.organisations.done, word))
  .optional()
  .catch(undefined)
export const common = {
  site: 'accounts',
  allow: {
    who: 'handler',
    reason:
      'For the person whose sign-in cookie of the accounts origin the browser holds; the service asks what they are in the organisation.',
  },
  rate: 'page',
  answers: { ...formAnswers, 404: 'html', 409: 'html', 410: 'html' },
} as const
export const organisationId = z.string().regex(/^[0-9a-z]{26}$/)
export const params = z.strictObject({ id: organisationId })
/** Of an account, or of a client. */
export const memberId = z.string().min(1).max(128)

export interface Doing {
  readonly who: SignedIn
  readonly acting: Acting
}

interface DoneBy {
  readonly who: Told
  readonly acting: Pick<Acting, 'organisationId'>
}

export function doneIn({ justDone }: Pick<PageParts, 'justDone'>, { who, acting }: DoneBy, done: OrganisationDone): Answer {
  return justDone.leadTo(who.exchange, { page: pathOf(acting.organisationId), word: done, accountId: who.session.accountId })
}

type Run<Params, Query, Body> = (doing: Doing, input: RouteInput<Params, Query, Body>) => Promise<Answer>
type Handle<Params, Query, Body> = (call: Call, input: RouteInput<Params, Query, Body>, exchange: Exchange) => Promise<Answer>

/** Runs it for whoever is signed in; what is wrong with a form is shown on the page of the organisation. */
export function doing<Params extends { readonly id: string }, Query, Body>(
  parts: PageParts,
  run: Run<Params, Query, Body>,
): Handle<Params, Query, Body> {
  const { signedIn } = accountActions(parts)
  const shown = shownProblems(parts, run)
  return friendly(parts, (call, input, exchange) => signedIn(call, exchange, (who) => shown(who, input)))
}

/** The same for whoever has signed in lately: for what lets somebody or something into the organisation. */
export function doingLately<Params extends { readonly id: string }, Query, Body>(
  parts: PageParts,
  run: Run<Params, Query, Body>,
): Handle<Params, Query, Body> {
  const { lately } = accountActions(parts)
  const shown = shownProblems(parts, run)
  return friendly(parts, (call, input, exchange) =>
    lately(call, exchange, {
      returnTo: `${pathOf(input.params.id)}?done=again`,
      typed: { form: exchange.path, values: typedIn(input.body) },
      run: (who) => shown(who, input),
    }),
  )
}

function shownProblems<Params extends { readonly id: string }, Query, Body>(
  parts: PageParts,
  run: Run<Params, Query, Body>,
): (who: SignedIn, input: RouteInput<Params, Query, Body>) => Promise<Answer> {
  return async (who, input) => {
    const acting = { accountId: who.session.accountId, organisationId: input.params.id }
    try {
      return await run({ who, acting }, input)
    } catch (error) {
      const failure = formFailure(skinOf(parts, who.exchange).texts, error, typedIn(input.body))
      return show(parts, { who, acting }, { failure: { ...failure, state: { ...failure.state, form: who.exchange.path } } })
    }
  }
}

function typedIn(body: unknown): Record<string, string> {
  const sent = typeof body === 'object' && body !== null ? Object.entries(body) : []
  return Object.fromEntries(sent.flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])))
}

const NO_INVITATIONS: InvitationsShown = { items: [] }

interface Shown {
  readonly done?: OrganisationDone | undefined
  /** Where the members go on. */
  readonly after?: string | undefined
  /** Where the invitations go on. */
  readonly invited?: string | undefined
  readonly failure?: FormFailure
}

export async function show(
  parts: PageParts,
  { who: { call, exchange, session }, acting }: Doing,
  { done, after, invited, failure }: Shown,
): Promise<Answer> {
  const { organisations, invitations } = parts.organisations
  const membership = await organisations.get(call, acting)
  const owns = membership.roles.includes(OWNER)
  const { services, scopeWords } = parts.serviceAccounts
  const [{ items, next }, waiting, machines] = await Promise.all([
    organisations.members(call, acting, after),
    owns ? invitations.list(call, acting, invited) : NO_INVITATIONS,
    owns ? services.list(call, { organisationId: acting.organisationId }) : [],
  ])
  const path = pathOf(acting.organisationId)
  const kept = done === 'again' ? parts.keptForms.take(exchange, acting.accountId, path) : undefined
  const state = failure?.state ?? kept ?? {}
  const skin = skinOf(parts, exchange, path)
  const body = organisationPage(skin, {
    membership,
    accountId: acting.accountId,
    members: items,
    morePath: next === undefined ? undefined : `${path}?after=${encodeURIComponent(next)}`,
    invitations: waiting.items,
    moreInvitationsPath: waiting.next && `${path}?invited=${encodeURIComponent(waiting.next)}#invitations`,
    services: machines,
    scopes: services.scopesByOwners,
    scopeWords,
    roles: organisations.roles,
    signInFirst: (section) => firstSignIn(parts, session, { returnTo: `${path}#${section}`, filled: state.values !== undefined }),
    csrfToken: exchange.csrfToken(),
    now: parts.clock.now(),
    done: done === undefined ? undefined : skin.texts.organisations.done[done],
    state,
  })
  return formPage(body, failure)
}

interface Posted<Body> {
  readonly path: string
  readonly summary: string
  readonly body: z.ZodType<Body>
  /** Only for whoever has signed in lately. */
  readonly recent?: true
}

/** A form on the page of an organisation. */
export function posted<Body>(
  parts: PageParts,
  { path, summary, body, recent }: Posted<Body>,
  run: (on: Doing, input: RouteInput<{ id: string }, unknown, Body>) => Promise<Answer>,
): Route {
  return route({
    ...common,
    method: 'POST',
    path: `/account/organisations/:id/${path}`,
    summary,
    body: 'form',
    input: { params, body },
    handle: recent === true ? doingLately(parts, run) : doing(parts, run),
  })
}

/** `role-editor=on` for each that is given. */
export function roleFields(roles: readonly string[]): { [name: string]: z.ZodOptional<z.ZodLiteral<'on'>> } {
  return Object.fromEntries(roles.map((role) => [`role-${role}`, z.literal('on').optional()]))
}

export const checkedIn = (roles: readonly string[], body: object): string[] => roles.filter((role) => Object.hasOwn(body, `role-${role}`))

/** A page has several fields for names, and each has a name of its own. */
export function named<T>(field: string, work: Promise<T>): Promise<T> {
  return renamed(['name', field], work)
}

/** From what the service calls a field to what the form does. */
export async function renamed<T>([from, to]: readonly [string, string], work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof AppError) || error.fields === undefined) throw error
    throw authErrors.bad_details({ fields: error.fields.map((each) => (each.field === from ? { ...each, field: to } : each)) })
  }
}
