// Many things that each want a turn now and then, such as the heartbeats of ten thousand connections: one timer for all, and never all at once.

const TURNS = 25

export interface Rounds {
  /** Called once a round from now on. The answer ends it. */
  join(turn: () => void): () => void
}

/** The timer runs only while somebody has joined, and keeps no process alive. */
export function createRounds(roundMs: number): Rounds {
  const slots = Array.from({ length: TURNS }, () => new Set<() => void>())
  let members = 0
  let at = 0
  let timer: NodeJS.Timeout | undefined
  const next = (): void => {
    at = (at + 1) % TURNS
    for (const turn of slots[at] ?? []) turn()
  }
  return {
    join(turn) {
      const slot = slots.reduce((least, each) => (each.size < least.size ? each : least))
      slot.add(turn)
      members += 1
      timer ??= setInterval(next, roundMs / TURNS).unref()
      return () => {
        if (!slot.delete(turn)) return
        members -= 1
        if (members > 0) return
        clearInterval(timer)
        timer = undefined
      }
    },
  }
}
