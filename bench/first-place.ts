// Who comes before all other programs that want a processor, as an operator may have it (docs/operations.md): Linux, as root.
import { execFileSync } from 'node:child_process'

const PLACES = ['nobody', 'client', 'platform'] as const
/** Whose main thread, and no other of its threads. `client` is the one that measures; it comes first with the platform too, since anywhere else it has processors of its own. */
export type First = (typeof PLACES)[number]

export function firstPlace(text: string): First {
  const first = PLACES.find((place) => place === text)
  if (first === undefined) throw new RangeError(`--first takes ${PLACES.join(', ')}, and not ${text}`)
  return first
}

export function giveFirstPlace(first: First, platform: number): void {
  const scheduled = { nobody: [], client: [process.pid], platform: [process.pid, platform] }[first]
  for (const pid of scheduled) execFileSync('chrt', ['--rr', '--reset-on-fork', '--pid', '1', String(pid)])
}

/** For what is measured after it. */
export function leaveFirstPlace(first: First): void {
  if (first !== 'nobody') execFileSync('chrt', ['--other', '--pid', '0', String(process.pid)])
}
