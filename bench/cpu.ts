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

/** Whose main threads, and no other of their threads, come before whatever else wants a processor: `client` is the one that measures. */
export const PLACES = ['nobody', 'client', 'platform'] as const
export type First = (typeof PLACES)[number]

/**
 * As an operator may have it (docs/operations.md), in Linux and as root. Where the platform comes first the client that measures does too, which anywhere else
 * has processors of its own.
 */
export function giveFirstPlace(first: First, platform: number): void {
  const scheduled = { nobody: [], client: [process.pid], platform: [process.pid, platform] }[first]
  for (const pid of scheduled) execFileSync('chrt', ['--rr', '--reset-on-fork', '--pid', '1', String(pid)])
}

/** For what is measured after it. */
export function leaveFirstPlace(first: First): void {
  if (first !== 'nobody') execFileSync('chrt', ['--other', '--pid', '0', String(process.pid)])
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
