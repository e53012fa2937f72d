// Signing in with other providers over HTTP: away, back, and what then is asked.
import { hasCode } from '#kernel/errors.ts'
import { type Answer, type Exchange, type Route, route, seeOther } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { friendly, type PageParts, refused, skinOf, uidParams } from '../pages/handling.ts'
import { answersOf } from '../pages/interaction-answers.ts'
import { type At, step } from '../pages/step.ts'
import type { Texts } from '../texts/en.ts'
import { endedPage, nameOf } from './asked.ts'
import type { NotAdmitted } from '../admission/service.ts'
import type { Arrival } from './schemas.ts'
import { welcomeRoutes } from './welcome-routes.ts'

const idText = z.string().regex(/^[a-z0-9-]{1,40}$/)
const anyQuery = z.looseObject({ state: z.string().optional() })
const open = { site: 'accounts', allow: { who: 'anyone' } } as const
/** What a provider answers by a form (OAuth 2.0 Form Post Response Mode); the rest is not ours to carry on. */
const formPost = z.looseObject({
  code: z.string().max(4000).optional(),
  state: z.string().max(500).optional(),
  iss: z.string().max(500).optional(),
  error: z.string().max(200).optional(),
  error_description: z.string().max(500).optional(),
  /** Apple says the name once, here. */
  user: z.string().max(1000).optional(),
})

export function upstreamRoutes(parts: PageParts): Route[] {
  return [...callbackRoutes(parts), ...signInRoutes(parts), ...welcomeRoutes(parts)]
}

function callbackRoutes(parts: PageParts): Route[] {
  const { travels } = parts.upstreams
  return [
    route({
      ...open,
      method: 'GET',
      path: '/upstream/:id/callback',
      rate: 'page',
      summary: 'Where another provider sends people back to; leads on to where they began',
      input: { params: z.strictObject({ id: idText }), query: anyQuery },
      answers: { 303: 'empty', 400: 'html' },
      handle: friendly(parts, async (_call, { params, query }, exchange) => {
        const journey = travels.find(exchange, query.state)
        // An answer that was meant for another provider's address is nobody's (RFC 9700 section 4.4.2).
        if (journey === undefined || journey.upstream !== params.id) return endedPage(parts, exchange)
        // The cookie of an interaction is sent to the paths below it only.
        const base = journey.uid === undefined ? '/account/identities/answer' : `/interaction/${journey.uid}/upstream`
        return seeOther(`${base}?${exchange.search}`)
      }),
    }),
    route({
      ...open,
      method: 'POST',
      path: '/upstream/:id/callback',
      rate: 'page',
      summary: 'The same for providers that send a form; comes back as a GET, with its cookies',
      csrfExempt: 'Changes nothing: the answer is sent on as a GET, which has its own checks.',
      body: 'form',
      input: { params: z.strictObject({ id: idText }), body: formPost },
      answers: { 303: 'empty' },
      handle: async (_call, { params, body }) => {
        const { code, state, iss, error, error_description, user } = body
        const query = new URLSearchParams()
        for (const [name, value] of Object.entries({ code, state, iss, error, error_description, user }))
          if (value !== undefined) query.set(name, value)
        return seeOther(`/upstream/${params.id}/callback?${query.toString()}`)
      },
    }),
  ]
}

function problemAnswer(
  parts: PageParts,
  { call, exchange, interaction }: At,
  { status, problem }: { status: number; problem: string },
): Promise<Answer> {
  return answersOf(parts).signIn(call, exchange, { interaction, failure: refused({ problem }, status) })
}

const textsOf = (parts: PageParts, exchange: Exchange): Texts['upstream'] => skinOf(parts, exchange).texts.upstream

/** A provider that is down leaves the other ways as they are. */
function downAnswer(parts: PageParts, at: At, { error, id }: { readonly error: unknown; readonly id: string }): Promise<Answer> {
  if (!hasCode(error, 'auth.upstream_unavailable')) throw error
  return problemAnswer(parts, at, { status: 503, problem: textsOf(parts, at.exchange).down(nameOf(parts, id)) })
}

async function begin(parts: PageParts, at: At, id: string): Promise<Answer> {
  const { upstreams } = parts
  const upstream = upstreams.find(id)
  if (upstream === undefined) return seeOther(`/interaction/${at.interaction.uid}`)
  try {
    const { url, journey } = await upstreams.begin(upstream, { uid: at.interaction.uid, again: at.interaction.again === true })
    upstreams.travels.depart(at.exchange, journey)
    return seeOther(url)
  } catch (error) {
    return downAnswer(parts, at, { error, id })
  }
}

async function comeBack(parts: PageParts, at: At, state: string | undefined): Promise<Answer> {
  const { upstreams } = parts
  const { exchange, interaction } = at
  const journey = upstreams.travels.take(exchange, state)
  if (journey?.uid !== interaction.uid) return endedPage(parts, exchange)
  const name = nameOf(parts, journey.upstream)
  try {
    const found = await upstreams.finish(journey, exchange.search)
    if ('refused' in found) {
      return await problemAnswer(parts, at, { status: 422, problem: textsOf(parts, exchange)[found.refused](name) })
    }
    return await goOn(parts, at, found)
  } catch (error) {
    return downAnswer(parts, at, { error, id: journey.upstream })
  }
}

async function goOn(parts: PageParts, at: At, who: Arrival): Promise<Answer> {
  const { upstreams, engine } = parts
  const { call, exchange, interaction } = at
  const arrived = await upstreams.arrive(call, who)
  if (arrived.is === 'refused')
    return problemAnswer(parts, at, { status: 422, problem: refusalWords(parts, at, { who, why: arrived.why }) })
  if (arrived.is === 'owner') {
    exchange.renewCsrf()
    return engine.finishSignIn(exchange, { ...arrived.owner, by: 'upstream', ...(arrived.byAddress ? { arrival: who } : {}) })
  }
  upstreams.travels.arrive(exchange, who)
  return seeOther(`/interaction/${interaction.uid}/${arrived.is === 'new' ? 'welcome' : 'choose'}`)
}

/** Before anything else is asked: whoever may have no account need not say how they would like to be called. */
function refusalWords(parts: PageParts, { exchange }: At, { who, why }: { who: Arrival; why: NotAdmitted | undefined }): string {
  const { upstream: texts, problems } = skinOf(parts, exchange).texts
  const provider = nameOf(parts, who.upstream)
  return why === undefined ? texts.refused(provider) : texts.notAdmitted(provider, problems[why])
}

function signInRoutes(parts: PageParts): Route[] {
  return [
    step(
      parts,
      {
        path: '/upstream/:id',
        rate: 'sign-in',
        summary: 'Go to another provider to sign in there',
        input: { params: uidParams.extend({ id: idText }) },
      },
      (at, { params }) => begin(parts, at, params.id),
    ),
    step(
      parts,
      { path: '/upstream', rate: 'sign-in', summary: 'Back from another provider', input: { params: uidParams, query: anyQuery } },
      (at, { query }) => comeBack(parts, at, query.state),
    ),
  ]
}
