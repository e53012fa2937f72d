// A receiver that does not answer would hold every worker for the whole time limit of each delivery, and mails would wait behind it. So after that
// what is meant for it fails at once for a while; then one tries, and the others follow when it was answered.

const PAUSE_MS = 20_000
/** Names may come from strangers: the oldest trouble is forgotten. */
const MOST_TROUBLES = 10_000

export interface Circuit {
  /** False: do not even try. Whoever gets true tells how it went. */
  enter(name: string, now: number): boolean
  leave(name: string, outcome: { readonly hasAnswered: boolean; readonly now: number; readonly reason?: string }): void
  /** Why it is left alone, as it was told. */
  reason(name: string): string | undefined
}

interface Trouble {
  until: number
  isProbing: boolean
  readonly reason?: string | undefined
}

export function createCircuit(pauseMs = PAUSE_MS): Circuit {
  const troubles = new Map<string, Trouble>()
  return {
    enter(name, now) {
      const trouble = troubles.get(name)
      if (trouble === undefined) return true
      if (trouble.isProbing || now < trouble.until) return false
      trouble.isProbing = true
      return true
    },
    reason: (name) => troubles.get(name)?.reason,
    leave(name, { hasAnswered, now, reason }) {
      troubles.delete(name)
      if (hasAnswered) return
      const [oldest] = troubles.size < MOST_TROUBLES ? [] : troubles.keys()
      if (oldest !== undefined) troubles.delete(oldest)
      troubles.set(name, { until: now + pauseMs, isProbing: false, reason })
    },
  }
}
