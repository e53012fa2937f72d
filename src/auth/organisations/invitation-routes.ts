// The link of an invitation: looking changes nothing, a press of the button accepts. Whoever has no account makes one on the way and comes back.
import type { Call } from '#kernel/call.ts'
import { type Answer, type Exchange, page, type Route, route, seeOther } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { hasSignUp } from '../methods.ts'
import { errorPage } from '../pages/engine-pages.ts'
import { csrfToken, formAnswers, formPage, friendly, type PageParts, skinOf } from '../pages/handling.ts'
import { invitationPage } from './pages.ts'
import { doneIn } from './doing.ts'

const common = {
  site: 'accounts',
  allow: { who: 'handler', reason: 'The token of the mail says which invitation; accepting needs the account with its address.' },
  answers: { ...formAnswers, 404: 'html', 409: 'html', 410: 'html' },
} as const
const linkToken = z.string().max(200).default('')
const HERE = '/invitation'

export function invitationRoutes(parts: PageParts): Route[] {
  return [
    route({
      ...common,
      method: 'GET',
      path: HERE,
      rate: 'page',
      summary: 'Shows an invitation; changes nothing',
      input: { query: z.strictObject({ token: linkToken }) },
      handle: friendly(parts, (call, { query }, exchange) => show(parts, { call, exchange, token: query.token })),
    }),
    route({
      ...common,
      method: 'POST',
      path: HERE,
      rate: 'sign-in',
      summary: 'Accepts an invitation',
      body: 'form',
      input: { body: z.strictObject({ csrf_token: csrfToken, token: linkToken }) },
      handle: friendly(parts, async (call, { body: { token } }, exchange) => {
        const session = await parts.engine.browserSession(exchange)
        if (session === undefined) return seeOther(parts.engine.signInPath(backTo(token)))
        const { organisationId, as } = await parts.organisations.invitations.accept(call, token, session.accountId)
        exchange.renewCsrf()
        return doneIn(parts, { who: { exchange, session }, acting: { organisationId } }, as)
      }),
    }),
  ]
}

const backTo = (token: string): string => `${HERE}?token=${encodeURIComponent(token)}`

/** By a form of ours, or by way of another provider. */
function isSignUpOpen({ methods, upstreams }: PageParts): boolean {
  return hasSignUp(methods) || upstreams.list.some(({ signUp }) => signUp)
}

async function show(parts: PageParts, { call, exchange, token }: { call: Call; exchange: Exchange; token: string }): Promise<Answer> {
  const skin = skinOf(parts, exchange)
  const { invitations } = parts.organisations
  const [invitation, session] = await Promise.all([invitations.pending(call, token), parts.engine.browserSession(exchange)])
  if (invitation === undefined && session !== undefined) {
    const organisationId = await invitations.acceptedInto(call, token, session.accountId)
    if (organisationId !== undefined) return doneIn(parts, { who: { exchange, session }, acting: { organisationId } }, 'accepted-already')
  }
  if (invitation === undefined) {
    const { organisations, errors } = skin.texts
    return page(errorPage(skin, { heading: organisations.deadTitle, words: errors.invitation_ended }), 410)
  }
  const person = session === undefined ? undefined : await parts.accounts.find(call, session.accountId)
  const signInPath = parts.engine.signInPath(backTo(token), person === undefined ? {} : { again: true })
  const mayJoin = person === undefined && isSignUpOpen(parts) && (await parts.shared.admission.mayJoin(call, invitation.email))
  const view = { invitation, token, csrfToken: exchange.csrfToken(), email: person?.email, signInPath, mayJoin }
  return formPage(invitationPage(skin, view), undefined)
}
