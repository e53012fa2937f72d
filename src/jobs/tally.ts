// What this process did since it started, by name of the job. For the console only; nothing is decided on it.

export interface TallyRow {
  done: number
  failedTries: number
  totalMs: number
  lastEndedAt: number
}

export interface Tally {
  record(name: string, outcome: { readonly ok: boolean; readonly ms: number; readonly at: number }): void
  of(name: string): Readonly<TallyRow> | undefined
}

export function createTally(): Tally {
  const rows = new Map<string, TallyRow>()
  return {
    record(name, { ok, ms, at }) {
      const row = rows.get(name) ?? { done: 0, failedTries: 0, totalMs: 0, lastEndedAt: 0 }
      rows.set(name, row)
      if (ok) row.done += 1
      else row.failedTries += 1
      row.totalMs += ms
      row.lastEndedAt = at
    },
    of: (name) => rows.get(name),
  }
}
