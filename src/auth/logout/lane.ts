// How many notices of sign-outs are under way: each holds a worker that mails and the ends of access need as well, for as long as its receiver takes.
import { createCircuit } from '#kernel/circuit.ts'

export interface Lane {
  /** Why this receiver is not to be asked now. Whoever gets `undefined` tells how it went. */
  enter(host: string, now: number): string | undefined
  leave(host: string, outcome: { readonly hasAnswered: boolean; readonly now: number }): void
}

export function createLane(mostAtOnce: number): Lane {
  const circuit = createCircuit()
  const busy = new Set<string>()
  return {
    enter(host, now) {
      // A slow receiver takes one place and never all.
      if (busy.size >= mostAtOnce || busy.has(host)) return 'Other notices of sign-outs are under way; this one is sent later.'
      if (!circuit.enter(host, now)) return `${host} has not answered just now; it is left alone for a while.`
      busy.add(host)
      return undefined
    },
    leave(host, outcome) {
      busy.delete(host)
      circuit.leave(host, outcome)
    },
  }
}
