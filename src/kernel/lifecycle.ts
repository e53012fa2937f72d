// How a server is made, started and stopped. `create` is pure, `start` opens, `stop` drains.
import type { ProblemPageOf } from './http/problem-page.ts'
import type { Route } from './http/route.ts'
import type { JobDefinition } from './job.ts'
import type { Webhook } from './webhook.ts'

/** What a start is for: to serve, or one piece of work for a command, which does without what only whoever asks over HTTP needs. */
export type Purpose = 'serve' | 'command'

/** One server, made but not yet started. */
export interface Running<Contract> {
  readonly contract: Contract
  /** What it answers over HTTP. The gateway serves exactly these. */
  readonly routes: readonly Route[]
  /** Work that it wants done in the background or on a schedule. */
  readonly jobs: readonly JobDefinition[]
  /** Errors on its hosts, where a person reads them; those of the gateway and of addresses that do not exist included. */
  readonly problemPages?: readonly ProblemPageOf[]
  /** What other machines are told of its events. */
  readonly webhooks?: readonly Webhook[]
  start(purpose?: Purpose): Promise<void>
  /** Finishes what is under way, then closes. Safe to call twice, and after a failed start. */
  stop(): Promise<void>
  /** `undefined` when well, else one line that says what is wrong. Must answer within a second. */
  health(): Promise<string | undefined>
}

export interface ServerDefinition<Dependencies, Contract> {
  readonly name: string
  readonly needs: readonly string[]
  create(dependencies: Dependencies): Running<Contract>
}

export function defineServer<Dependencies, Contract>(
  definition: ServerDefinition<Dependencies, Contract>,
): ServerDefinition<Dependencies, Contract> {
  return definition
}

/** A server with nothing to open: the defaults for what `create` returns. */
export function idle<Contract>(contract: Contract, parts: Partial<Running<Contract>> = {}): Running<Contract> {
  return {
    contract,
    routes: [],
    jobs: [],
    start: async () => {},
    stop: async () => {},
    health: async () => undefined,
    ...parts,
  }
}
