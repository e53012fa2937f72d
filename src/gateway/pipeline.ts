// THE PIPELINE. Every request passes these steps from top to bottom; a step lets it through, answers it, or throws the error that does.
import type { BlockList } from 'node:net'
import type { Logger } from '#kernel/log.ts'
import type { Monitoring } from '../monitoring/contract.ts'
import type { GatewayExchange } from './exchange.ts'
import type { Hosts } from './hosts.ts'
import type { RateLimits } from './limits/rate-limits.ts'
import type { Sealers } from './session/cookies.ts'
import { checkNames, checkTarget, findHost, findRoute, limitRate, readAddress, requireRoute } from './steps/admission.ts'
import { type ClientOrigins, shareAcrossOrigins, tieToClient } from './steps/cors.ts'
import { readCookies, resolvePrincipal } from './steps/identity.ts'
import { authorise, checkOrigin, checkToken } from './steps/protection.ts'
import { handle, readBody } from './steps/work.ts'
import type { Revocations } from './tokens/revocations.ts'
import type { TokenVerifier } from './tokens/verifier.ts'

export interface Step {
  readonly name: string
  /** A promise only when it must wait: most steps of most requests need not. */
  run(exchange: GatewayExchange): void | Promise<void>
}

export interface PipelineParts {
  readonly hosts: Hosts
  readonly monitoring: Monitoring
  readonly limits: RateLimits
  readonly origins: ClientOrigins
  readonly sealers: Sealers
  readonly verifier: TokenVerifier
  readonly revocations: Revocations
  readonly csrfKey: Buffer
  readonly logger: Logger
  readonly development: boolean
  readonly proxies: BlockList | undefined
}

export function createSteps(parts: PipelineParts): readonly Step[] {
  const step = (name: string, run: Step['run']): Step => ({ name, run })
  return [
    step('client address', readAddress(parts)),
    step('host', findHost(parts)),
    step('header names', checkNames),
    step('target and framing', checkTarget),
    step('route', findRoute),
    step('cross-origin sharing', shareAcrossOrigins(parts)),
    step('rate limit', limitRate(parts)),
    step('route must exist', requireRoute),
    step('cookies', readCookies),
    step('principal', resolvePrincipal(parts)),
    step('client origin', tieToClient(parts)),
    step('csrf: origin', checkOrigin),
    step('authorise', authorise),
    step('body', readBody),
    step('csrf: token', checkToken(parts)),
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
