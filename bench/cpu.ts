// On-CPU time of a whole process, all of its threads, from the scheduler's own count.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** Nanoseconds that the threads of the process have run. Linux only; 0 elsewhere. */
export function onCpuNs(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/task`).reduce((sum, task) => sum + threadNs(pid, task), 0)
  } catch {
    return 0
  }
}

function threadNs(pid: number, task: string): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0])
  } catch {
    // The thread has ended between the listing and the reading.
    return 0
  }
}

/** The main thread of a process, and no other of its threads, before whatever else wants a processor: as its operator can have it (docs/operations.md). Linux, as root. */
export function goFirst(pid: number): void {
  execFileSync('chrt', ['--rr', '--reset-on-fork', '--pid', '1', String(pid)])
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
