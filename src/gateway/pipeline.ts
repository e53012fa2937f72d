// THE PIPELINE. Every request passes these steps from top to bottom; a step lets it through, answers it, or throws the error that does.
import type { GatewayExchange } from './exchange.ts'
import { checkNames, checkTarget, findHost, findRoute, limitRate, readAddress, requireRoute, requireTls } from './steps/admission.ts'
import { answerPreflight, shareAcrossOrigins, tieToClient } from './steps/cors.ts'
import { keepCredentials, readCookies, resolvePrincipal } from './steps/identity.ts'
import { authorise, checkOrigin, checkToken } from './steps/protection.ts'
import { checkSocket } from './steps/sockets.ts'
import type { PipelineParts, Step } from './steps/step.ts'
import { handle, readBody } from './steps/work.ts'

export function createSteps(parts: PipelineParts): readonly Step[] {
  const step = (name: string, run: Step['run']): Step => ({ name, run })
  return [
    step('client address', readAddress(parts)),
    step('host', findHost(parts)),
    step('header names', checkNames),
    step('target and framing', checkTarget),
    step('route', findRoute),
    step('transport', requireTls),
    step('cross-origin sharing', shareAcrossOrigins(parts)),
    step('rate limit', limitRate(parts)),
    step('preflight', answerPreflight(parts)),
    step('route must exist', requireRoute),
    step('cookies', readCookies),
    step('socket', checkSocket(parts)),
    step('principal', resolvePrincipal(parts)),
    step('client origin', tieToClient(parts)),
    step('csrf: origin', checkOrigin),
    step('authorise', authorise),
    step('body', readBody),
    step('csrf: token', checkToken(parts)),
    step('credentials', keepCredentials),
    step('handle', handle(parts)),
  ]
}

/** Runs the steps until one has answered. Synchronous as long as the steps are. */
export function runSteps(steps: readonly Step[], exchange: GatewayExchange, from = 0): void | Promise<void> {
  for (let index = from; index < steps.length && exchange.answer === undefined; index += 1) {
    const waiting = steps[index]?.run(exchange)
    if (waiting !== undefined) return waiting.then(() => runSteps(steps, exchange, index + 1))
  }
  return undefined
}
