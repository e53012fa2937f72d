// On-CPU time of a whole process, all of its threads, from the scheduler's own count.
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

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
