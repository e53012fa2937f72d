// Linked identities on the account page: connect another, disconnect one.
import { type Answer, type Exchange, page, type Route, route, seeOther } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { whence } from '../browser.ts'
import { accountActions, doneAnswer, ownerOf, type SignedIn } from '../pages/account-actions.ts'
import { errorPage } from '../pages/engine-pages.ts'
import { emptyForm, formAnswers, friendly, type PageParts, skinOf } from '../pages/handling.ts'
import { stayKnown } from '../pages/stay-known.ts'
import type { Texts } from '../texts/en.ts'
import { endedPage, nameOf } from './asked.ts'
import { connectedPage, connectPage } from './pages.ts'
import type { Arrival } from './schemas.ts'

const CONNECT = '/account/identities/connect'

const common = {
  site: 'accounts',
  allow: {
    who: 'handler',
    reason: 'For the person whose sign-in cookie of the accounts origin the browser holds, and who has signed in lately.',
  },
  rate: 'page',
  answers: formAnswers,
} as const

export function identityRoutes(parts: PageParts): Route[] {
  const { lately, signedIn } = accountActions(parts)
  const { upstreams } = parts
  return [
    route({
      ...common,
      method: 'GET',
      path: '/account/identities/link/:id',
      summary: 'Go to another provider to connect the account there',
      input: { params: z.strictObject({ id: z.string().regex(/^[a-z0-9-]{1,40}$/) }) },
      handle: friendly(parts, (call, { params }, exchange) =>
        lately(call, exchange, {
          returnTo: `/account/identities/link/${params.id}`,
          async run({ session }) {
            const upstream = upstreams.find(params.id)
            if (upstream === undefined) return seeOther('/account')
            const { url, journey } = await upstreams.begin(upstream, { accountId: session.accountId, again: false })
            upstreams.travels.depart(exchange, journey)
            return seeOther(url)
          },
        }),
      ),
    }),
    route({
      ...common,
      method: 'GET',
      path: '/account/identities/answer',
      summary: 'Back from another provider, to connect the account there',
      input: { query: z.looseObject({ state: z.string().optional() }) },
      handle: friendly(parts, (call, { query }, exchange) =>
        signedIn(call, exchange, async ({ session }) => {
          const journey = upstreams.travels.take(exchange, query.state)
          if (journey?.accountId !== session.accountId) return endedPage(parts, exchange)
          const found = await upstreams.finish(journey, exchange.search)
          if ('refused' in found) {
            const name = nameOf(parts, journey.upstream)
            return nothing(parts, exchange, textsOf(parts, exchange)[found.refused](name))
          }
          upstreams.travels.arrive(exchange, found)
          return seeOther(CONNECT)
        }),
      ),
    }),
    ...connectRoutes(parts),
  ]
}

function connectRoutes(parts: PageParts): Route[] {
  const { lately } = accountActions(parts)
  const { upstreams } = parts
  return [
    route({
      ...common,
      method: 'GET',
      path: CONNECT,
      summary: 'Asks whether the account of another provider may open this one',
      handle: friendly(parts, (call, _input, exchange) =>
        lately(call, exchange, { returnTo: CONNECT, run: (who) => askToConnect(parts, who) }),
      ),
    }),
    route({
      ...common,
      method: 'POST',
      path: CONNECT,
      summary: 'Connect the account of another provider',
      body: 'form',
      input: { body: emptyForm },
      handle: friendly(parts, (call, _input, exchange) => lately(call, exchange, { returnTo: CONNECT, run: (who) => connect(parts, who) })),
    }),
    route({
      ...common,
      method: 'POST',
      path: '/account/identities/:id/unlink',
      summary: 'Disconnect the account of another provider',
      body: 'form',
      input: { params: z.strictObject({ id: z.string().regex(/^[\w-]{43}$/) }), body: emptyForm },
      handle: friendly(parts, (call, { params }, exchange) =>
        lately(call, exchange, {
          async run(who) {
            const outcome = await stayKnown(parts, who, {
              run: () => upstreams.unlink(call, who.session.accountId, { id: params.id, by: whence(exchange) }),
              emailAfter: (unlinked, email) => (unlinked === 'done' ? email : undefined),
            })
            return doneAnswer(parts, who, outcome === 'last' ? 'identity-last' : 'identity-unlinked')
          },
        }),
      ),
    }),
  ]
}

const textsOf = (parts: PageParts, exchange: Exchange): Texts['upstream'] => skinOf(parts, exchange).texts.upstream

function nothing(parts: PageParts, exchange: Exchange, words: string): Answer {
  return page(errorPage(skinOf(parts, exchange, '/account'), { heading: textsOf(parts, exchange).nothing, words }), 400)
}

/** Whoever began on the account page must still be the one who is signed in. */
function arrivalOf(parts: PageParts, { exchange, session }: SignedIn): Arrival | string {
  const who = parts.upstreams.travels.arrival(exchange)
  const { tooLate, otherPerson } = textsOf(parts, exchange)
  if (who === undefined) return tooLate
  return who.accountId === undefined || who.accountId === session.accountId ? who : otherPerson
}

async function askToConnect(parts: PageParts, who: SignedIn): Promise<Answer> {
  const { call, exchange, session } = who
  const arrival = arrivalOf(parts, who)
  if (typeof arrival === 'string') return nothing(parts, exchange, arrival)
  const person = await parts.accounts.find(call, session.accountId)
  if (person === undefined) return nothing(parts, exchange, textsOf(parts, exchange).tooLate)
  // Shown, since it may be somebody else's who used this browser before.
  const label = arrival.email ?? arrival.name ?? arrival.subject
  const view = { provider: nameOf(parts, arrival.upstream), label, email: person.email, csrfToken: exchange.csrfToken() }
  return page(connectPage(skinOf(parts, exchange), view))
}

async function connect(parts: PageParts, who: SignedIn): Promise<Answer> {
  const { upstreams } = parts
  const { call, exchange } = who
  const arrival = arrivalOf(parts, who)
  if (typeof arrival === 'string') return nothing(parts, exchange, arrival)
  const owner = await ownerOf(parts, who)
  if (owner === undefined) return seeOther(parts.engine.signInPath('/account'))
  const linked = await upstreams.link(call, owner, { arrival, by: whence(exchange) })
  // From the beginning, with what is true by now: whoever is not the owner any more is asked who they are.
  if (linked === 'changed') return seeOther(CONNECT)
  upstreams.travels.forget(exchange)
  if (linked === 'taken') return nothing(parts, exchange, textsOf(parts, exchange).taken)
  if (arrival.uid === undefined) return doneAnswer(parts, who, 'identity-linked')
  // A page with a link: a redirect to another provider, after a form of ours, is none that our policy lets a browser follow.
  const view = { provider: nameOf(parts, arrival.upstream), path: `/interaction/${arrival.uid}/upstream/${arrival.upstream}` }
  return page(connectedPage(skinOf(parts, exchange), view))
}
