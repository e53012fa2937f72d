// The guard of a form that the engine reads, for codes that are nobody's until somebody types one.
import type { Call } from '#kernel/call.ts'
import type { Exchange } from '#kernel/http/route.ts'
import { dueOn, guardSaid } from './part.ts'
import type { Due, Guard, GuardAsker } from './service.ts'

export interface CodeGuard {
  /** What the form has to carry now. */
  due(call: Call, exchange: Exchange, lacked?: number): Promise<Due | undefined>
  /** What a form lacks that was sent, in bits of a puzzle. It counts as a try until it is found to be an honest one. */
  lacks(call: Call, exchange: Exchange, body: object): Promise<number | undefined>
  honest(call: Call, exchange: Exchange): Promise<void>
}

export function createCodeGuard(guard: Guard, form: string): CodeGuard {
  const askerOf = ({ client, network }: Exchange): GuardAsker => ({ for: 'code', client, network: network() })
  return {
    due: (call, exchange, lacked) => dueOn(guard, { call, exchange }, { asker: askerOf(exchange), name: form, lacked }),
    lacks: (call, exchange, body) => guard.lacks(call, askerOf(exchange), guardSaid(guard, { exchange, form, body })),
    honest: (call, exchange) => guard.takeBack(call, askerOf(exchange)),
  }
}
