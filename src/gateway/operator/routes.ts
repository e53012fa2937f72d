// How an operator gets in: the one-time link that the command line prints, a button, and a cookie of the console host alone.
import type { Clock } from '#kernel/clock.ts'
import { type Exchange, ok, page, type Route, route, seeOther } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import type { Auth } from '../../auth/contract.ts'
import { GatewayExchange } from '../exchange.ts'
import { type Sealers, setOperator } from '../session/cookies.ts'
import type { Revocations } from '../tokens/revocations.ts'
import { enterPage, linkEndedPage, linkMissingPage } from './pages.ts'

const code = z.string().min(1).max(512)
const enterQuery = z.object({ code: code.optional() })
const enterForm = z.strictObject({ code })
const sessionAnswer = z.object({ signedIn: z.boolean(), csrfToken: z.string() })

interface OperatorParts {
  readonly auth: Auth
  readonly sealers: Sealers
  readonly revocations: Revocations
  readonly clock: Clock
}

function gatewayExchange(exchange: Exchange): GatewayExchange {
  if (exchange instanceof GatewayExchange) return exchange
  throw new TypeError('Operator routes run in the gateway only')
}

const site = 'console'

function enterRoutes({ auth, sealers, clock }: OperatorParts): Route[] {
  return [
    route({
      method: 'GET',
      path: '/enter',
      site,
      allow: { who: 'anyone' },
      rate: 'sign-in',
      input: { query: enterQuery },
      answers: { 200: 'html' },
      summary: 'Asks whether to use the one-time link',
      // Opening the link changes nothing: mail scanners and previews open links too.
      async handle(_call, { query }, exchange) {
        const own = gatewayExchange(exchange)
        return page(query.code === undefined ? linkMissingPage(own) : enterPage(own, query.code))
      },
    }),
    route({
      method: 'POST',
      path: '/enter',
      site,
      allow: { who: 'handler', reason: 'the one-time code is the credential' },
      rate: 'sign-in',
      body: 'form',
      input: { body: enterForm },
      answers: { 303: 'empty', 403: 'html' },
      summary: 'Uses the one-time link up',
      async handle(call, { body }, exchange) {
        const own = gatewayExchange(exchange)
        const session = await auth.redeemOperatorLink(call, body.code)
        if (session === undefined) return page(linkEndedPage(own), 403)
        const iat = Math.floor(clock.now() / 1000)
        const exp = Math.floor(session.expiresAt / 1000)
        exchange.addCookie(setOperator(sealers.operator.seal({ sid: session.sessionId, iat, exp }), exp - iat))
        own.renewCsrf(session.sessionId)
        return seeOther('/')
      },
    }),
  ]
}

export function operatorRoutes(parts: OperatorParts): Route[] {
  const { auth, revocations, clock } = parts
  return [
    ...enterRoutes(parts),
    route({
      method: 'GET',
      path: '/session',
      site,
      allow: { who: 'anyone' },
      rate: 'api',
      answers: { 200: sessionAnswer },
      summary: 'Whether an operator is signed in, and the CSRF token',
      handle: async (call, _input, exchange) => ok({ signedIn: call.principal.kind === 'operator', csrfToken: exchange.csrfToken() }),
    }),
    route({
      method: 'POST',
      path: '/session/sign-out',
      site,
      allow: { who: 'handler', reason: 'ending what is not there is no harm' },
      rate: 'api',
      body: 'form',
      answers: { 200: z.object({}) },
      summary: 'Signs the operator out',
      async handle(call, _input, exchange) {
        const { principal } = call
        if (principal.kind === 'operator') {
          await auth.endSession(call, principal.sessionId)
          revocations.add({ kind: 'session', subject: principal.sessionId, before: Math.floor(clock.now() / 1000) })
        }
        gatewayExchange(exchange).renewCsrf()
        return ok({}, { 'set-cookie': setOperator('', 0), 'clear-site-data': '"cache", "storage"' })
      },
    }),
  ]
}
